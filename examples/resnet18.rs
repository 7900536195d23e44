//! ResNet-18 (He et al., 2015) in its published shape: summary, and a training step on random images.
//!
//! `cargo run --release --example resnet18`
//!
//! A block is `relu(x + f(x))`, f being two convolutions with batch normalisation. Where a stage halves the
//! image and doubles the channels, the input goes through a convolution of size 1 on its way around.

use plywood::prelude::*;
use plywood::random::Stream;
use std::time::Instant;

sequential! {
    /// Two blocks of 64 channels.
    pub struct Stage1: [64, 56, 56] => [64, 56, 56] {
        Residual(
            Conv2D(64, 3, padding = same, use_bias = false), BatchNormalization, Activation(relu),
            Conv2D(64, 3, padding = same, use_bias = false), BatchNormalization,
        ),
        Activation(relu),
        Residual(
            Conv2D(64, 3, padding = same, use_bias = false), BatchNormalization, Activation(relu),
            Conv2D(64, 3, padding = same, use_bias = false), BatchNormalization,
        ),
        Activation(relu),
    }
}

/// A stage of two blocks, the first of which halves the image.
macro_rules! stage {
    ($name:ident: [$from:literal, $height:literal, $width:literal] => [$to:literal, $h:literal, $w:literal]) => {
        sequential! {
            /// Two blocks.
            pub struct $name: [$from, $height, $width] => [$to, $h, $w] {
                Add(
                    [
                        Conv2D($to, 3, strides = 2, padding = same, use_bias = false),
                        BatchNormalization,
                        Activation(relu),
                        Conv2D($to, 3, padding = same, use_bias = false),
                        BatchNormalization,
                    ],
                    [
                        Conv2D($to, 1, strides = 2, use_bias = false),
                        BatchNormalization,
                    ],
                ),
                Activation(relu),
                Residual(
                    Conv2D($to, 3, padding = same, use_bias = false), BatchNormalization, Activation(relu),
                    Conv2D($to, 3, padding = same, use_bias = false), BatchNormalization,
                ),
                Activation(relu),
            }
        }
    };
}
stage!(Stage2: [64, 56, 56] => [128, 28, 28]);
stage!(Stage3: [128, 28, 28] => [256, 14, 14]);
stage!(Stage4: [256, 14, 14] => [512, 7, 7]);

sequential! {
    /// The classifier of a thousand classes.
    pub struct ResNet18: [3, 224, 224] => [1000] {
        Conv2D(64, 7, strides = 2, padding = same, use_bias = false),
        BatchNormalization,
        Activation(relu),
        MaxPooling2D(3, 2, same),
        Stage1,
        Stage2,
        Stage3,
        Stage4,
        GlobalAveragePooling2D,
        Dense(1000, softmax),
    }
}
// As published.
const _: () = assert!(ResNet18::PARAMS == 11_689_512);

fn main() -> plywood::Result<()> {
    let mut model = ResNet18::new(1);
    println!("{}", model.summary());

    let mut random = Stream::new(2);
    let mut image = || {
        let mut image = vec![[[[0.0; 224]; 224]; 3]];
        let pixels = image.iter_mut().flatten().flatten().flatten();
        pixels.for_each(|pixel| *pixel = random.uniform() as f32);
        image.remove(0)
    };
    let x = vec![image(), image(), image(), image()];
    let y: [u16; 4] = [0, 1, 2, 3];
    let mut training = model.compile(Sgd::new(0.01), SparseCategoricalCrossentropy);
    for step in 1..=2 {
        let start = Instant::now();
        let loss = training.train_on_batch(&x, &y)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("step {step}: loss {loss:.4}, {seconds:.2} s for 4 images");
    }
    Ok(())
}
