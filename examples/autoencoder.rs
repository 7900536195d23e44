//! Pictures squeezed through 32 numbers and drawn again from them.
//!
//! `examples/get-data.sh && cargo run --release --example autoencoder`
//!
//! Arguments: epochs (4), seed (42), threads (2).

use plywood::datasets::fashion_mnist;
use plywood::prelude::*;

sequential! {
    /// From a picture to 32 numbers.
    pub struct Encoder: [1, 28, 28] => [32] {
        Conv2D(8, 3, strides = 2, padding = same, activation = relu) => [8, 14, 14],
        Conv2D(16, 3, strides = 2, padding = same, activation = relu) => [16, 7, 7],
        Flatten,
        Dense(32),
    }
}

sequential! {
    /// From 32 numbers to a picture.
    pub struct Decoder: [32] => [1, 28, 28] {
        Dense(784, relu),
        Reshape([16, 7, 7]),
        Conv2DTranspose(16, 3, strides = 2, padding = same, activation = relu) => [16, 14, 14],
        Conv2DTranspose(8, 3, strides = 2, padding = same, activation = relu) => [8, 28, 28],
        Conv2D(1, 3, padding = same, activation = sigmoid),
    }
}

sequential! {
    /// Both: the target is the picture itself.
    pub struct Autoencoder: [1, 28, 28] => [1, 28, 28] {
        Encoder,
        Decoder,
    }
}

fn main() -> plywood::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: u64| {
        arguments
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(default)
    };
    let (epochs, seed, threads) = (next(4) as usize, next(42), next(2) as usize);

    let (train, test) = fashion_mnist::load()?;
    let pictures = |images: &[[[u8; 28]; 28]]| -> Vec<[[[f32; 28]; 28]; 1]> {
        let scaled: Vec<[[f32; 28]; 28]> = plywood::data::scale(images, 1.0 / 255.0);
        scaled.into_iter().map(|image| [image]).collect()
    };
    let (x, x_test) = (pictures(&train.images), pictures(&test.images));

    let mut model = Autoencoder::new(seed);
    println!("{}", model.summary());
    let mut training = model.compile(Adam::new(0.001), MeanSquaredError);
    let settings = Fit::new()
        .epochs(epochs)
        .batch_size(64)
        .seed(seed)
        .threads(threads);
    training.fit(&x, &x, settings)?;
    let score = training.evaluate(&x_test, &x_test)?;
    println!("test loss {:.5}", score.loss);

    for original in &x_test[..3] {
        let code = model.encoder.predict(original);
        let [drawn] = model.decoder.predict(&code);
        draw(&original[0], &drawn);
    }
    Ok(())
}

/// Two pictures in text, beside each other; two pixels above each other in each character.
fn draw(left: &[[f32; 28]; 28], right: &[[f32; 28]; 28]) {
    let line = |rows: &[[f32; 28]]| -> String {
        (0..28)
            .map(|x| {
                let dark = (rows[0][x] + rows[1][x]) / 2.0;
                [' ', '.', ':', '+', '*', '#', '@'][(dark * 6.99) as usize]
            })
            .collect()
    };
    for (left, right) in left.chunks(2).zip(right.chunks(2)) {
        println!("{}  {}", line(left), line(right));
    }
}
