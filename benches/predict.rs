//! One prediction, and many: `cargo bench --bench predict`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plywood::prelude::*;
use std::hint::black_box;

sequential! {
    /// As small as networks in audio and control are.
    struct Tiny: [4] => [1] { Dense(16, tanh), Dense(16, tanh), Dense(1) }
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

fn predict(c: &mut Criterion) {
    let mut group = c.benchmark_group("predict");
    group.throughput(Throughput::Elements(1));
    let tiny = Tiny::new(1);
    group.bench_function("4-16-16-1 tanh", |b| {
        b.iter(|| tiny.predict(black_box(&[0.1, 0.2, 0.3, 0.4])));
    });
    let small = Small::new(1);
    group.bench_function("64-64-64-8 relu", |b| {
        b.iter(|| small.predict(black_box(&[0.1; 64])));
    });
    let fashion = FashionMlp::new(1);
    let images = vec![[[0.3; 28]; 28]; 256];
    group.bench_function("fashion, no zeros in the image", |b| {
        b.iter(|| fashion.predict(black_box(&images[0])));
    });
    group.throughput(Throughput::Elements(images.len() as u64));
    group.bench_function("fashion, 256 images", |b| {
        b.iter(|| fashion.predict_batch(black_box(&images)));
    });
    group.finish();
}

criterion_group!(benches, predict);
criterion_main!(benches);
