//! Exclusive or: four cases that no single neuron can tell apart, and a hidden layer can.
//!
//! `cargo run --release --example xor`

use plywood::prelude::*;

sequential! {
    /// Two inputs, eight hidden units, one probability.
    pub struct Xor: [2] => [1] {
        hidden: Dense(8, tanh),
        output: Dense(1, sigmoid),
    }
}

fn main() -> plywood::Result<()> {
    let x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let y = [[0.0], [1.0], [1.0], [0.0]];

    let mut model = Xor::new(42);
    println!("{}", model.summary());

    let mut training = model
        .compile(Adam::new(0.05), BinaryCrossentropy)
        .metrics(Accuracy);
    let settings = Fit::new()
        .epochs(300)
        .batch_size(4)
        .verbose(Verbose::Silent);
    let history = training.fit(&x, &y, settings)?;
    for epoch in [1, 10, 30, 100, 300] {
        println!("epoch {epoch:3}: loss {:.4}", history.loss[epoch - 1]);
    }

    for (inputs, [p]) in x.iter().zip(model.predict_batch(&x)) {
        let [a, b] = inputs;
        println!(
            "{a} xor {b} = {} (probability of 1: {p:.3})",
            u8::from(p > 0.5)
        );
    }
    Ok(())
}
