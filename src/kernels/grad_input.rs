//! `dX = dZ Wᵀ`: dots of rows of `dZ` with rows of `W`, which are read where they lie. (Whole blocks of
//! samples go to [`super::grad_input_blocks`] if there are more than 8 columns and at least 16 rows.)
//!
//! **More than 8 columns.** A dot has 16 lanes: lane i sums the products of columns i, i + 16,
//! i + 32, ... in this order (padding is zero and takes part). Then the lanes are summed by
//! halves: lane i takes lane i + 8, then i + 4, then i + 2, then i + 1. This tree is the same for
//! all instruction sets and both types of number: where a register has fewer than 16 lanes, the
//! lanes are handled in several passes over the row, and the first halvings are additions of whole
//! registers. A tile is a few samples times four rows of `W`, and the lanes of four dots are
//! summed together.
//!
//! **Up to 8 columns.** A dot is a chain over the columns, in order, from zero. Lanes run across
//! rows of `W`: a few of them are transposed into a block on the stack, and the rest is the
//! register tile of the other kernels.
//!
//! **A single sample** behind a relu: the gradient by an input that is zero would be multiplied by
//! zero, so it is not computed, but set to zero.
//!
//! **9 to 16 columns**, where each lane has one product only: with several samples the block on the
//! stack serves here too, since the tree is shorter across registers than within them.

#![allow(unsafe_code)] // pointers into the three matrices, whose sizes `new` checks

use super::sparse::{CHUNK, Nonzero, skips_zeros};
use super::tile::tile;
use super::vector::{Kernel, Simd, halved};
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use core::mem::MaybeUninit;

/// How many rows of `W` are transposed at a time.
const BLOCK: usize = 64;

/// The product as a [`Kernel`].
pub struct InputGrad<'a, T> {
    rows: usize,
    k: usize,
    n: usize,
    dz: &'a [T],
    stride: usize,
    w: &'a [T],
    /// The inputs, if the gradient by those that are zero is not wanted.
    wanted: Option<&'a [T]>,
    dx: RowsMut<'a, T>,
}

impl<'a, T: Real> InputGrad<'a, T> {
    #[inline(always)]
    pub fn new(
        dz: Rows<'a, T>,
        w: &'a [T],
        wanted: Option<Rows<'a, T>>,
        dx: RowsMut<'a, T>,
    ) -> Self {
        let (k, stride) = (dx.width(), dz.stride());
        assert!(w.len() >= k * stride, "the weights do not fit the rows");
        assert!(
            dz.width() <= 8 || stride.is_multiple_of(16),
            "the rows are not padded"
        );
        let rows = dz.len().min(dx.len());
        let wanted = wanted.filter(|x| x.width() == k && skips_zeros(rows, k, stride));
        Self {
            rows,
            wanted: wanted.map(|x| &x.padded_data()[..k]),
            k,
            n: dz.width(),
            dz: dz.padded_data(),
            stride,
            w,
            dx,
        }
    }

    /// Whether rows of `W` are transposed: always up to 8 columns, and up to 16 if there are enough
    /// samples to repay it.
    #[inline(always)]
    fn is_transposed(&self) -> bool {
        self.n <= 8 || self.n <= 16 && self.rows >= 4
    }

    /// The lanes of one pass: those that begin with `lane`, of `R` samples from `row` on times `Q`
    /// groups of four rows of `W`.
    ///
    /// # Safety
    /// The samples must exist, and the rows.
    #[inline(always)]
    unsafe fn pass<S: Simd<E = T>, const R: usize, const Q: usize>(
        &self,
        s: S,
        row: usize,
        w: [[*const T; 4]; Q],
        lane: usize,
    ) -> [[[S::V; 4]; Q]; R] {
        let mut dz = [self.dz.as_ptr(); R];
        let mut sums = [[[s.zero(); 4]; Q]; R];
        // SAFETY: `new` has checked the sizes; samples and rows exist, and columns end with the
        // stride, which is a multiple of 16.
        unsafe {
            for r in 0..R {
                dz[r] = dz[r].add((row + r) * self.stride);
            }
            let mut column = lane;
            while column < self.stride {
                let mut d = [s.zero(); R];
                for r in 0..R {
                    d[r] = s.load(dz[r].add(column));
                }
                for q in 0..Q {
                    for i in 0..4 {
                        let w = s.load(w[q][i].add(column));
                        for r in 0..R {
                            sums[r][q][i] = s.fma(d[r], w, sums[r][q][i]);
                        }
                    }
                }
                column += 16;
            }
        }
        sums
    }

