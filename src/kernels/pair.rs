//! Two registers as one vector, for instruction sets whose registers are short: the lanes of the
//! first, then those of the second.

#![allow(unsafe_code)] // reading and writing through pointers, as `Simd` asks

use super::vector::Simd;

/// Twice the vector `S`, for a large tile of `ROWS` rows.
#[derive(Clone, Copy)]
pub struct Pair<S, const ROWS: usize, const NARROW: bool>(pub S);

impl<S: Simd, const ROWS: usize, const NARROW: bool> Simd for Pair<S, ROWS, NARROW> {
    type E = S::E;
    type V = [S::V; 2];
    const LANES: usize = 2 * S::LANES;
    const ROWS: usize = ROWS;
    const NARROW: bool = NARROW;

    #[inline(always)]
    fn splat(self, x: S::E) -> [S::V; 2] {
        [self.0.splat(x); 2]
    }
    #[inline(always)]
    unsafe fn load(self, from: *const S::E) -> [S::V; 2] {
        // SAFETY: the caller vouches for the numbers of both.
        unsafe { [self.0.load(from), self.0.load(from.add(S::LANES))] }
    }
    #[inline(always)]
    unsafe fn store(self, [low, high]: [S::V; 2], to: *mut S::E) {
        // SAFETY: as above.
        unsafe {
            self.0.store(low, to);
            self.0.store(high, to.add(S::LANES));
        }
    }
    #[inline(always)]
    fn fma(self, a: [S::V; 2], b: [S::V; 2], c: [S::V; 2]) -> [S::V; 2] {
        [self.0.fma(a[0], b[0], c[0]), self.0.fma(a[1], b[1], c[1])]
    }
    #[inline(always)]
    fn add(self, a: [S::V; 2], b: [S::V; 2]) -> [S::V; 2] {
        [self.0.add(a[0], b[0]), self.0.add(a[1], b[1])]
    }
    #[inline(always)]
    fn sub(self, a: [S::V; 2], b: [S::V; 2]) -> [S::V; 2] {
        [self.0.sub(a[0], b[0]), self.0.sub(a[1], b[1])]
    }
    #[inline(always)]
    fn mul(self, a: [S::V; 2], b: [S::V; 2]) -> [S::V; 2] {
        [self.0.mul(a[0], b[0]), self.0.mul(a[1], b[1])]
    }
    #[inline(always)]
    fn div(self, a: [S::V; 2], b: [S::V; 2]) -> [S::V; 2] {
        [self.0.div(a[0], b[0]), self.0.div(a[1], b[1])]
    }
    #[inline(always)]
    fn sqrt(self, a: [S::V; 2]) -> [S::V; 2] {
        a.map(|a| self.0.sqrt(a))
    }
    #[inline(always)]
    fn min(self, a: [S::V; 2], b: [S::V; 2]) -> [S::V; 2] {
        [self.0.min(a[0], b[0]), self.0.min(a[1], b[1])]
    }
    #[inline(always)]
    fn max(self, a: [S::V; 2], b: [S::V; 2]) -> [S::V; 2] {
        [self.0.max(a[0], b[0]), self.0.max(a[1], b[1])]
    }
    #[inline(always)]
    fn interleave(self, a: [S::V; 2], b: [S::V; 2]) -> [[S::V; 2]; 2] {
        [self.0.interleave(a[0], b[0]), self.0.interleave(a[1], b[1])]
    }
    #[inline(always)]
    fn where_equal(self, a: [S::V; 2], b: [S::V; 2], v: [S::V; 2]) -> [S::V; 2] {
        [
            self.0.where_equal(a[0], b[0], v[0]),
            self.0.where_equal(a[1], b[1], v[1]),
        ]
    }
    #[inline(always)]
    fn where_above(self, a: [S::V; 2], b: [S::V; 2], x: [S::V; 2], y: [S::V; 2]) -> [S::V; 2] {
        [
            self.0.where_above(a[0], b[0], x[0], y[0]),
            self.0.where_above(a[1], b[1], x[1], y[1]),
        ]
    }
    #[inline(always)]
    unsafe fn look_up(self, low: *const S::E, high: *const S::E, at: [S::V; 2]) -> [S::V; 2] {
        // SAFETY: the caller's.
        at.map(|at| unsafe { self.0.look_up(low, high, at) })
    }
    #[inline(always)]
    fn sum4(self, v: [[S::V; 2]; 4]) -> [S::E; 4] {
        self.0.sum4(v.map(|[low, high]| self.0.add(low, high)))
    }
}
