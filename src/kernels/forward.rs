//! `Y = X W + b`, or relu of it.
//!
//! The tile holds outputs: its rows are samples, its columns columns of `W`, its steps k. Rows of
//! `W` are read where they lie. Column panels are the outer loop, so that a panel of `W` stays in
//! the cache while all samples pass by; the samples that are left over go in fours, twos and ones
//! with wider panels, so that enough chains are in flight.
//!
//! Each output is one chain over k, from the bias. Where a row of `W` is but one register wide there
//! would be too few chains to keep the processor busy: there input k goes into sum k modulo 4, and
//! the four are added in the end ([`in_four_sums`]). With a single sample, inputs that are exactly
//! zero are skipped ([`super::sparse`]); that can change the sign of a zero sum, and hides weights
//! that are infinite or not numbers.

#![allow(unsafe_code)] // pointers into the three matrices, whose sizes `new` checks

use super::sparse::{CHUNK, FEW, Few, Nonzero, skips_zeros};
use super::tile::{Groups, NEAR, rectify, tile};
use super::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use core::ops::Range;
use core::slice::from_mut;

/// Whether outputs are sums of four, by the shapes alone.
#[inline(always)]
pub fn in_four_sums(k: usize, stride: usize) -> bool {
    k >= 4 && stride <= 16
}

/// The product as a [`Kernel`].
pub struct Forward<'a, T> {
    rows: usize,
    k: usize,
    x: &'a [T],
    x_stride: usize,
    w: &'a [T],
    bias: &'a [T],
    rectifies: bool,
    y: RowsMut<'a, T>,
    stride: usize,
}

impl<'a, T: Real> Forward<'a, T> {
    #[inline(always)]
    pub fn new(
        x: Rows<'a, T>,
        w: &'a [T],
        bias: Option<&'a [T]>,
        rectifies: bool,
        y: RowsMut<'a, T>,
    ) -> Self {
        let (k, stride) = (x.width(), y.stride());
        assert!(w.len() >= k * stride, "the weights do not fit the rows");
        if let Some(bias) = bias {
            assert!(bias.len() >= y.width(), "the bias does not fit the rows");
        }
        let bias = bias.unwrap_or_default();
        Self {
            rows: x.len().min(y.len()),
            k,
            x_stride: x.stride(),
            x: x.padded_data(),
            w,
            bias: &bias[..bias.len().min(stride)],
            rectifies,
            stride,
            y,
        }
    }

    /// What the sums of the column vector `v` start from.
    #[inline(always)]
    fn start<S: Simd<E = T>>(&self, s: S, v: usize) -> S::V {
        let rest = self.bias.get(v * S::LANES..).unwrap_or_default();
        // SAFETY: as many numbers are read as there are.
        unsafe {
            if rest.len() >= S::LANES {
                s.load(rest.as_ptr())
            } else {
                s.load_first(rest.as_ptr(), rest.len())
            }
        }
    }

