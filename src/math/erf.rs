//! The error function.

use super::{Real, exp::exp, horner};
use crate::simd::Isa;

/// Up to 0.875 a rational function of x^2 times x, added to x; beyond it `1 - e^(-x^2) w(x)` with
/// a rational function w. The rounding of x^2 shifts the exponential by a part of itself no larger
/// than x^2 times half an ulp, which the 1 makes insignificant.
#[inline(always)]
pub fn erf<T: Real, I: Isa>(isa: I, x: T) -> T {
    let size = x.magnitude();
    let size = if size > T::ERF_HIGH {
        T::ERF_HIGH
    } else {
        size
    };
    let z = size * size;
    let small = size < T::of(0.875);
    let (near_top, near_bottom) = T::ERF;
    let (far_top, far_bottom) = T::ERFC;
    let near_top = horner(isa, z, near_top);
    let near_bottom = horner(isa, z, near_bottom);
    let far_top = horner(isa, size, far_top);
    let far_bottom = horner(isa, size, far_bottom);
    let top = if small { near_top } else { far_top };
    let bottom = if small { near_bottom } else { far_bottom };
    let quotient = top / bottom;
    let near = T::fma(isa, size, quotient, size);
    let far = T::fma(isa, -exp(isa, -z), quotient, T::one());
    (if small { near } else { far }).signed_like(x)
}
