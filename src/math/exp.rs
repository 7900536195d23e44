//! The exponential function and those made from it.

use super::{Real, estrin, horner};
use crate::simd::Isa;

/// p in `e^r = 1 + p`, for |r| up to half of ln 2: `r + r^2 q(r)`.
#[inline(always)]
fn near_zero<T: Real, I: Isa>(isa: I, r: T) -> T {
    T::fma(isa, r * r, estrin(isa, r, T::EXP), r)
}

/// Writes `e^x = 2^n (1 + p)` and returns p and two powers of two whose product is 2^n.
///
/// n is x / ln 2 rounded to an integer, so that `r = x - n ln 2` is at most half of ln 2 (by a
/// hair more where the product is rounded first); ln 2 is taken off in two parts, the first of
/// which leaves no error.
#[inline(always)]
fn reduce<T: Real, I: Isa>(isa: I, x: T) -> (T, T, T) {
    let rounded = T::fma(isa, x, T::LOG2_E, T::ROUND);
    let n = rounded - T::ROUND;
    let r = T::fma(isa, n, -T::LN2_HI, x);
    let r = T::fma(isa, n, -T::LN2_LO, r);
    let (a, b) = T::powers(rounded);
    (near_zero(isa, r), a, b)
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
    T::fma(isa, a, p, a) * b
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
///
/// A tiny network waits for each result, so what can be done at once is: in `2^n (1 + p)` the choice of
/// the numerator and the sum `2^n + 1`, which has no error, are ready before p.
#[inline(always)]
pub fn sigmoid<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (size, most) = (x.magnitude(), -T::EXP_LOW);
    let size = if size > most { most } else { size };
    let rounded = T::fma(isa, size, T::LOG2_E, T::ROUND);
    let n = rounded - T::ROUND;
    let (r, linear) = match T::LN2_REST {
        Some(rest) if I::FUSED => {
            // The difference has no error, and what ln 2 still lacks may join in late.
            let r = T::fma(isa, n, T::LN2, -size);
            (r, T::fma(isa, n * rest, r + T::one(), r))
        }
        _ => {
            let r = T::fma(isa, n, T::LN2_LO, T::fma(isa, n, T::LN2_HI, -size));
            (r, r)
        }
    };
    let (a, b) = T::inverse_powers(rounded);
    let power = a * b;
    let (factor, start) = if x < T::zero() {
        (power, power)
    } else {
        (T::zero(), T::one())
    };
    let p = T::fma(isa, r * r, estrin(isa, r, T::EXP), linear);
    T::fma(isa, factor, p, start) / T::fma(isa, power, p, power + T::one())
}

/// Up to 0.55 a rational function added to x, beyond it `1 - 2 / (e^(2x) + 1)`, which cancels
/// little there. Both are a quotient and an addition, so that there is but one division.
///
/// A tiny network waits for each result, so what can be done at once is: the exponential is
/// `2^n (1 + p)` with one power, for it stays in range, and 1 is added to the power meanwhile.
#[inline(always)]
pub fn tanh<T: Real, I: Isa>(isa: I, x: T) -> T {
    let size = x.magnitude();
    let z = size * size;
    let (p, q) = T::TANH;
    let (p, q) = (z * horner(isa, z, p), horner(isa, z, q));

    let half = if size > T::TANH_HIGH {
        T::TANH_HIGH
    } else {
        size
    };
    let rounded = T::fma(isa, half, T::LOG2_E + T::LOG2_E, T::ROUND);
    let r = T::fma(isa, rounded - T::ROUND, -T::LN2, half + half);
    let power = T::power(rounded);
    let e_plus_1 = T::fma(isa, power, near_zero(isa, r), power + T::one());

    // The opposite of the first condition, written in another way: given the same one twice, the
    // compiler would divide twice and choose afterwards.
    let seam = T::of(0.55);
    let top = if size < seam { p } else { T::of(2.0) };
    let bottom = if size >= seam { e_plus_1 } else { q };
    let quotient = top / bottom;
    let near = T::fma(isa, size, quotient, size);
    let far = T::one() - quotient;
    (if size < seam { near } else { far }).signed_like(x)
}