    /// The outputs of `MR` samples from `row` on, of `NV` vectors from `v` on.
    ///
    /// # Safety
    /// They must exist.
    #[inline(always)]
    unsafe fn block<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        row: usize,
        v: usize,
    ) {
        let mut start = [s.zero(); NV];
        for j in 0..NV {
            start[j] = self.start(s, v + j);
        }
        let column = v * S::LANES;
        // SAFETY: `new` has checked that the rows of x and y and the k rows of w are as long as
        // their strides say, and the caller vouches for rows and columns.
        unsafe {
            let x = self.x.as_ptr().add(row * self.x_stride);
            let w = self.w.as_ptr().add(column);
            let mut sums = [start; MR];
            tile::<S, MR, NV>(s, self.k, x, self.x_stride, 1, w, self.stride, &mut sums);
            rectify(s, self.rectifies, sums.as_flattened_mut());
            for i in 0..MR {
                for j in 0..NV {
                    let to = (row + i) * self.stride + column + j * S::LANES;
                    s.store(sums[i][j], self.y.padded_data().as_mut_ptr().add(to));
                }
            }
        }
    }

    /// Some samples, `MR` at a time, and of these the vectors from `v` on that fill panels of `NV`; the first
    /// vector after them.
    ///
    /// # Safety
    /// The samples must exist, a multiple of `MR`.
    #[inline(always)]
    unsafe fn panels<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        rows: Range<usize>,
        mut v: usize,
    ) -> usize {
        while (v + NV) * S::LANES <= self.stride {
            for row in rows.clone().step_by(MR) {
                // SAFETY: the loop's condition for columns, the caller for samples.
                unsafe { self.block::<S, MR, NV>(s, row, v) };
            }
            v += NV;
        }
        v
    }

    /// All blocks of `MR` samples from `row` on; the first sample after them. The fewer the
    /// samples, the wider the panels.
    #[inline(always)]
    fn blocks<S: Simd<E = T>, const MR: usize>(&mut self, s: S, row: usize) -> usize {
        // More samples would have left the near caches when the next panel wants them.
        let groups = Groups::<MR>::new(row, self.rows, NEAR / self.x_stride.max(1));
        let end = groups.end;
        for rows in groups {
            let mut v = 0;
            // SAFETY: a group is whole tiles of samples that exist.
            unsafe {
                if !S::NARROW {
                    if MR == 1 {
                        v = self.panels::<S, MR, 8>(s, rows.clone(), v);
                    }
                    if MR <= 2 {
                        v = self.panels::<S, MR, 4>(s, rows.clone(), v);
                    }
                    v = self.panels::<S, MR, 2>(s, rows.clone(), v);
                }
                if S::ODD {
                    self.panels::<S, MR, 1>(s, rows, v);
                }
            }
        }
        end
    }

    /// All blocks of `MR` samples from `row` on, each output in four sums; the first sample after
    /// them.
    #[inline(always)]
    fn fours<S: Simd<E = T>, const MR: usize>(&mut self, s: S, mut row: usize) -> usize {
        while row + MR <= self.rows {
            for v in 0..self.stride / S::LANES {
                let mut sums = [[s.zero(); 4]; MR];
                for i in 0..MR {
                    sums[i][0] = self.start(s, v);
                }
                // SAFETY: the loops' conditions; `new` has checked the sizes.
                unsafe {
                    let x = self.x.as_ptr().add(row * self.x_stride);
                    let w = self.w.as_ptr().add(v * S::LANES);
                    let whole = self.k / 4 * 4;
                    for k in (0..whole).step_by(4) {
                        sums = self.four::<S, MR>(s, x, w, k, 4, sums);
                    }
                    sums = self.four::<S, MR>(s, x, w, whole, self.k - whole, sums);
                    for i in 0..MR {
                        let [a, b, c, d] = sums[i];
                        let mut sum = s.add(s.add(a, b), s.add(c, d));
                        rectify(s, self.rectifies, from_mut(&mut sum));
                        let to = (row + i) * self.stride + v * S::LANES;
                        s.store(sum, self.y.padded_data().as_mut_ptr().add(to));
                    }
                }
            }
            row += MR;
        }
        row
    }

    /// Adds the products of `count` inputs from `k` on, each to a sum of its own.
    ///
    /// # Safety
    /// `x` must point to `MR` samples and `w` to a column of vectors, with so many inputs.
    #[inline(always)]
    unsafe fn four<S: Simd<E = T>, const MR: usize>(
        &self,
        s: S,
        x: *const T,
        w: *const T,
        k: usize,
        count: usize,
        mut sums: [[S::V; 4]; MR],
    ) -> [[S::V; 4]; MR] {
        for c in 0..4 {
            if c < count {
                // SAFETY: the caller's.
                unsafe {
                    let w = s.load(w.add((k + c) * self.stride));
                    for i in 0..MR {
                        let x = s.splat(*x.add(i * self.x_stride + k + c));
                        sums[i][c] = s.fma(x, w, sums[i][c]);
                    }
                }
            }
        }
        sums
    }

    /// The only sample, reading only the rows of `W` that count.
    ///
    /// # Safety
    /// It must exist.
    #[inline(always)]
    unsafe fn single<S: Simd<E = T>>(&mut self, s: S) {
        // SAFETY: places are indices of inputs, and the caller vouches for the sample.
        unsafe {
            if self.k <= FEW {
                return self.visited(s, 0, Few::of(s, &self.x[..self.k]));
            }
            let mut nonzero = Nonzero::none();
            for (part, first) in self.x[..self.k].chunks(CHUNK).zip((0..).step_by(CHUNK)) {
                let list = nonzero.of(s, part);
                self.visited(s, first, list.iter().map(|&i| i as usize));
            }
        }
    }

    /// Adds the products of the inputs at some places, counted from `first`.
    ///
    /// # Safety
    /// There must be a sample, and each place plus `first` must be one of its inputs.
    #[inline(always)]
    unsafe fn visited<S: Simd<E = T>>(
        &mut self,
        s: S,
        first: usize,
        places: impl Iterator<Item = usize> + Clone,
    ) {
        let mut v = 0;
        // SAFETY: the caller's.
        unsafe {
            if !S::NARROW {
                v = self.visited_panels::<S, 8>(s, first, places.clone(), v);
                v = self.visited_panels::<S, 4>(s, first, places.clone(), v);
                v = self.visited_panels::<S, 2>(s, first, places.clone(), v);
            }
            if S::ODD {
                self.visited_panels::<S, 1>(s, first, places, v);
            }
        }
    }

    /// The same for panels of `NV` vectors from `v` on; the first vector after them.
    ///
    /// # Safety
    /// There must be a sample, and each place plus `first` must be one of its inputs.
    #[inline(always)]
    unsafe fn visited_panels<S: Simd<E = T>, const NV: usize>(
        &mut self,
        s: S,
        first: usize,
        places: impl Iterator<Item = usize> + Clone,
        mut v: usize,
    ) -> usize {
        while (v + NV) * S::LANES <= self.stride {
            let mut sums = [s.zero(); NV];
            // SAFETY: the loop's condition for columns, the caller for the sample and its inputs;
            // `new` has checked the sizes.
            unsafe {
                let y = self.y.padded_data().as_mut_ptr().add(v * S::LANES);
                for j in 0..NV {
                    sums[j] = if first == 0 {
                        self.start(s, v + j)
                    } else {
                        s.load(y.add(j * S::LANES))
                    };
                }
                let x = self.x.as_ptr().add(first);
                let w = self.w.as_ptr().add(first * self.stride + v * S::LANES);
                for i in places.clone() {
                    let x = s.splat(*x.add(i));
                    let w = w.add(i * self.stride);
                    for j in 0..NV {
                        sums[j] = s.fma(x, s.load(w.add(j * S::LANES)), sums[j]);
                    }
                }
                // (These are no outputs yet if there are inputs behind the chunk.)
                let rectifies = self.rectifies && self.k - first <= CHUNK;
                rectify(s, rectifies, &mut sums);
                for j in 0..NV {
                    s.store(sums[j], y.add(j * S::LANES));
                }
            }
            v += NV;
        }
        v
    }
}

impl<T: Real> Kernel<T> for Forward<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.stride
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        if in_four_sums(self.k, self.stride) {
            let mut row = 0;
            if S::ROWS == 8 {
                row = self.fours::<S, 4>(s, row);
            }
            row = self.fours::<S, 2>(s, row);
            self.fours::<S, 1>(s, row);
            return;
        }
        if skips_zeros(self.rows, self.k, self.stride) {
            // SAFETY: there is one sample.
            return unsafe { self.single(s) };
        }
        let mut row = 0;
        if S::NARROW || S::ROWS == 8 {
            row = self.blocks::<S, 8>(s, row);
        } else if S::ROWS == 6 {
            row = self.blocks::<S, 6>(s, row);
        }
        row = self.blocks::<S, 4>(s, row);
        row = self.blocks::<S, 2>(s, row);
        self.blocks::<S, 1>(s, row);
    }
}
