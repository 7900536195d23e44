//! The natural logarithm.

use super::{Real, horner};
use crate::simd::Isa;

/// `e ln 2 + ln(1 + f)` for 1 + f between sqrt(1/2) and sqrt(2).
///
/// With `s = f / (2 + f)`, `1 + f = (1 + s) / (1 - s)`, whose logarithm is `2 s + s R`, an odd
/// series in s; and `2 s = f - s f`, `s f = f^2/2 - s f^2/2`, so that the largest term is f without
/// an error: `ln(1 + f) = f - (f^2/2 - s (f^2/2 + R))`, the arrangement of fdlibm.
#[inline(always)]
fn assemble<T: Real, I: Isa>(isa: I, e: T, f: T) -> T {
    let s = f / (T::of(2.0) + f);
    let z = s * s;
    let rest = z * horner(isa, z, T::LN);
    let half_square = T::of(0.5) * f * f;
    let correction = T::fma(isa, s, half_square + rest, e * T::LN2_LO);
    T::fma(isa, e, T::LN2_HI, f - (half_square - correction))
}

/// Subnormal numbers are made normal first; then `x = m 2^e`, and m - 1 is exact.
#[inline(always)]
pub fn ln<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (lift, lift_exponent) = T::LIFT;
    let subnormal = x < T::MIN_NORMAL;
    let normal = if subnormal { x * lift } else { x };
    let lifted_by = if subnormal { lift_exponent } else { T::zero() };
    let (m, e, _) = normal.split();
    let y = assemble(isa, e - lifted_by, m - T::one());
    at_the_ends(x, x, y)
}

/// The same of positive normal numbers, infinity and NaN, as probabilities away from zero are: the same
/// bits in fewer steps.
#[inline(always)]
pub fn ln_of_normal<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (m, e, _) = x.split();
    let y = assemble(isa, e, m - T::one());
    if x < T::INFINITY { y } else { x }
}

/// `u = 1 + x` has an error, which a subtraction recovers exactly; it joins f where that is
/// computed, `f = (u 2^-e - 1) + error 2^-e`. For e = 0 this is x itself.
#[inline(always)]
pub fn ln_1p<T: Real, I: Isa>(isa: I, x: T) -> T {
    let u = T::one() + x;
    let from_x = x - (u - T::one());
    let from_one = T::one() - (u - x);
    let error = if x > T::one() { from_one } else { from_x };
    let (m, e, power) = u.split();
    let scaled = error * power;
    let scaled = if x > T::HUGE { T::zero() } else { scaled };
    let y = assemble(isa, e, (m - T::one()) + scaled);
    let y = if x.magnitude() < T::TINY { x } else { y };
    at_the_ends(x, u, y)
}

/// y = ln u, but for the numbers that have no exponent to split off: x = inf and NaN give
/// themselves, u = 0 gives -inf, and u < 0 NaN.
#[inline(always)]
fn at_the_ends<T: Real>(x: T, u: T, y: T) -> T {
    let y = if x < T::INFINITY { y } else { x };
    let y = if u < T::zero() { T::NAN } else { y };
    if u == T::zero() { -T::INFINITY } else { y }
}
