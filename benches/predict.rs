//! One prediction, and many: `cargo bench --bench predict`.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use plywood::prelude::*;
use std::hint::black_box;
use support::{OfPeak, work};

sequential! {
    /// As small as networks in audio and control are.
    struct Tiny: [4] => [1] { Dense(16, tanh), Dense(16, tanh), Dense(1) }
}
sequential! {
    /// The same with less of tanh's digits.
    struct TinyFast: [4] => [1] { Dense(16, fast_tanh), Dense(16, fast_tanh), Dense(1) }
}
sequential! {
    /// The policy of a small robot.
    struct Small: [64] => [8] { Dense(64, relu), Dense(64, relu), Dense(8) }
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

fn predict(c: &mut Criterion<OfPeak>) {
    let mut group = c.benchmark_group("predict");
    group.throughput(work(2 * Tiny::MACS));
    let tiny = Tiny::new(1);
    group.bench_function("4-16-16-1 tanh", |b| {
        b.iter(|| tiny.predict(black_box(&[0.1, 0.2, 0.3, 0.4])));
    });
    let tiny = TinyFast::new(1);
    group.bench_function("4-16-16-1 fast_tanh", |b| {
        b.iter(|| tiny.predict(black_box(&[0.1, 0.2, 0.3, 0.4])));
    });
    group.throughput(work(2 * Small::MACS));
    let small = Small::new(1);
    let mut sensors = [0.0; 64];
    for (i, x) in sensors.iter_mut().enumerate() {
        *x = (i as f32).sin();
    }
    group.bench_function("64-64-64-8 relu", |b| {
        b.iter(|| small.predict(black_box(&sensors)));
    });
    group.throughput(work(2 * FashionMlp::MACS));
    let fashion = FashionMlp::new(1);
    let images = vec![[[0.3; 28]; 28]; 256];
    group.bench_function("fashion, no zeros in the image", |b| {
        b.iter(|| fashion.predict(black_box(&images[0])));
    });
    // As in the real pictures.
    let mut half = [[0.3; 28]; 28];
    half.as_flattened_mut()[..392].fill(0.0);
    group.bench_function("fashion, half of the image zeros", |b| {
        b.iter(|| fashion.predict(black_box(&half)));
    });
    group.throughput(work(2 * Cnn::MACS));
    let cnn = Cnn::new(1);
    group.bench_function("small CNN", |b| {
        b.iter(|| cnn.predict(black_box(&images[0])));
    });
    group.throughput(work(2 * FashionMlp::MACS * images.len()));
    for threads in [1, 2] {
        group.bench_function(format!("fashion, 256 images, {threads} threads"), |b| {
            b.iter(|| fashion.predict_batch_threads(black_box(&images), threads));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(OfPeak::new());
    targets = predict
}
criterion_main!(benches);
