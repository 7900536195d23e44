//! `dX = dZ Wᵀ` for whole blocks of [`BLOCK`] samples: the register tile of the other kernels.
//!
//! Dots along the rows of `W` (see [`super::grad_input`]) end in sums across the lanes of registers.
//! With enough samples to fill registers lanes can run across these instead: a piece of `dZ` is
//! transposed, so that a vector holds one column of some samples, and the tile's rows are rows of `W`,
//! its steps their columns. Each number of `dX` is one chain over the columns, in order, from zero.
//!
//! A piece has up to [`PIECE`] columns and lies on the stack. Between pieces the sums wait in `dX`, in the
//! place of the square of numbers that they will be, but with samples and rows of `W` exchanged; after
//! the last piece all squares are transposed where they lie.
//!
//! **Up to 16 columns** the sums would be written and turned around for a few products. There rows of `W`
//! are transposed instead, and the tile's rows are samples; the chains are the same.

#![allow(unsafe_code)] // pointers into the three matrices, whose sizes `new` checks

use super::tile::tile;
use super::vector::{Kernel, Simd, transpose};
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use core::mem::MaybeUninit;

/// How many samples a block has, on all instruction sets: so no sum depends on their number or on how
/// threads share them, as long as they share whole blocks.
pub const BLOCK: usize = 16;

/// How many columns of `dZ` are transposed at a time, at most.
const PIECE: usize = 128;

/// How many bytes they have at most. (The fastest caches have 32 KiB and more. But rows of `W` lie a stride
/// apart, so they fall into few sets of these, and a larger piece would drive them out.)
const BYTES: usize = 8 << 10;

/// Of so many samples, those in whole blocks; none if the matrix has too few rows or columns to repay
/// the transposition. A matter of shapes alone.
#[inline(always)]
pub fn whole_blocks(rows: usize, k: usize, n: usize) -> usize {
    if n > 8 && k >= 16 {
        rows / BLOCK * BLOCK
    } else {
        0
    }
}

/// The product as a [`Kernel`].
pub struct BlockInputGrad<'a, T> {
    rows: usize,
    k: usize,
    n: usize,
    dz: &'a [T],
    stride: usize,
    w: &'a [T],
    dx: RowsMut<'a, T>,
}

impl<'a, T: Real> BlockInputGrad<'a, T> {
    #[inline(always)]
    pub fn new(dz: Rows<'a, T>, w: &'a [T], dx: RowsMut<'a, T>) -> Self {
        let (k, n, stride) = (dx.width(), dz.width(), dz.stride());
        let rows = whole_blocks(dz.len().min(dx.len()), k, n);
        assert!(w.len() >= k * stride, "the weights do not fit the rows");
        assert!(rows == 0 || stride % BLOCK == 0, "the rows are not padded");
        Self {
            rows,
            k,
            n,
            dz: dz.padded_data(),
            stride,
            w,
            dx,
        }
    }

    /// Where the sums of the vector of samples from `row` on with row `k` of `W` wait.
    #[inline(always)]
    fn place<S: Simd<E = T>>(&mut self, row: usize, k: usize) -> *mut T {
        let inside = k % S::LANES;
        let at = (row + inside) * self.dx.stride() + (k - inside);
        self.dx.padded_data().as_mut_ptr().wrapping_add(at)
    }

