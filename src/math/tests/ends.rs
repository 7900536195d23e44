//! Special values, and the seams between formulas.

use super::Function::{Erf, Exp, ExpM1, FastTanh, Ln, Ln1p, Sigmoid, Tanh};
use super::{Real, levels, map, one};

fn check_special_values<T: Real>() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let values = [
        (
            Exp,
            [
                (0.0, 1.0),
                (-0.0, 1.0),
                (inf, inf),
                (-inf, 0.0),
                (1e4, inf),
                (-1e4, 0.0),
            ],
        ),
        (
            ExpM1,
            [
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, inf),
                (-inf, -1.0),
                (1e4, inf),
                (-1e4, -1.0),
            ],
        ),
        (
            Ln,
            [
                (0.0, -inf),
                (-0.0, -inf),
                (inf, inf),
                (-inf, nan),
                (1.0, 0.0),
                (-1e-30, nan),
            ],
        ),
        (
            Ln1p,
            [
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, inf),
                (-inf, nan),
                (-1.0, -inf),
                (-1.5, nan),
            ],
        ),
        (
            Tanh,
            [
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, 1.0),
                (-inf, -1.0),
                (1e4, 1.0),
                (-1e4, -1.0),
            ],
        ),
        (
            FastTanh,
            [
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, 1.0),
                (-inf, -1.0),
                (1e4, 1.0),
                (-1e4, -1.0),
            ],
        ),
        (
            Sigmoid,
            [
                (0.0, 0.5),
                (-0.0, 0.5),
                (inf, 1.0),
                (-inf, 0.0),
                (1e4, 1.0),
                (-1e4, 0.0),
            ],
        ),
        (
            Erf,
            [
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, 1.0),
                (-inf, -1.0),
                (1e4, 1.0),
                (-1e4, -1.0),
            ],
        ),
    ];
    for level in levels() {
        for (function, values) in values {
            for (x, expected) in values.into_iter().chain([(nan, nan)]) {
                let y = one::<T>(function, level, x).as_f64();
                let same = y.to_bits() == expected.to_bits() || y.is_nan() && expected.is_nan();
                assert!(same, "{function:?}({x}) on {level}: {y}, not {expected}");
            }
        }
    }
}

#[test]
fn special_values() {
    check_special_values::<f32>();
    check_special_values::<f64>();
}

/// Where one formula hands over to another, or one exponent to the next, nothing falls by more than
/// the errors of two neighbours.
fn check_seams<T: Real>() {
    let half_ln2 = core::f64::consts::LN_2 / 2.0;
    let seams = [
        (Exp, half_ln2),
        (Exp, -half_ln2),
        (ExpM1, half_ln2),
        (ExpM1, -half_ln2),
        (ExpM1, T::TINY.as_f64()),
        (Ln, core::f64::consts::SQRT_2),
        (Ln, core::f64::consts::FRAC_1_SQRT_2),
        (Ln, T::MIN_NORMAL.as_f64()),
        (Ln1p, core::f64::consts::SQRT_2 - 1.0),
        (Ln1p, 1.0),
        (Ln1p, T::HUGE.as_f64()),
        (Tanh, 0.55),
        (FastTanh, 7.2),
        (FastTanh, 8.0),
        (Sigmoid, 0.0),
        (Erf, 0.875),
        (Erf, T::ERF_HIGH.as_f64()),
    ];
    for level in levels() {
        for (function, seam) in seams {
            let size = if seam == 0.0 {
                T::MIN_NORMAL
            } else {
                T::of(seam).magnitude()
            };
            let step = size * epsilon();
            let x: Vec<T> = (-200..200)
                .map(|k| T::of(seam) + T::of(k.into()) * step)
                .collect();
            for pair in map(function, level, &x).windows(2) {
                let slack = pair[0].magnitude() * epsilon();
                assert!(
                    pair[1] >= pair[0] - slack - slack,
                    "{function:?} at {seam} on {level}"
                );
            }
        }
    }
}

#[test]
fn no_steps_down_at_the_seams() {
    check_seams::<f32>();
    check_seams::<f64>();
}

/// The distance from 1 to the next number.
fn epsilon<T: Real>() -> T {
    T::of(if size_of::<T>() == 4 {
        f32::EPSILON.into()
    } else {
        f64::EPSILON
    })
}
