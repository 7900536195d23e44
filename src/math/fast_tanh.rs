//! A shorter tanh, for those who need the time more than the last digits.

use super::{Real, estrin, horner};
use crate::simd::Isa;

/// p and q in `tanh x = x p(z) / q(z)`, z = x^2, off by at most 1.12e-6 up to 7.2, where the quotient
/// becomes 1. (A minimax fit of the absolute error, by least squares reweighted towards the largest
/// error.) The same for both types of number: more digits would be the other tanh.
const P: [f64; 4] = [
    3.821345244126327e-6,
    0.002253720433357121,
    0.12275951040084503,
    0.9999947028898567,
];
const Q: [f64; 4] = [
    0.00013983543949508244,
    0.020963278666210637,
    0.4560749217261027,
    1.0,
];

/// Beyond it the quotient is above 1 for good. It keeps powers in range.
const HIGH: f64 = 8.0;

/// |x|, but no more than `HIGH`, and numerator and denominator there. NaN stays NaN.
#[inline(always)]
fn quotient<T: Real, I: Isa>(isa: I, x: T) -> (T, T, T) {
    let size = x.magnitude();
    let high = T::of(HIGH);
    let size = if size > high { high } else { size };
    let z = size * size;
    let (p, q) = (estrin(isa, z, &P.map(T::of)), estrin(isa, z, &Q.map(T::of)));
    (size, size * p, q)
}

/// The numerator is cut off, not the quotient: so that is never above 1, whatever was rounded.
#[inline(always)]
pub fn fast_tanh<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (_, top, bottom) = quotient(isa, x);
    let top = if top > bottom { bottom } else { top };
    (top / bottom).signed_like(x)
}

/// The derivative of the quotient, not of tanh: `(n' - (n / q) q') / q`, and 0 where it is cut off.
#[inline(always)]
pub fn fast_tanh_slope<T: Real, I: Isa>(isa: I, x: T) -> T {
    let (size, top, bottom) = quotient(isa, x);
    let z = size * size;
    // Of x^(2i + 1) and of x^2i / x, the highest powers first.
    let [p3, p2, p1, p0] = P;
    let [q3, q2, q1, _] = Q;
    let top_slope = estrin(isa, z, &[7.0 * p3, 5.0 * p2, 3.0 * p1, p0].map(T::of));
    let bottom_slope = size * horner(isa, z, &[6.0 * q3, 4.0 * q2, 2.0 * q1].map(T::of));
    let slope = (top_slope - top / bottom * bottom_slope) / bottom;
    if top >= bottom { T::zero() } else { slope }
}
