//! Linear regression: y = 2 x0 + 3 x1 + 4, from 100 noisy points.
//!
//! `cargo run --release --example linear_regression`

use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    /// One neuron without an activation.
    pub struct Line: [2] => [1] {
        Dense(1),
    }
}

fn main() -> plywood::Result<()> {
    let mut random = Stream::new(1);
    let x: Vec<[f32; 2]> = (0..100)
        .map(|_| [random.uniform() as f32, random.uniform() as f32])
        .collect();
    let y: Vec<[f32; 1]> = x
        .iter()
        .map(|[x0, x1]| [2.0 * x0 + 3.0 * x1 + 4.0 + 0.2 * random.normal() as f32])
        .collect();

    let mut model = Line::new(42);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let history = training.fit(
        &x,
        &y,
        Fit::new()
            .epochs(100)
            .batch_size(2)
            .verbose(Verbose::Silent),
    )?;

    println!("loss {:.4}", history.loss[99]);
    println!(
        "w    {:.3} and {:.3}",
        model.dense.kernel[[0, 0]],
        model.dense.kernel[[1, 0]]
    );
    println!("b    {:.3}", model.dense.bias[0]);
    println!(
        "{:.0} ns a step",
        history.seconds.iter().sum::<f64>() * 1e9 / (100.0 * 50.0)
    );
    Ok(())
}
