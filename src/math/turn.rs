//! Sine and cosine of parts of a turn.

use super::{Real, horner};
use crate::simd::Isa;

/// The coefficients of the sine of half the angle, the highest power's first, and those of its cosine:
/// Taylor's, whose rest is below 1e-9 up to a quarter of a turn.
const SINE: [f64; 8] = taylor(1);
const COSINE: [f64; 8] = taylor(0);

const fn taylor(first: usize) -> [f64; 8] {
    let mut coefficients = [0.0; 8];
    let (mut i, mut term) = (
        0,
        if first == 1 {
            core::f64::consts::PI
        } else {
            1.0
        },
    );
    while i < 8 {
        coefficients[7 - i] = term;
        let n = (2 * i + first) as f64;
        term *= -core::f64::consts::PI * core::f64::consts::PI / ((n + 1.0) * (n + 2.0));
        i += 1;
    }
    coefficients
}

/// Cosine and sine of `t` turns, from -1/2 to 1/2, to about nine decimal places (or what `T` has).
#[inline(always)]
pub(crate) fn turn<T: Real, I: Isa>(isa: I, t: T) -> [T; 2] {
    let square = t * t;
    // Of half the angle, which is at most a quarter of a turn.
    let sine = t * horner(isa, square, &SINE.map(T::of));
    let cosine = horner(isa, square, &COSINE.map(T::of));
    [
        T::fma(isa, T::of(-2.0) * sine, sine, T::one()),
        T::of(2.0) * sine * cosine,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::exact;

    #[test]
    fn is_near_those_of_std() {
        for i in -5000..=5000 {
            let t = f64::from(i) / 10_000.0;
            let angle = 2.0 * core::f64::consts::PI * t;
            let [cosine, sine] = turn(exact(), t);
            let off = (cosine - angle.cos()).abs().max((sine - angle.sin()).abs());
            assert!(off < 2e-9, "{t} turns: {cosine} and {sine}, off by {off}");
            let [cosine, sine] = turn(exact(), t as f32);
            let off = (f64::from(cosine) - angle.cos()).abs();
            let off = off.max((f64::from(sine) - angle.sin()).abs());
            assert!(off < 1e-6, "{t} turns: {cosine} and {sine}, off by {off}");
        }
    }
}
