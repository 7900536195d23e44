//! The exponential function and those made from it.

use super::{Real, horner};
use crate::simd::Isa;

/// Writes `e^x = 2^n (1 + p)` and returns p and two powers of two whose product is 2^n.
///
/// n is x / ln 2 rounded to an integer, so that `r = x - n ln 2` is at most half of ln 2 (by a
/// hair more where the product is rounded first); ln 2 is taken off in two parts, the first of
/// which leaves no error. `p = r + r^2 q(r)`.
#[inline(always)]
fn reduce<T: Real, I: Isa>(isa: I, x: T) -> (T, T, T) {
    let rounded = T::fma(isa, x, T::LOG2_E, T::ROUND);
    let n = rounded - T::ROUND;
    let r = T::fma(isa, n, -T::LN2_HI, x);
    let r = T::fma(isa, n, -T::LN2_LO, r);
    let p = T::fma(isa, r * r, horner(isa, r, T::EXP), r);
    let (a, b) = T::powers(rounded);
    (p, a, b)
}

/// x, but no further out than these two. NaN stays NaN.
#[inline(always)]
fn within<T: Real>(x: T, low: T, high: T) -> T {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `2^n (1 + p)`. The last product alone may overflow, or lose bits to a subnormal result.
#[inline(always)]
pub fn exp<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (p, a, b) = reduce(isa, within(x, T::EXP_LOW, T::EXP_HIGH));
    (T::one() + p) * a * b
}

/// `2^n p + (2^n - 1)`: for n = 0 this is p, elsewhere the sum loses no more than it rounds.
/// The smaller power is taken out of the sum, for 2^n may be beyond the largest number.
#[inline(always)]
pub fn exp_m1<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (p, a, b) = reduce(isa, within(x, T::EXP_M1_LOW, T::EXP_HIGH));
    let y = T::fma(isa, a, p, a - T::inverse_power(b)) * b;
    if x.magnitude() < T::TINY { x } else { y }
}

/// `1 / (1 + e^-x)`, for negative x written as `e^x / (e^x + 1)`: the exponential never overflows,
/// and the result goes to 0 as gradually as it.
#[inline(always)]
pub fn sigmoid<T: Real, I: Isa>(isa: I, x: T) -> T {
    let e = exp(isa, -x.magnitude());
    let top = if x < T::zero() { e } else { T::one() };
    top / (T::one() + e)
}

/// Up to 0.55 a rational function added to x, beyond it `1 - 2 / (e^(2x) + 1)`, which cancels
/// little there. Both are a quotient and an addition, so that there is but one division.
#[inline(always)]
pub fn tanh<T: Real, I: Isa>(isa: I, x: T) -> T {
    let size = x.magnitude();
    let z = size * size;
    let small = size < T::of(0.55);
    let (p, q) = T::TANH;
    let (p, q) = (z * horner(isa, z, p), horner(isa, z, q));
    let e = exp(isa, size + size);
    let top = if small { p } else { T::of(2.0) };
    let bottom = if small { q } else { e + T::one() };
    let quotient = top / bottom;
    let near = T::fma(isa, size, quotient, size);
    let far = T::one() - quotient;
    (if small { near } else { far }).signed_like(x)
}