    /// The lanes of all passes, halved down to one register's. They are kept in memory between
    /// passes: the registers are full.
    ///
    /// # Safety
    /// As for `pass`.
    #[inline(always)]
    unsafe fn passes<S: Simd<E = T>, const R: usize, const Q: usize>(
        &self,
        s: S,
        row: usize,
        w: [[*const T; 4]; Q],
    ) -> [[[S::V; 4]; Q]; R] {
        if S::LANES == 16 {
            // SAFETY: the caller's.
            return unsafe { self.pass::<S, R, Q>(s, row, w, 0) };
        }
        let mut parts = [const { MaybeUninit::<[[[S::V; 4]; Q]; R]>::uninit() }; 4];
        // A limit that the compiler does not know keeps it from unrolling this.
        for (part, lane) in (0..self.stride.min(16)).step_by(S::LANES).enumerate() {
            // SAFETY: the caller's.
            parts[part].write(unsafe { self.pass::<S, R, Q>(s, row, w, lane) });
        }
        let mut sums = [[[s.zero(); 4]; Q]; R];
        for r in 0..R {
            for q in 0..Q {
                for i in 0..4 {
                    // SAFETY: the stride is a multiple of 16, so all parts have been written.
                    sums[r][q][i] =
                        halved(s, |part| unsafe { parts[part].assume_init_ref()[r][q][i] });
                }
            }
        }
        sums
    }

    /// `Q` groups of four rows of `W`: those that `place` names. The last row stands in for missing
    /// ones; there must be one.
    #[inline(always)]
    fn groups<const Q: usize>(&self, place: impl Fn(usize) -> usize) -> [[*const T; 4]; Q] {
        let mut w = [[self.w.as_ptr(); 4]; Q];
        for q in 0..Q {
            for i in 0..4 {
                let row = place(4 * q + i).min(self.k - 1);
                w[q][i] = w[q][i].wrapping_add(row * self.stride);
            }
        }
        w
    }

    /// The dots of `R` samples from `row` on with `Q` groups of four rows of `W` from `k` on.
    ///
    /// # Safety
    /// The samples must exist, and there must be a row of `W`.
    #[inline(always)]
    unsafe fn dots<S: Simd<E = T>, const R: usize, const Q: usize>(
        &mut self,
        s: S,
        row: usize,
        k: usize,
    ) {
        // SAFETY: the caller's for the passes; as many numbers are written as rows of dx have.
        unsafe {
            let sums = self.passes::<S, R, Q>(s, row, self.groups(|i| k + i));
            let stride = self.dx.stride();
            let dx = self.dx.padded_data().as_mut_ptr();
            for r in 0..R {
                for q in 0..Q {
                    let four = s.sum4(sums[r][q]);
                    let k = k + 4 * q;
                    let to = dx.wrapping_add((row + r) * stride + k);
                    if k + 4 <= self.k {
                        to.cast::<[T; 4]>().write(four);
                    } else if k < self.k {
                        core::ptr::copy_nonoverlapping(four.as_ptr(), to, self.k - k);
                    }
                }
            }
        }
    }

