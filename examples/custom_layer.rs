//! A layer of one's own: a scale and a shift for each number, both learnt. Its gradients are
//! checked in `f64`; then it calibrates three sensors in `f32`, and is written as ONNX.
//!
//! `cargo run --release --example custom_layer`

use plywood::layer::{Backward, Kept, Update};
use plywood::onnx::{Graph, Values};
use plywood::prelude::*;
use plywood::random::Stream;

/// y = scale x + shift, number by number, for an input of any shape.
pub struct Affine;

/// Its weights: a factor and a summand for each number.
#[derive(Weights)]
pub struct AffineWeights<T: Element, N: Dim> {
    /// The factors.
    pub scale: Vector<T, N>,
    /// The summands.
    pub shift: Vector<T, N>,
}

impl<T: Element, S: Shape> Layer<T, S> for Affine {
    type Output = S;
    type Weights = AffineWeights<T, S::Size>;
    type Head = AnyHead;
    /// Threads may share its passes.
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, _: &mut Init) {
        weights.scale.fill(T::one());
    }
    fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            (0..y.len()).for_each(|i| y[i] = weights.scale[i] * x[i] + weights.shift[i]);
        }
    }
    fn backward<I: Isa>(_: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            (0..dx.len()).for_each(|i| dx[i] = weights.scale[i] * dy[i]);
        }
    }
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        update.tensor(isa, &mut weights.scale, |gradient| {
            for (x, dy) in kept.x.iter().zip(kept.dz.iter()) {
                (0..x.len()).for_each(|i| gradient[i] += x[i] * dy[i]);
            }
        });
        update.tensor(isa, &mut weights.shift, |gradient| {
            for dy in kept.dz.iter() {
                (0..dy.len()).for_each(|i| gradient[i] += dy[i]);
            }
        });
    }
    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> plywood::Result<()> {
        let scale = graph.tensor("scale", Values::per_number::<S, T>(&weights.scale));
        let shift = graph.tensor("shift", Values::per_number::<S, T>(&weights.shift));
        graph.apply("Mul", &[scale], &[]);
        graph.apply("Add", &[shift], &[]);
        Ok(())
    }
}

sequential! {
    /// The layer between others, to check that gradients pass through it.
    pub struct Checked<T>: [3] => [2] { Affine, Dense(4, tanh), Affine, Dense(2) }
}
sequential! {
    /// From the readings of three sensors to what they should have read.
    pub struct Calibration: [3] => [3] { sensors: Affine }
}

fn main() -> plywood::Result<()> {
    let x = [[0.3, -0.2, 0.9], [-1.0, 0.5, 0.1]];
    match plywood::gradients::check(&mut *Checked::<f64>::new(1), &x) {
        Ok(()) => println!("backward is the derivative of forward"),
        Err(wrong) => println!("{wrong}"),
    }
    let mut random = Stream::new(1);
    let x = [(); 200].map(|()| [(); 3].map(|()| random.normal() as f32));
    let y = x.map(|[a, b, c]| [1.8 * a + 32.0, 0.5 * b, c - 4.0]);
    let mut model = Calibration::new(42);
    let mut training = model.compile(Sgd::new(0.3), MeanSquaredError);
    training.fit(&x, &y, Fit::new().epochs(50).verbose(Verbose::Silent))?;
    println!("scale {:.3?}", &model.sensors.scale[..]);
    println!("shift {:.3?}", &model.sensors.shift[..]);
    println!("{} bytes of ONNX", model.to_onnx_bytes()?.len());
    Ok(())
}
