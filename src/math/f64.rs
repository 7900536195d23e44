//! The elementary functions in `f64`.

use super::Real;
use crate::simd::Isa;

impl Real for f64 {
    const NAME: &'static str = "f64";

    #[inline(always)]
    fn of(x: core::primitive::f64) -> Self {
        x as f64
    }

    #[inline(always)]
    fn as_f64(self) -> core::primitive::f64 {
        self.into()
    }

    #[inline(always)]
    fn fma<I: Isa>(_: I, a: Self, b: Self, c: Self) -> Self {
        if I::FUSED {
            num_traits::Float::mul_add(a, b, c)
        } else {
            a * b + c
        }
    }

    #[inline(always)]
    fn exp<I: Isa>(_: I, x: Self) -> Self {
        num_traits::Float::exp(x)
    }

    #[inline(always)]
    fn exp_m1<I: Isa>(_: I, x: Self) -> Self {
        num_traits::Float::exp_m1(x)
    }

    #[inline(always)]
    fn ln<I: Isa>(_: I, x: Self) -> Self {
        num_traits::Float::ln(x)
    }

    #[inline(always)]
    fn ln_1p<I: Isa>(_: I, x: Self) -> Self {
        num_traits::Float::ln_1p(x)
    }

    #[inline(always)]
    fn tanh<I: Isa>(_: I, x: Self) -> Self {
        num_traits::Float::tanh(x)
    }

    #[inline(always)]
    fn sigmoid<I: Isa>(isa: I, x: Self) -> Self {
        1.0 / (1.0 + <Self as Real>::exp(isa, -x))
    }

    #[inline(always)]
    fn erf<I: Isa>(_: I, x: Self) -> Self {
        libm_erf(x)
    }
}
fn libm_erf(x: f64) -> f64 { x }
