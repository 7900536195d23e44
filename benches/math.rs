//! Time of one elementary function on 4096 numbers, on every level that this processor has, next
//! to the functions of `std`: `cargo bench --bench math`.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use num_traits::Float;
use plywood::math::Real;
use plywood::simd::{Isa, Job, Level, dispatch_on};
use std::hint::black_box;
use support::{OfPeak, work};

const LEN: usize = 4096;

/// One function over a slice.
struct Map<'a, T, const FUNCTION: usize>(&'a [T], &'a mut [T]);

const EXP: usize = 0;
const SIGMOID: usize = 1;
const TANH: usize = 2;

impl<T: Real, const FUNCTION: usize> Job for Map<'_, T, FUNCTION> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        for (y, &x) in self.1.iter_mut().zip(self.0) {
            *y = match FUNCTION {
                EXP => <T as Real>::exp(isa, x),
                SIGMOID => T::sigmoid(isa, x),
                _ => <T as Real>::tanh(isa, x),
            };
        }
    }
}

/// About how many operations each takes: those on integers and comparisons count as one, too.
const OPERATIONS: [usize; 3] = [28, 34, 42];

fn function<T: Real, const FUNCTION: usize>(
    c: &mut Criterion<OfPeak>,
    name: &str,
    std: fn(T) -> T,
) {
    let mut group = c.benchmark_group(format!("{name}/{}", T::NAME));
    group.throughput(work(LEN * OPERATIONS[FUNCTION]));
    // From -6 to 6.
    let x: Vec<T> = (0..LEN)
        .map(|k| T::of(12.0 * k as f64 / LEN as f64 - 6.0))
        .collect();
    let mut y = vec![T::zero(); LEN];
    for level in Level::ALL.into_iter().filter(|level| level.available()) {
        group.bench_function(level.name(), |b| {
            b.iter(|| dispatch_on(level, Map::<T, FUNCTION>(black_box(&x), black_box(&mut y))));
        });
    }
    group.bench_function("std", |b| {
        b.iter(|| {
            for (y, &x) in black_box(&mut y).iter_mut().zip(black_box(&x)) {
                *y = std(x);
            }
        });
    });
    group.finish();
}

fn all<T: Real + Float>(c: &mut Criterion<OfPeak>) {
    function::<T, EXP>(c, "exp", Float::exp);
    function::<T, SIGMOID>(c, "sigmoid", |x| T::one() / (T::one() + Float::exp(-x)));
    function::<T, TANH>(c, "tanh", Float::tanh);
}

fn benches(c: &mut Criterion<OfPeak>) {
    all::<f32>(c);
    all::<f64>(c);
}

criterion_group! {
    name = math;
    config = Criterion::default().with_measurement(OfPeak::new());
    targets = benches
}
criterion_main!(math);
