//! VGG-16 (Simonyan and Zisserman, 2014) in its published shape: summary, and a training step on random
//! images. The model takes 553 MB.
//!
//! `cargo run --release --example vgg16`

use plywood::prelude::*;
use plywood::random::Stream;
use std::time::Instant;

sequential! {
    /// The classifier of a thousand classes.
    pub struct Vgg16: [3, 224, 224] => [1000] {
        Conv2D(64, 3, padding = same, activation = relu),
        Conv2D(64, 3, padding = same, activation = relu),
        MaxPooling2D(2),
        Conv2D(128, 3, padding = same, activation = relu),
        Conv2D(128, 3, padding = same, activation = relu),
        MaxPooling2D(2),
        Conv2D(256, 3, padding = same, activation = relu),
        Conv2D(256, 3, padding = same, activation = relu),
        Conv2D(256, 3, padding = same, activation = relu),
        MaxPooling2D(2),
        Conv2D(512, 3, padding = same, activation = relu),
        Conv2D(512, 3, padding = same, activation = relu),
        Conv2D(512, 3, padding = same, activation = relu),
        MaxPooling2D(2),
        Conv2D(512, 3, padding = same, activation = relu),
        Conv2D(512, 3, padding = same, activation = relu),
        Conv2D(512, 3, padding = same, activation = relu),
        MaxPooling2D(2) => [512, 7, 7],
        Flatten,
        Dense(4096, relu),
        Dense(4096, relu),
        Dense(1000, softmax),
    }
}
// As published.
const _: () = assert!(Vgg16::PARAMS == 138_357_544);

fn main() -> plywood::Result<()> {
    let mut model = Vgg16::new(1);
    println!("{}", model.summary());

    let mut random = Stream::new(2);
    let mut image = vec![[[[0.0; 224]; 224]; 3]];
    let pixels = image.iter_mut().flatten().flatten().flatten();
    pixels.for_each(|pixel| *pixel = random.uniform() as f32);
    let mut training = model.compile(Sgd::new(0.001), SparseCategoricalCrossentropy);
    for step in 1..=2 {
        let start = Instant::now();
        let loss = training.train_on_batch(&image, &[7_u16])?;
        let seconds = start.elapsed().as_secs_f64();
        println!("step {step}: loss {loss:.4}, {seconds:.2} s for 1 image");
    }
    Ok(())
}
