//! The functions that networks are made of, on one number: branch-free polynomials, so that a loop
//! over a slice becomes vector code, and the same bits on every processor with fused multiply-add.
//! (The functions of `std` are documented to vary with the platform.)
//!
//! Nothing is used but `+`, `-`, `*`, `/`, comparisons, integer operations on the bits, and
//! [`Real::fma`]. The formulas are in `exp`, `ln`, `erf` and `fast_tanh`, written once for both types; the
//! coefficients and the layouts of the bits are in `f32` and `f64`.
//!
//! Largest errors, in units in the last place (ulp) of the exact result, with fused multiply-add
//! and, where they differ, on [`Level::Plain`](crate::simd::Level::Plain). Those of `f32` were found
//! by trying every number, those of `f64` on 30 000 random numbers for each function.
//!
//! | function | `f32` | `f32`, plain | `f64` | `f64`, plain |
//! | --- | --- | --- | --- | --- |
//! | `exp` | 1.03 | 0.99 | 0.94 | 0.93 |
//! | `exp_m1` | 1.53 | 1.63 | 1.78 | |
//! | `ln` | 0.85 | | 0.75 | |
//! | `ln_1p` | 1.42 | | 1.30 | |
//! | `tanh` | 1.34 | 1.35 | 1.42 | 1.38 |
//! | `sigmoid` | 2.40 | | 2.03 | |
//! | `erf` | 1.27 | 1.47 | 1.03 | 1.07 |
//!
//! `fast_tanh` is no tanh to the last digits: it is off by at most 1.4e-6 in `f32` and 1.2e-6 in
//! `f64`, and near 0 by at most 5.5e-6 of its size, on every 1009th `f32` and its like in `f64`.

mod erf;
mod exp;
mod f32;
mod f64;
mod fast_tanh;
mod format;
mod ln;
mod turn;

#[cfg(test)]
mod tests;

use crate::simd::Isa;
use bytemuck::Pod;
use core::fmt::{Debug, Display};
use core::ops::Neg;
use format::Format;
pub(crate) use ln::ln_of_normal;
use num_traits::NumAssign;
pub(crate) use turn::turn;

/// A floating-point number with Plywood's own elementary functions: `f32` or `f64`.
///
/// Every function takes NaN to NaN, and the odd ones keep the sign of zero.
pub trait Real:
    Format
    + NumAssign
    + Neg<Output = Self>
    + PartialOrd
    + Pod
    + Default
    + Debug
    + Display
    + Send
    + Sync
    + 'static
{
    /// The type's name.
    const NAME: &'static str;
    /// The number nearest to `x`.
    fn of(x: f64) -> Self;
    /// The same number as `f64`.
    fn as_f64(self) -> f64;
    /// From this number to twice it, all numbers are whole, and neighbours are one apart.
    const WHOLE: Self;
    /// How far a number between these two lies above the first: its lowest bits.
    fn above_whole(self) -> usize;
    /// Infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// The size of the number.
    fn abs(self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// `self b + c`, rounded once: slow where the processor has no instruction for it.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// `a b + c`, rounded once where `I` has fused multiply-add.
    #[inline(always)]
    fn fma<I: Isa>(_: I, a: Self, b: Self, c: Self) -> Self {
        if I::FUSED { a.mul_add(b, c) } else { a * b + c }
    }

    /// e^x. Results below the smallest normal number lose their last bits gradually.
    #[inline(always)]
    fn exp<I: Isa>(isa: I, x: Self) -> Self {
        exp::exp(isa, x)
    }

    /// e^x - 1, accurate near 0.
    #[inline(always)]
    fn exp_m1<I: Isa>(isa: I, x: Self) -> Self {
        exp::exp_m1(isa, x)
    }

    /// The natural logarithm: -inf at 0, NaN below.
    #[inline(always)]
    fn ln<I: Isa>(isa: I, x: Self) -> Self {
        ln::ln(isa, x)
    }

    /// ln(1 + x), accurate near 0: -inf at -1, NaN below.
    #[inline(always)]
    fn ln_1p<I: Isa>(isa: I, x: Self) -> Self {
        ln::ln_1p(isa, x)
    }

    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh<I: Isa>(isa: I, x: Self) -> Self {
        exp::tanh(isa, x)
    }

    /// The hyperbolic tangent to about six decimal places: a quotient of two polynomials, cut off at
    /// 1. It is odd, and never above 1 in size.
    #[inline(always)]
    fn fast_tanh<I: Isa>(isa: I, x: Self) -> Self {
        fast_tanh::fast_tanh(isa, x)
    }

    /// The derivative of [`fast_tanh`](Self::fast_tanh) as it is computed, 0 where that is cut off.
    #[inline(always)]
    fn fast_tanh_slope<I: Isa>(isa: I, x: Self) -> Self {
        fast_tanh::fast_tanh_slope(isa, x)
    }

    /// 1 / (1 + e^-x).
    #[inline(always)]
    fn sigmoid<I: Isa>(isa: I, x: Self) -> Self {
        exp::sigmoid(isa, x)
    }

    /// The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x.
    #[inline(always)]
    fn erf<I: Isa>(isa: I, x: Self) -> Self {
        erf::erf(isa, x)
    }
}

/// The polynomial with these coefficients, the highest power's first, by Horner's rule.
#[inline(always)]
fn horner<T: Real, I: Isa>(isa: I, x: T, coefficients: &[T]) -> T {
    let mut sum = coefficients[0];
    for &c in &coefficients[1..] {
        sum = T::fma(isa, sum, x, c);
    }
    sum
}

/// The same by Estrin's scheme, for the lengths that need it: more products, but most of them at
/// once.
#[inline(always)]
fn estrin<T: Real, I: Isa>(isa: I, x: T, coefficients: &[T]) -> T {
    let line = |a, b| T::fma(isa, a, x, b);
    let (x2, x4) = (x * x, (x * x) * (x * x));
    let cubic = |a, b, c, d| T::fma(isa, line(a, b), x2, line(c, d));
    match *coefficients {
        [d, c, b, a] => cubic(d, c, b, a),
        [f, e, d, c, b, a] => T::fma(isa, line(f, e), x4, cubic(d, c, b, a)),
        [k, j, i, h, g, f, e, d, c, b, a] => {
            let top = T::fma(isa, k, x2, line(j, i));
            let high = T::fma(isa, top, x4, cubic(h, g, f, e));
            T::fma(isa, high, x4, cubic(d, c, b, a))
        }
        _ => horner(isa, x, coefficients),
    }
}
