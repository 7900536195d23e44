//! The register tile: a small block of a matrix product that stays in registers while the index
//! that is summed over runs.
//!
//! At each step a column of `MR` numbers of `a` meets a row of `NV` vectors of `b`, and their outer
//! product is added to the `MR x NV` accumulators: few reads, many multiply-adds, and each
//! accumulator is one chain in the order of the steps. The kernels differ in what `a`, `b`
//! and the steps are, and in what they do with the sums.

#![allow(unsafe_code)] // reads through pointers in the inner loop, where a check would cost

use super::vector::Simd;
use core::ops::Range;

/// So many numbers may pass by again and again without leaving a processor's own caches: 256 KiB of `f32`.
pub const NEAR: usize = 1 << 16;

/// The rows that panels of columns pass by one after another: groups of whole tiles of `MR` rows.
pub struct Groups<const MR: usize> {
    next: usize,
    /// The first row after all of them: fewer than `MR` are left over.
    pub end: usize,
    size: usize,
}

impl<const MR: usize> Groups<MR> {
    /// Of the rows from `first` to `end`; each has at most `size` of them, but at least one tile.
    #[inline(always)]
    pub fn new(first: usize, end: usize, size: usize) -> Self {
        Self {
            next: first,
            end: end - (end - first) % MR,
            size: (size / MR).max(1) * MR,
        }
    }
}

impl<const MR: usize> Iterator for Groups<MR> {
    type Item = Range<usize>;

    #[inline(always)]
    fn next(&mut self) -> Option<Range<usize>> {
        let rows = self.next..(self.next + self.size).min(self.end);
        self.next = rows.end;
        (!rows.is_empty()).then_some(rows)
    }
}

/// `acc[i][j] += sum over t of a[i a_row + t a_step] * b[t b_step + j LANES ..][.. LANES]`.
///
/// # Safety
/// All of these numbers must be readable.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // two matrices with their strides
pub unsafe fn tile<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    steps: usize,
    a: *const S::E,
    a_row: usize,
    a_step: usize,
    b: *const S::E,
    b_step: usize,
    acc: &mut [[S::V; NV]; MR],
) {
    for t in 0..steps {
        let mut row = [s.zero(); NV];
        for j in 0..NV {
            // SAFETY: the caller vouches for `b`.
            row[j] = unsafe { s.load(b.add(t * b_step + j * S::LANES)) };
        }
        for i in 0..MR {
            // SAFETY: the caller vouches for `a`.
            let x = s.splat(unsafe { *a.add(i * a_row + t * a_step) });
            for j in 0..NV {
                acc[i][j] = s.fma(x, row[j], acc[i][j]);
            }
        }
    }
}

/// Sums below 0 become 0 if that is wanted. NaN stays NaN, and no zero is negative.
// Where nothing is optimised each copy would have its place on the stack.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn rectify<S: Simd>(s: S, wanted: bool, sums: &mut [S::V]) {
    if wanted {
        for i in 0..sums.len() {
            sums[i] = s.max(s.zero(), s.add(sums[i], s.zero()));
        }
    }
}
