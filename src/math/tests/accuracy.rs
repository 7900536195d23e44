//! Errors: `f32` against `std` in `f64`, `f64` against tables.

use super::Function::{self, Erf, Exp, ExpM1, Ln, Ln1p, Sigmoid, Tanh};
use super::{FUNCTIONS, levels, map, one, reference};
use crate::simd::Level;

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
        Tanh => f64::tanh,
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
