//! A convolutional network for the pictures of `fashion_mnist`.
//!
//! `examples/get-data.sh && cargo run --release --example fashion_cnn`
//!
//! Arguments: epochs (15), seed (42), threads (2).

use plywood::datasets::fashion_mnist;
use plywood::prelude::*;
use std::time::Instant;

sequential! {
    /// Two pairs of convolutions, each halved by pooling, and a classifier on top.
    pub struct FashionCnn: [28, 28] => [10] {
        Reshape([1, 28, 28]),
        Conv2D(32, 3, padding = same, activation = relu, kernel_initializer = he_normal),
        Conv2D(32, 3, activation = relu, kernel_initializer = he_normal),
        MaxPooling2D(2),
        Dropout(0.25),
        Conv2D(64, 3, padding = same, activation = relu, kernel_initializer = he_normal),
        Conv2D(64, 3, activation = relu, kernel_initializer = he_normal),
        MaxPooling2D(2),
        Dropout(0.25),
        Flatten,
        Dense(256, relu, kernel_initializer = he_normal),
        Dropout(0.5),
        Dense(10, softmax),
    }
}
const _: () = assert!(FashionCnn::PARAMS <= 500_000);

fn main() -> plywood::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: u64| {
        arguments
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(default)
    };
    let (epochs, seed, threads) = (next(15) as usize, next(42), next(2) as usize);

    let (train, test) = fashion_mnist::load()?;
    let x: Vec<[[f32; 28]; 28]> = plywood::data::scale(&train.images, 1.0 / 255.0);
    let x_test: Vec<[[f32; 28]; 28]> = plywood::data::scale(&test.images, 1.0 / 255.0);

    let mut model = FashionCnn::new(seed);
    println!("{}", model.summary());
    let start = Instant::now();
    let mut training = model
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy)
        .metrics(Accuracy);
    let settings = Fit::new()
        .epochs(epochs)
        .batch_size(64)
        .seed(seed)
        .threads(threads)
        .validation_data(&x_test, &test.labels)
        // Smaller steps from two thirds of the way on.
        .callback(LearningRateScheduler::new(move |epoch, rate| {
            if 3 * epoch >= 2 * epochs {
                rate * 0.6
            } else {
                rate
            }
        }));
    training.fit(&x, &train.labels, settings)?;
    let score = training.evaluate(&x_test, &test.labels)?;
    println!(
        "test loss {:.4}, test accuracy {:.4}, trained in {:.0} s",
        score.loss,
        score.metric("accuracy").unwrap_or_default(),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