    /// Adds the products of a piece of `steps` columns from `column` on to the sums of `NV` vectors of
    /// samples from `row` on with `MR` rows of `W` from `k` on.
    ///
    /// # Safety
    /// They must exist, and the piece must hold these columns of these samples, those of a column side by side.
    #[inline(always)]
    unsafe fn more<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        piece: &[MaybeUninit<S::V>; 2 * PIECE],
        (column, steps): (usize, usize),
        row: usize,
        k: usize,
    ) {
        let mut sums = [[s.zero(); NV]; MR];
        // SAFETY: the caller's; a square that begins in a row of dx lies inside its stride, which is a
        // multiple of 16 as there are 16 rows of w.
        unsafe {
            if column > 0 {
                for i in 0..MR {
                    for j in 0..NV {
                        sums[i][j] = s.load(self.place::<S>(row + j * S::LANES, k + i));
                    }
                }
            }
            let w = self.w.as_ptr().add(k * self.stride + column);
            let (z, apart) = (piece.as_ptr().cast::<T>(), NV * S::LANES);
            tile::<S, MR, NV>(s, steps, w, self.stride, 1, z, apart, &mut sums);
            for i in 0..MR {
                for j in 0..NV {
                    s.store(sums[i][j], self.place::<S>(row + j * S::LANES, k + i));
                }
            }
        }
    }

    /// The same with all rows of `W` from `k` on, `MR` at a time; the first row after them.
    ///
    /// # Safety
    /// As for `more`.
    #[inline(always)]
    unsafe fn all<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        piece: &[MaybeUninit<S::V>; 2 * PIECE],
        columns: (usize, usize),
        row: usize,
        mut k: usize,
    ) -> usize {
        while k + MR <= self.k {
            // SAFETY: the caller's, and the loop's condition.
            unsafe { self.more::<S, MR, NV>(s, piece, columns, row, k) };
            k += MR;
        }
        k
    }

    /// `NV` vectors of samples from `row` on.
    ///
    /// # Safety
    /// They must exist.
    #[inline(always)]
    unsafe fn block<S: Simd<E = T>, const NV: usize>(&mut self, s: S, row: usize) {
        // (The `NV` vectors of a column lie side by side.)
        let mut piece = [const { MaybeUninit::<S::V>::uninit() }; 2 * PIECE];
        let most = PIECE.min(BYTES / size_of::<[S::V; NV]>());
        for column in (0..self.n).step_by(most) {
            let columns = (column, most.min(self.n - column));
            // SAFETY: the caller vouches for the samples; rows of dz have the columns up to the next
            // multiple of 16, as there are more than 8.
            unsafe {
                for first in (0..columns.1).step_by(S::LANES) {
                    for j in 0..NV {
                        let mut square = [s.zero(); 16];
                        for i in 0..S::LANES {
                            let row = row + j * S::LANES + i;
                            let from = row * self.stride + column + first;
                            square[i] = s.load(self.dz.as_ptr().add(from));
                        }
                        let square = transpose(s, square);
                        for i in 0..S::LANES {
                            piece[(first + i) * NV + j].write(square[i]);
                        }
                    }
                }
                let mut k = 0;
                if S::ROWS == 8 {
                    k = self.all::<S, 8, NV>(s, &piece, columns, row, k);
                } else if S::ROWS == 6 {
                    k = self.all::<S, 6, NV>(s, &piece, columns, row, k);
                }
                k = self.all::<S, 4, NV>(s, &piece, columns, row, k);
                self.all::<S, 1, NV>(s, &piece, columns, row, k);
            }
        }
        for j in 0..NV {
            // SAFETY: the caller's.
            unsafe { self.turn(s, row + j * S::LANES) };
        }
    }

    /// Transposes the squares of one vector of samples from `row` on.
    ///
    /// # Safety
    /// The samples must exist.
    #[inline(always)]
    unsafe fn turn<S: Simd<E = T>>(&mut self, s: S, row: usize) {
        for k in (0..self.k).step_by(S::LANES) {
            let count = S::LANES.min(self.k - k);
            let mut square = [s.zero(); 16];
            // SAFETY: see `more`. (What there is beyond the last row of w becomes the padding: zero.)
            unsafe {
                for i in 0..count {
                    square[i] = s.load(self.place::<S>(row, k + i));
                }
                let square = transpose(s, square);
                for i in 0..S::LANES {
                    s.store(square[i], self.place::<S>(row, k + i));
                }
            }
        }
    }
}

impl<T: Real> BlockInputGrad<'_, T> {
    /// All samples with `NV` vectors of rows of `W`, of which there are `count`, from `k` on.
    ///
    /// # Safety
    /// They must exist, and there must be at most 16 columns.
    #[inline(always)]
    unsafe fn few<S: Simd<E = T>, const NV: usize>(&mut self, s: S, k: usize, count: usize) {
        let mut columns = [[s.zero(); 2]; 16];
        // SAFETY: the caller's; rows of w and dz have 16 numbers, there are more than 8 columns.
        unsafe {
            for first in (0..self.n).step_by(S::LANES) {
                for j in 0..NV {
                    let mut square = [s.zero(); 16];
                    for i in 0..S::LANES.min(count - j * S::LANES) {
                        let from = (k + j * S::LANES + i) * self.stride + first;
                        square[i] = s.load(self.w.as_ptr().add(from));
                    }
                    let square = transpose(s, square);
                    for i in 0..S::LANES {
                        columns[first + i][j] = square[i];
                    }
                }
            }
            let (w, apart) = (columns.as_ptr().cast::<T>(), 2 * S::LANES);
            let dx_stride = self.dx.stride();
            for row in (0..self.rows).step_by(8) {
                let dz = self.dz.as_ptr().add(row * self.stride);
                let mut sums = [[s.zero(); NV]; 8];
                tile::<S, 8, NV>(s, self.n, dz, self.stride, 1, w, apart, &mut sums);
                for i in 0..8 {
                    for j in 0..NV {
                        let to = (row + i) * dx_stride + k + j * S::LANES;
                        let to = self.dx.padded_data().as_mut_ptr().add(to);
                        if NV == 2 || count == S::LANES {
                            s.store(sums[i][j], to);
                        } else {
                            s.store_first(sums[i][j], to, count);
                        }
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for BlockInputGrad<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        BLOCK
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        if self.n <= 16 {
            let mut k = 0;
            // SAFETY of both: the loops' conditions.
            while k + 2 * S::LANES <= self.k {
                unsafe { self.few::<S, 2>(s, k, 2 * S::LANES) };
                k += 2 * S::LANES;
            }
            while k < self.k {
                unsafe { self.few::<S, 1>(s, k, S::LANES.min(self.k - k)) };
                k += S::LANES;
            }
            return;
        }
        let mut row = 0;
        // Two vectors at a time, so that enough chains are in flight, and each number that is read from `W` meets
        // both. (The block is a multiple of every vector.)
        // SAFETY of both: the loops' conditions.
        while row + 2 * S::LANES <= self.rows {
            unsafe { self.block::<S, 2>(s, row) };
            row += 2 * S::LANES;
        }
        while row < self.rows {
            unsafe { self.block::<S, 1>(s, row) };
            row += S::LANES;
        }
    }
}
