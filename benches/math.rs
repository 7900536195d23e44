//! Time of one elementary function on 4096 numbers, on every level that this processor has, next
//! to the functions of `std`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use num_traits::Float;
use plywood::math::Real;
use plywood::simd::{Isa, Job, Level, dispatch_on};
use std::hint::black_box;

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

fn function<T: Real, const FUNCTION: usize>(c: &mut Criterion, name: &str, std: fn(T) -> T) {
    let mut group = c.benchmark_group(format!("{name}/{}", T::NAME));
    group.throughput(Throughput::Elements(LEN as u64));
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

fn all<T: Real + Float>(c: &mut Criterion) {
    function::<T, EXP>(c, "exp", Float::exp);
    function::<T, SIGMOID>(c, "sigmoid", |x| T::one() / (T::one() + Float::exp(-x)));
    function::<T, TANH>(c, "tanh", Float::tanh);
}

fn benches(c: &mut Criterion) {
    all::<f32>(c);
    all::<f64>(c);
}

criterion_group!(math, benches);
criterion_main!(math);
