//! Training on made-up data of the real sizes: `cargo bench --bench fit`. Times are those of one step
//! (linear and logistic regression) or of one sample (Fashion-MNIST), everything included.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use plywood::optimizers::Optimizer;
use plywood::prelude::*;
use plywood::random::Stream;
use std::time::{Duration, Instant};
use support::{OfPeak, work};

sequential! {
    /// Linear regression.
    struct Line: [2] => [1] { Dense(1) }
}
sequential! {
    /// Logistic regression.
    struct Logistic: [1] => [1] { Dense(1), Activation(sigmoid) }
}
sequential! {
    /// The classifier of the Keras introduction.
    struct FashionMlp: [28, 28] => [10] {
        Flatten,
        Dense(128, relu),
        Dense(256, relu),
        Dense(512, relu),
        Dense(10, softmax),
    }
}

sequential! {
    /// A small convolutional network.
    struct Cnn: [28, 28] => [10] {
        Reshape([1, 28, 28]),
        Conv2D(8, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(2),
        Flatten,
        Dense(10, softmax),
    }
}

sequential! {
    /// Pictures squeezed through 32 numbers: as many outputs as inputs.
    struct Autoencoder: [28, 28] => [28, 28] {
        Flatten,
        Dense(32, relu),
        Dense(784, sigmoid),
        Reshape([28, 28]),
    }
}

/// Operations of a sample: forward, the gradient by the weights, and by the inputs of all layers but the
/// first, which has so many multiply-adds.
const fn operations(macs: usize, first: usize) -> usize {
    2 * (3 * macs - first)
}

/// The time of a run, divided by what it did.
fn each(runs: u64, count: usize, mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..runs).for_each(|_| run());
    start.elapsed() / count as u32
}

/// So many epochs.
fn several<'a, X, Y>(epochs: usize, batch: usize) -> Fit<'a, X, Y> {
    let settings = Fit::new().epochs(epochs).batch_size(batch);
    settings.verbose(Verbose::Silent)
}

fn steps(c: &mut Criterion<OfPeak>) {
    const EPOCHS: usize = 20;
    let mut random = Stream::new(1);
    let mut group = c.benchmark_group("step");
    let x = [(); 2000].map(|()| [(); 2].map(|()| random.uniform() as f32));
    let y = x.map(|x| [2.0 * x[0] + 3.0 * x[1] + 4.0]);
    group.throughput(work(2 * operations(Line::MACS, Line::MACS)));
    group.bench_function("linear regression, batch 2", |b| {
        let mut model = Line::new(1);
        let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
        b.iter_custom(|runs| {
            each(runs, EPOCHS * 1000, || {
                training.fit(&x, &y, several(EPOCHS, 2)).expect("good data");
            })
        });
    });

    let x = [(); 2000].map(|()| [6.0 * random.uniform() as f32]);
    let y = x.map(|x| [f32::from(x[0] > 2.7)]);
    group.throughput(work(operations(Logistic::MACS, Logistic::MACS)));
    group.bench_function("logistic regression, batch 1", |b| {
        let mut model = Logistic::new(1);
        let mut training = model.compile(Sgd::new(0.05), BinaryCrossentropy);
        b.iter_custom(|runs| {
            each(runs, EPOCHS * 2000, || {
                training.fit(&x, &y, several(EPOCHS, 1)).expect("good data");
            })
        });
    });
    group.finish();
}

const SAMPLES: usize = 4096;
/// What `fit` does once, looking at all samples among it, is shared by several epochs, as in a training.
const EPOCHS: usize = 5;

/// Pictures and labels. Half of the pixels of the real pictures are black.
fn pictures() -> (Vec<[[f32; 28]; 28]>, Vec<u8>) {
    let mut random = Stream::new(2);
    let mut pixel = || (random.uniform() as f32 * 2.0 - 1.0).max(0.0);
    let x = (0..SAMPLES)
        .map(|_| std::array::from_fn(|_| std::array::from_fn(|_| pixel())))
        .collect();
    (x, (0..SAMPLES).map(|i| (i % 10) as u8).collect())
}

fn fashion(c: &mut Criterion<OfPeak>) {
    let (x, y) = pictures();
    let mut group = c.benchmark_group("fashion");
    group.sample_size(10);
    group.throughput(work(operations(FashionMlp::MACS, 784 * 128)));
    let mut bench = |name: String, optimizer: fn() -> Chosen, batch, threads| {
        group.bench_function(name, |b| {
            let mut model = FashionMlp::new(1);
            let mut fit = |settings: Fit<'_, _, _>| match optimizer() {
                Chosen::Sgd(o) => run(&mut model, o, &x, &y, settings),
                Chosen::Adam(o) => run(&mut model, o, &x, &y, settings),
            };
            b.iter_custom(|runs| {
                each(runs, EPOCHS * SAMPLES, || {
                    fit(several(EPOCHS, batch).threads(threads));
                })
            });
        });
    };
    for batch in [1, 8, 32, 128, 512] {
        bench(
            format!("batch {batch}"),
            || Chosen::Sgd(Sgd::new(0.01)),
            batch,
            1,
        );
    }
    for batch in [32, 128, 512] {
        let name = format!("batch {batch}, 2 threads");
        bench(name, || Chosen::Sgd(Sgd::new(0.01)), batch, 2);
    }
    let momentum = || Chosen::Sgd(Sgd::new(0.001).momentum(0.9));
    bench("batch 32, momentum".into(), momentum, 32, 1);
    bench(
        "batch 32, Adam".into(),
        || Chosen::Adam(Adam::new(1e-4)),
        32,
        1,
    );
    group.finish();
}

fn cnn(c: &mut Criterion<OfPeak>) {
    let (x, y) = pictures();
    let mut group = c.benchmark_group("small CNN");
    group.sample_size(10);
    group.throughput(work(operations(Cnn::MACS, 9 * 8 * 26 * 26)));
    for threads in [1, 2] {
        group.bench_function(format!("batch 32, {threads} threads"), |b| {
            let mut model = Cnn::new(1);
            let mut training = model.compile(Sgd::new(0.01), SparseCategoricalCrossentropy);
            b.iter_custom(|runs| {
                each(runs, EPOCHS * SAMPLES, || {
                    let settings = several(EPOCHS, 32).threads(threads);
                    training.fit(&x, &y, settings).expect("good data");
                })
            });
        });
    }
    group.finish();
}

fn autoencoder(c: &mut Criterion<OfPeak>) {
    let (x, _) = pictures();
    let mut group = c.benchmark_group("autoencoder");
    group.sample_size(10);
    group.throughput(work(operations(Autoencoder::MACS, 784 * 32)));
    group.bench_function("batch 32, binary cross-entropy", |b| {
        let mut model = Autoencoder::new(1);
        let mut training = model.compile(Sgd::new(0.01), BinaryCrossentropy);
        b.iter_custom(|runs| {
            each(runs, EPOCHS * SAMPLES, || {
                training
                    .fit(&x, &x, several(EPOCHS, 32))
                    .expect("good data");
            })
        });
    });
    group.finish();
}

enum Chosen {
    Sgd(Sgd),
    Adam(Adam),
}

fn run<O: Optimizer>(
    model: &mut FashionMlp,
    optimizer: O,
    x: &[[[f32; 28]; 28]],
    y: &[u8],
    settings: Fit<'_, [[f32; 28]; 28], u8>,
) {
    let mut training = model.compile(optimizer, SparseCategoricalCrossentropy);
    training.fit(x, y, settings).expect("good data");
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(OfPeak::new());
    targets = steps, fashion, cnn, autoencoder
}
criterion_main!(benches);
