//! All functions on all levels: `accuracy` compares them with `std` and with tables, `ends` looks
//! at special values and at the seams between formulas, and here the levels are compared.

mod accuracy;
mod ends;
mod reference;

use super::Real;
use crate::simd::{Isa, Job, Level, dispatch_on};
use Function::{Erf, Exp, ExpM1, FastTanh, Ln, Ln1p, Sigmoid, Tanh};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Exp,
    ExpM1,
    Ln,
    Ln1p,
    Tanh,
    FastTanh,
    Sigmoid,
    Erf,
}

/// Every function, and the error that it may have in `f32`, in ulp.
const FUNCTIONS: [(Function, f64); 8] = [
    (Exp, 1.5),
    (ExpM1, 2.5),
    (Ln, 1.5),
    (Ln1p, 2.5),
    (Tanh, 1.5),
    (FastTanh, 95.0),
    (Sigmoid, 2.5),
    (Erf, 3.0),
];

/// A function on each of a slice.
struct Map<'a, T>(Function, &'a [T], &'a mut [T]);

impl<T: Real> Job for Map<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Map(function, x, y) = self;
        match function {
            Exp => each(x, y, |x| T::exp(isa, x)),
            ExpM1 => each(x, y, |x| T::exp_m1(isa, x)),
            Ln => each(x, y, |x| T::ln(isa, x)),
            Ln1p => each(x, y, |x| T::ln_1p(isa, x)),
            Tanh => each(x, y, |x| T::tanh(isa, x)),
            FastTanh => each(x, y, |x| T::fast_tanh(isa, x)),
            Sigmoid => each(x, y, |x| T::sigmoid(isa, x)),
            Erf => each(x, y, |x| T::erf(isa, x)),
        }
    }
}

#[inline(always)]
fn each<T: Real>(x: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f(x);
    }
}

fn map<T: Real>(function: Function, level: Level, x: &[T]) -> Vec<T> {
    let mut y = vec![T::zero(); x.len()];
    dispatch_on(level, Map(function, x, &mut y));
    y
}

fn one<T: Real>(function: Function, level: Level, x: f64) -> T {
    map(function, level, &[T::of(x)])[0]
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.available())
}

fn check_levels<T: Real>() {
    // Golden-ratio steps through an interval, and the same numbers over many exponents.
    let near = (0..50_000).map(|k| (f64::from(k) * 0.618_034).fract() * 60.0 - 30.0);
    let far = near.clone().map(|x| x.signum() * (3.0 * x).exp2());
    let x: Vec<T> = near.chain(far).map(T::of).collect();
    let bits = |y: &T| {
        if y.as_f64().is_nan() {
            f64::NAN.to_bits()
        } else {
            y.as_f64().to_bits()
        }
    };
    for (function, _) in FUNCTIONS {
        let expected = map(function, Level::Fused, &x);
        for level in levels().filter(|level| level.fused()) {
            let y = map(function, level, &x);
            for ((x, expected), y) in x.iter().zip(&expected).zip(&y) {
                assert_eq!(bits(y), bits(expected), "{function:?}({x}) on {level}");
            }
        }
    }
}

#[test]
fn every_fused_level_gives_the_same_bits() {
    check_levels::<f32>();
    check_levels::<f64>();
}
