//! Logistic regression: does a student pass, after so many hours of learning?
//!
//! `cargo run --release --example logistic_regression`
//!
//! The likelihood is largest at w = 1.505, b = -4.078. Steps of one sample at a constant rate do not
//! come to rest there: over 400 pairs of seeds the median of w is 1.519, and 90 % lie between 1.43
//! and 1.61.

use plywood::prelude::*;

sequential! {
    /// One neuron, and the sigmoid as a layer of its own.
    pub struct Exam: [1] => [1] {
        Dense(1),
        Activation(sigmoid),
    }
}

const HOURS: [f32; 20] = [
    0.50, 0.75, 1.00, 1.25, 1.50, 1.75, 1.75, 2.00, 2.25, 2.50, //
    2.75, 3.00, 3.25, 3.50, 4.00, 4.25, 4.50, 4.75, 5.00, 5.50,
];
const PASSED: [f32; 20] = [
    0., 0., 0., 0., 0., 0., 1., 0., 1., 0., //
    1., 0., 1., 0., 1., 1., 1., 1., 1., 1.,
];

fn main() -> plywood::Result<()> {
    let x = HOURS.map(|hours| [hours]);
    let y = PASSED.map(|passed| [passed]);

    let mut model = Exam::new(42);
    let mut training = model
        .compile(Sgd::new(0.05), BinaryCrossentropy)
        .metrics(Accuracy);
    let settings = Fit::new()
        .epochs(3000)
        .batch_size(1)
        .seed(10)
        .verbose(Verbose::Silent);
    training.fit(&x, &y, settings)?;
    let score = training.evaluate(&x, &y)?;

    println!("w        {:.3}", model.dense.kernel[[0, 0]]);
    println!("b        {:.3}", model.dense.bias[0]);
    println!("loss     {:.4}", score.loss);
    println!(
        "accuracy {:.2}",
        score.metric("accuracy").unwrap_or_default()
    );
    for hours in [1.0, 2.0, 3.0, 4.0, 5.0] {
        let [p] = model.predict(&[hours]);
        println!("{hours} hours: passes with probability {p:.2}");
    }
    Ok(())
}