    /// The dots of the only sample with those rows of `W` that are wanted; 0 for the others.
    ///
    /// # Safety
    /// There must be a sample and a row of `W`.
    #[inline(always)]
    unsafe fn listed<S: Simd<E = T>>(&mut self, s: S, wanted: &[T]) {
        let dx = &mut self.dx.padded_data()[..wanted.len()];
        dx.fill(T::zero());
        let mut nonzero = Nonzero::none();
        for (part, first) in wanted.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            let list = nonzero.of(s, part);
            for eight in list.chunks(8) {
                let place = |i: usize| first + eight[i.min(eight.len() - 1)] as usize;
                // SAFETY: the caller's; the list names inputs, that is rows.
                let [sums] = unsafe { self.passes::<S, 1, 2>(s, 0, self.groups(place)) };
                let dots = sums.map(|four| s.sum4(four));
                for (i, &at) in eight.iter().enumerate() {
                    self.dx.padded_data()[first + at as usize] = dots[i / 4][i % 4];
                }
            }
        }
    }

    /// All dots of more than 8 columns: groups of four rows of `W` are the outer loop, so that they
    /// stay in the cache while all samples pass by.
    #[inline(always)]
    fn by_dots<S: Simd<E = T>>(&mut self, s: S) {
        let rows = self.rows;
        // SAFETY: the conditions of the loops.
        unsafe {
            if let Some(wanted) = self.wanted {
                self.listed(s, wanted);
            } else if rows > 1 {
                for k in (0..self.k).step_by(4) {
                    let mut row = 0;
                    while S::ROWS == 8 && row + 4 <= rows {
                        self.dots::<S, 4, 1>(s, row, k);
                        row += 4;
                    }
                    while row + 2 <= rows {
                        self.dots::<S, 2, 1>(s, row, k);
                        row += 2;
                    }
                    if row < rows {
                        self.dots::<S, 1, 1>(s, row, k);
                    }
                }
            } else {
                for k in (0..self.k * rows).step_by(8) {
                    self.dots::<S, 1, 2>(s, 0, k);
                }
            }
        }
    }

    /// All dots of up to 16 columns.
    #[inline(always)]
    fn by_columns<S: Simd<E = T>>(&mut self, s: S) {
        let mut block = [const { MaybeUninit::<T>::uninit() }; 16 * BLOCK];
        let n = self.n;
        let mut first = 0;
        while first < self.k {
            let count = BLOCK.min(self.k - first);
            let vectors = count.div_ceil(S::LANES);
            // Lanes beyond the last row of `W` are computed and not stored.
            for i in 0..vectors * S::LANES {
                let row = &self.w[(first + i).min(self.k - 1) * self.stride..][..n];
                for (j, &w) in row.iter().enumerate() {
                    block[j * BLOCK + i].write(w);
                }
            }
            let block = block.as_ptr().cast();
            for v in 0..vectors {
                let mut row = 0;
                // SAFETY: the loops' conditions; this much of the block has just been written.
                unsafe {
                    if self.n > 8 {
                        for row in 0..self.rows {
                            self.tree::<S>(s, block, row, first, v);
                        }
                        continue;
                    }
                    while row + 8 <= self.rows {
                        self.column::<S, 8>(s, block, row, first, v);
                        row += 8;
                    }
                    while row + 2 <= self.rows {
                        self.column::<S, 2>(s, block, row, first, v);
                        row += 2;
                    }
                    if row < self.rows {
                        self.column::<S, 1>(s, block, row, first, v);
                    }
                }
            }
            first += count;
        }
    }

    /// Vector `v` of a transposed block that begins with row `first` of `W`, for one sample: a
    /// product for each of the 16 lanes, and their tree.
    ///
    /// # Safety
    /// The sample must exist, and the block's 16 rows must be written up to the vector.
    #[inline(always)]
    unsafe fn tree<S: Simd<E = T>>(
        &mut self,
        s: S,
        block: *const T,
        row: usize,
        first: usize,
        v: usize,
    ) {
        let mut lanes = [s.zero(); 16];
        // SAFETY: the caller vouches for sample and block; `new` has checked the sizes.
        unsafe {
            let dz = self.dz.as_ptr().add(row * self.stride);
            let w = block.add(v * S::LANES);
            for j in 0..16 {
                // In the padding the product is 0.
                if j < self.n {
                    let dz = s.splat(*dz.add(j));
                    lanes[j] = s.fma(dz, s.load(w.add(j * BLOCK)), s.zero());
                }
            }
            let lanes = halve::<S, 16, 8>(s, lanes);
            let lanes = halve::<S, 8, 4>(s, lanes);
            let lanes = halve::<S, 4, 2>(s, lanes);
            let [sum] = halve::<S, 2, 1>(s, lanes);
            self.put(s, sum, row, first + v * S::LANES);
        }
    }

    /// Writes a vector of one sample from `k` on, as far as its row goes.
    ///
    /// # Safety
    /// The sample must exist.
    #[inline(always)]
    unsafe fn put<S: Simd<E = T>>(&mut self, s: S, v: S::V, row: usize, k: usize) {
        let to = row * self.dx.stride() + k;
        let count = S::LANES.min(self.k - k);
        // SAFETY: the caller vouches for the sample, and no more is written than its row has.
        unsafe {
            let to = self.dx.padded_data().as_mut_ptr().add(to);
            if count == S::LANES {
                s.store(v, to);
            } else {
                s.store_first(v, to, count);
            }
        }
    }

    /// Vector `v` of a transposed block that begins with row `first` of `W`, for `MR` samples.
    ///
    /// # Safety
    /// The samples must exist, and the block's `n` rows must be written up to the vector.
    #[inline(always)]
    unsafe fn column<S: Simd<E = T>, const MR: usize>(
        &mut self,
        s: S,
        block: *const T,
        row: usize,
        first: usize,
        v: usize,
    ) {
        // SAFETY: the caller vouches for samples and block; `new` has checked the sizes.
        unsafe {
            let mut sums = [[s.zero()]; MR];
            tile::<S, MR, 1>(
                s,
                self.n,
                self.dz.as_ptr().add(row * self.stride),
                self.stride,
                1,
                block.add(v * S::LANES),
                BLOCK,
                &mut sums,
            );
            for i in 0..MR {
                self.put(s, sums[i][0], row + i, first + v * S::LANES);
            }
        }
    }
}

/// Adds the second half of the lanes to the first.
#[inline(always)]
fn halve<S: Simd, const N: usize, const HALF: usize>(s: S, lanes: [S::V; N]) -> [S::V; HALF] {
    let mut sums = [s.zero(); HALF];
    for j in 0..HALF {
        sums[j] = s.add(lanes[j], lanes[j + HALF]);
    }
    sums
}

impl<T: Real> Kernel<T> for InputGrad<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        if self.is_transposed() {
            self.dx.stride()
        } else {
            16
        }
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        if self.k == 0 {
            return;
        }
        if self.is_transposed() || S::NARROW {
            self.by_columns(s);
        } else {
            self.by_dots(s);
        }
    }
}
