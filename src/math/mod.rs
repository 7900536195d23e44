//! The functions that networks are made of, on one number: branch-free polynomials, so that a loop
//! over a slice becomes vector code, and the same bits on every processor with fused multiply-add.
//! (The functions of `std` are documented to vary with the platform.)

mod f32;
mod f64;

use crate::simd::Isa;
use bytemuck::Pod;
use core::fmt::{Debug, Display};
use num_traits::{Float, NumAssign};

/// A floating-point number with Plywood's own elementary functions: `f32` or `f64`.
pub trait Real:
    Float + NumAssign + Pod + Default + Debug + Display + Send + Sync + 'static
{
    /// The type's name.
    const NAME: &'static str;
    /// The number nearest to `x`.
    fn of(x: f64) -> Self;
    /// The same number as `f64`.
    fn as_f64(self) -> f64;
    /// `a b + c`, rounded once where `I` has fused multiply-add.
    fn fma<I: Isa>(isa: I, a: Self, b: Self, c: Self) -> Self;
    /// e^x.
    fn exp<I: Isa>(isa: I, x: Self) -> Self;
    /// e^x - 1, accurate near 0.
    fn exp_m1<I: Isa>(isa: I, x: Self) -> Self;
    /// The natural logarithm.
    fn ln<I: Isa>(isa: I, x: Self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p<I: Isa>(isa: I, x: Self) -> Self;
    /// The hyperbolic tangent.
    fn tanh<I: Isa>(isa: I, x: Self) -> Self;
    /// 1 / (1 + e^-x).
    fn sigmoid<I: Isa>(isa: I, x: Self) -> Self;
    /// The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x.
    fn erf<I: Isa>(isa: I, x: Self) -> Self;
}
