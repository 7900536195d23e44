//! The kernels on the layers of a 784-128-256-512-10 classifier, beside `matrixmultiply` and beside
//! what the processor can do at best, and the weight gradient with each optimiser's rule:
//! `cargo bench --bench kernels`.
//!
//! Everything is counted in floating-point operations, two for each product, so that the figures
//! compare across kernels and sizes. `PLYWOOD_ISA` chooses the instruction set.

mod support;

use criterion::{Bencher, BenchmarkId, Criterion, criterion_group, criterion_main};
use plywood::kernels::Element;
use plywood::kernels::rule::{Adam, Add, Fused, Momentum};
use plywood::rows::{Rows, RowsMut, padded};
use plywood::simd::{Isa, Job, Level, dispatch};
use std::hint::black_box;
use support::numbers::{Numbers, numbers};
use support::{OfPeak, work};

const LAYERS: [[usize; 2]; 4] = [[784, 128], [128, 256], [256, 512], [512, 10]];
const BATCHES: [usize; 3] = [1, 32, 256];

/// A layer with a batch: no input is zero, so that nothing can be skipped.
struct Layer {
    k: usize,
    n: usize,
    batch: usize,
    x: Numbers,
    w: Numbers,
    b: Numbers,
    y: Numbers,
    dz: Numbers,
    dx: Numbers,
}

impl Layer {
    fn new([k, n]: [usize; 2], batch: usize) -> Self {
        Self {
            k,
            n,
            batch,
            x: numbers(batch, k),
            w: numbers(k, n),
            b: numbers(1, n),
            y: numbers(batch, n),
            dz: numbers(batch, n),
            dx: numbers(batch, k),
        }
    }

    fn operations(&self) -> usize {
        2 * self.k * self.n * self.batch
    }

    fn name(&self) -> String {
        format!("{}x{}/{}", self.k, self.n, self.batch)
    }
}

struct Forward<'a>(&'a mut Layer);

impl Job for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Layer {
            k, n, x, w, b, y, ..
        } = self.0;
        f32::affine(
            isa,
            Rows::new(x, *k),
            w,
            Some(b),
            false,
            RowsMut::new(y, *n),
        );
    }
}

struct InputGrad<'a>(&'a mut Layer);

impl Job for InputGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Layer {
            k, n, w, dz, dx, ..
        } = self.0;
        f32::affine_input_grad(isa, Rows::new(dz, *n), w, None, RowsMut::new(dx, *k));
    }
}

struct WeightGrad<'a>(&'a mut Layer, Fused<f32>, &'a mut [f32]);

impl Job for WeightGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let WeightGrad(Layer { k, n, x, w, dz, .. }, rule, slots) = self;
        let (x, dz) = (Rows::new(x, *k), Rows::new(dz, *n));
        f32::affine_weight_grad(isa, x, 0, dz, rule, w, slots);
    }
}

/// Plain gradient descent. (The weights grow with each call, but by far not to infinity.)
const SGD: Fused<f32> = Fused::Add(Add);

/// `c = alpha a b + beta c`, with row and column strides.
fn sgemm(
    [m, k, n]: [usize; 3],
    alpha: f32,
    (a, sa): (&[f32], [usize; 2]),
    (b, sb): (&[f32], [usize; 2]),
    beta: f32,
    (c, sc): (&mut [f32], [usize; 2]),
) {
    assert!(a.len() > (m - 1) * sa[0] + (k - 1) * sa[1]);
    assert!(b.len() > (k - 1) * sb[0] + (n - 1) * sb[1]);
    assert!(c.len() > (m - 1) * sc[0] + (n - 1) * sc[1]);
    let s = |s: usize| s as isize;
    // SAFETY: the last element of each matrix has just been found inside its slice.
    #[allow(unsafe_code)] // a C-like interface
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            alpha,
            a.as_ptr(),
            s(sa[0]),
            s(sa[1]),
            b.as_ptr(),
            s(sb[0]),
            s(sb[1]),
            beta,
            c.as_mut_ptr(),
            s(sc[0]),
            s(sc[1]),
        );
    }
}

fn forward_mm(layer: &mut Layer) {
    let Layer {
        k,
        n,
        batch,
        x,
        w,
        b,
        y,
        ..
    } = layer;
    let (pk, pn) = (padded(*k), padded(*n));
    for row in y.chunks_exact_mut(pn) {
        row.copy_from_slice(b);
    }
    sgemm(
        [*batch, *k, *n],
        1.0,
        (x, [pk, 1]),
        (w, [pn, 1]),
        1.0,
        (y, [pn, 1]),
    );
}

fn input_grad_mm(layer: &mut Layer) {
    let Layer {
        k,
        n,
        batch,
        w,
        dz,
        dx,
        ..
    } = layer;
    let (pk, pn) = (padded(*k), padded(*n));
    sgemm(
        [*batch, *n, *k],
        1.0,
        (dz, [pn, 1]),
        (w, [1, pn]),
        0.0,
        (dx, [pk, 1]),
    );
}

fn weight_grad_mm(layer: &mut Layer) {
    let Layer {
        k,
        n,
        batch,
        x,
        w,
        dz,
        ..
    } = layer;
    let (pk, pn) = (padded(*k), padded(*n));
    sgemm(
        [*k, *batch, *n],
        -1e-30,
        (x, [1, pk]),
        (dz, [pn, 1]),
        1.0,
        (w, [pn, 1]),
    );
}

type Run = fn(&mut Layer);

fn kernels(criterion: &mut Criterion<OfPeak>) {
    let all: [(&str, Run, Run); 3] = [
        ("forward", |layer| dispatch(Forward(layer)), forward_mm),
        (
            "input_grad",
            |layer| dispatch(InputGrad(layer)),
            input_grad_mm,
        ),
        (
            "weight_grad",
            |layer| dispatch(WeightGrad(layer, SGD, &mut [])),
            weight_grad_mm,
        ),
    ];
    for (kernel, own, yardstick) in all {
        let mut group = criterion.benchmark_group(kernel);
        for batch in BATCHES {
            for shape in LAYERS {
                let mut layer = Layer::new(shape, batch);
                group.throughput(work(layer.operations()));
                let mut bench = |name: &str, run: Run| {
                    let id = BenchmarkId::new(name, layer.name());
                    group.bench_function(id, |b: &mut Bencher<OfPeak>| {
                        b.iter(|| run(black_box(&mut layer)))
                    });
                };
                bench(Level::current().name(), own);
                bench("matrixmultiply", yardstick);
            }
        }
    }
}

/// The weight gradient, handed to each rule that it takes along.
fn rules(criterion: &mut Criterion<OfPeak>) {
    let (rate, keep) = (1e-30, 1.0);
    let rules = [
        ("sgd", SGD),
        (
            "momentum",
            Fused::Momentum(Momentum {
                rate,
                momentum: 0.9,
                nesterov: false,
                l2: 0.0,
                keep,
                settles: false,
            }),
        ),
        (
            "adam",
            Fused::Adam(Adam {
                rate,
                fade_1: 0.1,
                fade_2: 0.001,
                epsilon: 1e-7,
                keep,
                settles: false,
            }),
        ),
    ];
    let mut group = criterion.benchmark_group("rules");
    let mut layer = Layer::new([256, 512], 32);
    let mut slots = vec![1e-6; 2 * layer.w.len()];
    group.throughput(work(layer.operations()));
    for (name, rule) in rules {
        group.bench_function(name, |b| {
            b.iter(|| dispatch(WeightGrad(black_box(&mut layer), rule, &mut slots)));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(OfPeak::new());
    targets = kernels, rules
}
criterion_main!(benches);
