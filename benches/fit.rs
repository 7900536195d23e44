//! Whole epochs of training, on made-up data of the real sizes: `cargo bench --bench fit`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use plywood::prelude::*;
use plywood::random::Stream;

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

fn fit(c: &mut Criterion) {
    let mut random = Stream::new(1);
    let mut group = c.benchmark_group("fit");

    let x: Vec<[f32; 2]> = (0..100).map(|_| [random.uniform() as f32; 2]).collect();
    let y: Vec<[f32; 1]> = x.iter().map(|x| [2.0 * x[0] + 3.0 * x[1] + 4.0]).collect();
    group.throughput(Throughput::Elements(100 * 50));
    group.bench_function("steps of linear regression, batch 2", |b| {
        b.iter_batched_ref(
            || Line::new(1),
            |model| {
                let settings = Fit::new()
                    .epochs(100)
                    .batch_size(2)
                    .verbose(Verbose::Silent);
                model
                    .compile(Sgd::new(0.1), MeanSquaredError)
                    .fit(&x, &y, settings)
            },
            BatchSize::SmallInput,
        );
    });

    let x: Vec<[f32; 1]> = (0..20).map(|i| [i as f32 / 4.0]).collect();
    let y: Vec<[f32; 1]> = (0..20).map(|i| [f32::from(i >= 10)]).collect();
    group.throughput(Throughput::Elements(100 * 20));
    group.bench_function("steps of logistic regression, batch 1", |b| {
        b.iter_batched_ref(
            || Logistic::new(1),
            |model| {
                let settings = Fit::new()
                    .epochs(100)
                    .batch_size(1)
                    .verbose(Verbose::Silent);
                model
                    .compile(Sgd::new(0.05), BinaryCrossentropy)
                    .fit(&x, &y, settings)
            },
            BatchSize::SmallInput,
        );
    });

    // Half of the pixels of the real pictures are black.
    let mut pixel = || (random.uniform() as f32 * 2.0 - 1.0).max(0.0);
    let x: Vec<[[f32; 28]; 28]> = (0..4096)
        .map(|_| std::array::from_fn(|_| std::array::from_fn(|_| pixel())))
        .collect();
    let labels: Vec<u8> = (0..4096).map(|i| (i % 10) as u8).collect();
    group.throughput(Throughput::Elements(4096));
    group.sample_size(20);
    for batch in [1, 8, 32, 128] {
        group.bench_function(format!("samples of Fashion-MNIST, batch {batch}"), |b| {
            b.iter_batched_ref(
                || FashionMlp::new(1),
                |model| {
                    let settings = Fit::new().batch_size(batch).verbose(Verbose::Silent);
                    let mut training = model.compile(Sgd::new(0.01), SparseCategoricalCrossentropy);
                    training.fit(&x, &labels, settings)
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, fit);
criterion_main!(benches);
