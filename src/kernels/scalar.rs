//! A vector of one number: for what is written for vectors and used on single weights.

#![allow(unsafe_code)] // reading and writing through pointers, as `Simd` asks

use super::vector::Simd;
use crate::math::Real;
use crate::simd::Isa;
use core::marker::PhantomData;

/// One number; whether its products are rounded before they are added is up to `I`.
#[derive(Clone, Copy)]
pub struct Scalar<T, I>(PhantomData<T>, I);

impl<T, I: Isa> Scalar<T, I> {
    #[inline(always)]
    pub fn new(isa: I) -> Self {
        Self(PhantomData, isa)
    }
}

impl<T: Real, I: Isa> Simd for Scalar<T, I> {
    type E = T;
    type V = T;
    const LANES: usize = 1;
    const ROWS: usize = 1;
    const NARROW: bool = true;

    #[inline(always)]
    fn splat(self, x: T) -> T {
        x
    }
    #[inline(always)]
    unsafe fn load(self, from: *const T) -> T {
        // SAFETY: the caller vouches for the number.
        unsafe { *from }
    }
    #[inline(always)]
    unsafe fn store(self, v: T, to: *mut T) {
        // SAFETY: as above.
        unsafe { *to = v }
    }
    #[inline(always)]
    fn fma(self, a: T, b: T, c: T) -> T {
        T::fma(self.1, a, b, c)
    }
    #[inline(always)]
    fn add(self, a: T, b: T) -> T {
        a + b
    }
    #[inline(always)]
    fn sub(self, a: T, b: T) -> T {
        a - b
    }
    #[inline(always)]
    fn mul(self, a: T, b: T) -> T {
        a * b
    }
    #[inline(always)]
    fn div(self, a: T, b: T) -> T {
        a / b
    }
    #[inline(always)]
    fn sqrt(self, a: T) -> T {
        a.sqrt()
    }
    #[inline(always)]
    fn min(self, a: T, b: T) -> T {
        if a < b { a } else { b }
    }
    #[inline(always)]
    fn max(self, a: T, b: T) -> T {
        if a > b { a } else { b }
    }
    #[inline(always)]
    fn where_above(self, a: T, b: T, x: T, y: T) -> T {
        if a > b { x } else { y }
    }
}
