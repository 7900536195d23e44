//! The classifier of the Keras introduction, on 70,000 pictures of clothes.
//!
//! `examples/get-data.sh && cargo run --release --example fashion_mnist`

use plywood::datasets::fashion_mnist::{self, CLASSES};
use plywood::prelude::*;

sequential! {
    /// The classifier of the Keras introduction.
    pub struct FashionMlp: [28, 28] => [10] {
        Flatten,
        Dense(128, relu),
        Dense(256, relu),
        Dense(512, relu),
        Dense(10, softmax),
    }
}

fn main() -> plywood::Result<()> {
    let epochs = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(20);
    let seed = std::env::args()
        .nth(2)
        .and_then(|n| n.parse().ok())
        .unwrap_or(42);

    let (train, test) = fashion_mnist::load()?;
    let x: Vec<[[f32; 28]; 28]> = plywood::data::scale(&train.images, 1.0 / 255.0);
    let x_test: Vec<[[f32; 28]; 28]> = plywood::data::scale(&test.images, 1.0 / 255.0);
    let y: Vec<[f32; 10]> = plywood::data::to_categorical(&train.labels)?;
    let y_test: Vec<[f32; 10]> = plywood::data::to_categorical(&test.labels)?;

    let mut model = FashionMlp::new(seed);
    println!("{}", model.summary());
    let mut training = model
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .metrics(Accuracy);
    training.fit(&x, &y, Fit::new().epochs(epochs).batch_size(32).seed(seed))?;
    let score = training.evaluate(&x_test, &y_test)?;
    println!(
        "test loss {:.4}, test accuracy {:.4}",
        score.loss,
        score.metric("accuracy").unwrap_or_default()
    );

    for (i, image) in x_test.iter().enumerate().take(3) {
        let p = model.predict(image);
        let class = (0..10).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap_or(0);
        draw(&test.images[i]);
        println!(
            "predicted {} ({:.0} %), true {}",
            CLASSES[class],
            100.0 * p[class],
            CLASSES[usize::from(test.labels[i])]
        );
    }
    Ok(())
}

/// A picture in text, two pixels above each other in each character.
fn draw(pixels: &[[u8; 28]; 28]) {
    for rows in pixels.chunks(2) {
        let line: String = (0..28)
            .map(|x| {
                let dark = (u32::from(rows[0][x]) + u32::from(rows[1][x])) / 2;
                [' ', '.', ':', '+', '*', '#', '@'][dark as usize * 7 / 256]
            })
            .collect();
        println!("{line}");
    }
}
