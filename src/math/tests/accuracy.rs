//! Errors: `f32` against `std` in `f64`, `f64` against tables.

use super::Function::{self, Erf, Exp, ExpM1, FastTanh, Ln, Ln1p, Sigmoid, Tanh};
use super::{FUNCTIONS, levels, map, one, reference};
use crate::math::Real;
use crate::simd::{Level, exact as token};

fn widest() -> Level {
    levels().last().unwrap()
}

/// What `f32` is compared with: `std`, and for erf, which it lacks, the `f64` function here, itself
/// compared with a table.
fn exact(function: Function, x: &[f64]) -> Vec<f64> {
    let f = match function {
        Exp => f64::exp,
        ExpM1 => f64::exp_m1,
        Ln => f64::ln,
        Ln1p => f64::ln_1p,
        Tanh | FastTanh => f64::tanh,
        Sigmoid => |x: f64| 1.0 / (1.0 + (-x).exp()),
        Erf => return map(Erf, widest(), x),
    };
    x.iter().map(|&x| f(x)).collect()
}

/// |y - exact| in units of the last place that the exact result has in `f32`. An infinite y counts
/// as 2^128 if the exact result is not rounded to it; a wrong sign or a NaN is infinitely wrong.
fn ulp(y: f32, exact: f64) -> f64 {
    if y.is_nan() && exact.is_nan() || y.is_infinite() && y == exact as f32 {
        return 0.0;
    }
    if y.is_nan() || !exact.is_finite() || y.is_sign_negative() != exact.is_sign_negative() {
        return f64::INFINITY;
    }
    let size = if y.is_infinite() {
        2f64.powi(128)
    } else {
        y.abs().into()
    };
    let exponent = (exact.abs().to_bits() >> 52) as i32 - 1023;
    (size - exact.abs()).abs() / 2f64.powi(exponent.clamp(-126, 127) - 23)
}

/// The largest error over every `stride`th `f32`, with fused multiply-add and without.
fn largest_errors(function: Function, stride: usize) -> [(f64, f32); 2] {
    let mut largest = [(0.0, 0.0); 2];
    for block in (0..1u64 << 32).step_by(stride << 12) {
        let bits = (block..1 << 32).step_by(stride).take(1 << 12);
        let x: Vec<f32> = bits.map(|bits| f32::from_bits(bits as u32)).collect();
        let wide: Vec<f64> = x.iter().map(|&x| x.into()).collect();
        let exact = exact(function, &wide);
        for (largest, level) in largest.iter_mut().zip([widest(), Level::Plain]) {
            for ((&x, &exact), y) in x.iter().zip(&exact).zip(map(function, level, &x)) {
                let error = ulp(y, exact);
                if error > largest.0 {
                    *largest = (error, x);
                }
            }
        }
    }
    largest
}

fn check_f32(stride: usize) {
    std::thread::scope(|scope| {
        for (function, limit) in FUNCTIONS {
            scope.spawn(move || {
                let [fused, plain] = largest_errors(function, stride);
                println!("{function:?}: {fused:?} fused, {plain:?} plain");
                assert!(
                    fused.0 <= limit && plain.0 <= limit,
                    "{function:?}: {fused:?} {plain:?}"
                );
            });
        }
    });
}

#[test]
fn f32_is_accurate_on_every_1009th_number() {
    check_f32(1009);
}

#[test]
#[ignore = "eight minutes: `.ci/accuracy` runs it, after a change of a formula"]
fn f32_is_accurate_on_every_number() {
    check_f32(1);
}

#[test]
fn f64_is_accurate_on_the_tables() {
    for (function, table) in reference::TABLES {
        for &(x, exact) in table {
            for level in levels() {
                let y: f64 = one(function, level, x);
                let distance = (y.to_bits() as i64).wrapping_sub(exact.to_bits() as i64);
                assert!(
                    distance.abs() <= 2,
                    "{function:?}({x:?}) on {level}: {y:?}, not {exact:?}"
                );
            }
        }
    }
}

/// The largest error of `fast_tanh` over ascending numbers. Its results rise with them, but for what is
/// lost in rounding, are 1 from 8 on and never above, and have the sign of the number.
fn fast_tanh_error<T: Real>(level: Level, numbers: &[T], slack: f64) -> f64 {
    let y = map(FastTanh, level, numbers);
    let mirrored: Vec<T> = numbers.iter().map(|&x| -x).collect();
    let (mut largest, mut before) = (0f64, 0.0);
    for ((x, y), opposite) in numbers.iter().zip(y).zip(map(FastTanh, level, &mirrored)) {
        assert!(opposite == -y, "{x} on {level}: {y} and {opposite}");
        let (x, y) = (x.as_f64(), y.as_f64());
        assert!(
            y <= 1.0 && y >= before - slack,
            "{x} on {level}: {y} after {before}"
        );
        assert!(y == 1.0 || x < 8.0, "{x} on {level}: {y}");
        largest = largest.max((y - x.tanh()).abs());
        before = y;
    }
    largest
}

#[test]
fn fast_tanh_is_within_its_error() {
    let end = 100f32.to_bits();
    let single: Vec<f32> = (0..end).step_by(1009).map(f32::from_bits).collect();
    let double: Vec<f64> = single
        .iter()
        .map(|&x| f64::from(x) * (1.0 + 1e-9))
        .collect();
    for level in [widest(), Level::Plain] {
        let single = fast_tanh_error(level, &single, 2f64.powi(-21));
        let double = fast_tanh_error(level, &double, 2f64.powi(-51));
        println!("fast_tanh on {level}: {single:e} in f32, {double:e} in f64");
        assert!(
            single <= 1.4e-6 && double <= 1.2e-6,
            "{level}: {single:e}, {double:e}"
        );
    }
}

#[test]
fn the_slope_of_fast_tanh_is_its_own() {
    let step = 1e-5;
    for i in -9000..=9000 {
        let x = f64::from(i) * 1e-3;
        let f = |x| f64::fast_tanh(token(), x);
        let (difference, slope) = (f(x + step) - f(x - step), f64::fast_tanh_slope(token(), x));
        let error = (difference / (2.0 * step) - slope).abs();
        // Where it is cut off, the slope falls from 4e-6 to 0.
        let allowed = if (7.1..7.3).contains(&x.abs()) {
            1e-5
        } else {
            1e-9
        };
        assert!(error < allowed, "{x}: {slope}, off by {error:e}");
    }
    let ends = [f64::INFINITY, -f64::INFINITY, f64::NAN].map(|x| f64::fast_tanh_slope(token(), x));
    assert!(ends[0] == 0.0 && ends[1] == 0.0 && ends[2].is_nan());
}
