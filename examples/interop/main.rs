//! A model that Keras or PyTorch has trained, trained further here, and given back.
//!
//! ```sh
//! python examples/interop/with_keras.py train FOLDER     # or with_pytorch.py
//! cargo run --release --example interop FOLDER
//! python examples/interop/with_keras.py check FOLDER
//! ```

use plywood::prelude::*;
use std::array;
use std::path::PathBuf;

sequential! {
    /// The network of `with_keras.py` and `with_pytorch.py`.
    pub struct Lines: [1, 8, 8] => [3] {
        Conv2D(8, 3, padding = same, use_bias = false),
        BatchNormalization(momentum = 0.9, epsilon = 0.00001),
        Activation(relu),
        MaxPooling2D(2),
        Flatten,
        Dense(16, relu),
        Dense(3, softmax),
    }
}

type Picture = [[[f32; 8]; 8]; 1];

/// Pictures of a line on some noise: across, down or slanting.
fn data(count: usize) -> (Vec<Picture>, Vec<u8>) {
    let pixel = |k: usize, i: usize, j: usize| {
        let at = k / 3 % 8;
        let line = match k % 3 {
            0 => i == at,
            1 => j == at,
            _ => (8 + i - j) % 8 == at,
        };
        let noise = ((31 * i + 17 * j + 7 * k) % 23) as f32 / 46.0;
        if line { 1.0 } else { noise }
    };
    let picture = |k| [array::from_fn(|i| array::from_fn(|j| pixel(k, i, j)))];
    let classes = (0..count).map(|k| (k % 3) as u8);
    ((0..count).map(picture).collect(), classes.collect())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    let (x, y) = data(240);

    // What they have trained predicts the same here.
    let mut model = Lines::new(1);
    model.load_weights(folder.join("theirs.safetensors"))?;
    let theirs = std::fs::read_to_string(folder.join("theirs.csv"))?;
    let theirs = theirs.split([',', '\n']).filter(|n| !n.is_empty());
    let ours = model.predict_batch(&x);
    let mut difference = 0.0_f32;
    for (ours, theirs) in ours.iter().flatten().zip(theirs) {
        difference = difference.max((ours - theirs.trim().parse::<f32>()?).abs());
    }
    println!("they and Plywood differ by {difference:.1e} at most");
    assert!(difference < 1e-5);

    // It learns more here.
    let mut training = model
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy)
        .metrics(Accuracy);
    training.fit(&x, &y, Fit::new().epochs(5).verbose(Verbose::Lines))?;
    let score = training.evaluate(&x, &y)?;
    println!("accuracy {:.3}", score.metric("accuracy").unwrap_or(0.0));

    // And it goes back.
    model.save_weights(folder.join("ours.safetensors"))?;
    let lines: Vec<String> = model
        .predict_batch(&x)
        .iter()
        .map(|[a, b, c]| format!("{a},{b},{c}\n"))
        .collect();
    std::fs::write(folder.join("ours.csv"), lines.concat())?;
    Ok(())
}
