//! Gradients to look at, and the check that they are right.
//!
//! Training never makes a list of gradients; a layer of your own should be checked with one.
//!
//! ```
//! use plywood::prelude::*;
//! use plywood::gradients;
//! sequential! {
//!     struct Net<T>: [3] => [2] { Dense(5, tanh), Dense(2) }
//! }
//! let mut net = Net::<f64>::new(1);
//! let x = [[0.3, -0.2, 0.9], [-1.0, 0.5, 0.1]];
//! gradients::check(&mut *net, &x).expect("backward is the derivative of forward");
//! ```

use crate::cast::Plain;
use crate::kernels::Element;
use crate::kernels::rule::{Fused, Store};
use crate::layer::{Backward, Model, Moment, Update, Weights, penalties};
use crate::layout;
use crate::random::Stream;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;
use crate::simd::{Isa, Job, exact};
use crate::team::Team;
use crate::training::{restore, save};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// Predictions for a batch as they are in training, and the gradients of `Σ r y` over the batch and of what
/// layers add to the loss by their outputs.
#[derive(Clone, Debug)]
pub struct Gradients<T> {
    /// The predictions, sample after sample.
    pub predictions: Vec<T>,
    /// What layers add to the loss by their outputs, as
    /// [`ActivityRegularization`](crate::layers::ActivityRegularization) does, over all samples.
    pub penalty: f64,
    /// By the inputs, sample after sample.
    pub inputs: Vec<T>,
    /// By the weights, tensor after tensor, in their padded layout.
    pub weights: Vec<T>,
}

struct Compute<'a, M: Model> {
    model: &'a mut M,
    x: &'a [M::Input],
    /// The gradients by the predictions.
    r: &'a [M::Element],
    seed: u64,
}

impl<M: Model> Job for Compute<'_, M> {
    type Output = Gradients<M::Element>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Gradients<M::Element> {
        let zero = M::Element::default();
        let (rows, width, out) = (self.x.len(), M::InputShape::SIZE, M::OutputShape::SIZE);
        let mut x = vec![zero; rows * padded(width)];
        for (row, x) in RowsMut::new(&mut x, width).iter_mut().zip(self.x) {
            layout::inward::<M::InputShape, _>(x.numbers(), row);
        }
        let mut dx = vec![zero; rows * padded(width)];
        let mut y = vec![zero; rows * padded(out)];
        let mut dy = vec![zero; rows * padded(out)];
        for (row, r) in RowsMut::new(&mut dy, out)
            .iter_mut()
            .zip(self.r.chunks(out))
        {
            layout::inward::<M::OutputShape, _>(r, row);
        }
        let mut cache = vec![zero; rows * M::CACHE];
        let mut gradient = vec![zero; M::GRADIENT];
        let mut scratch = vec![zero; M::BACKWARD_SCRATCH];
        let mut weights = vec![zero; M::LEN];

        let (x, moment) = (
            Rows::new(&x, width),
            Moment::new(self.seed, 1, Team::alone()).of_batch(1),
        );
        M::forward_training(
            isa,
            self.model,
            x,
            RowsMut::new(&mut y, out),
            &mut cache,
            moment,
        );
        let penalty = if M::PENALIZES {
            penalties::sum(&cache, rows, 0.0)
        } else {
            0.0
        };
        let y = Rows::new(&y, out);
        let mut pass = Backward {
            x,
            y,
            cache: &mut cache,
            dy: RowsMut::new(&mut dy, out),
            dx: Some(RowsMut::new(&mut dx, width)),
            picks: None,
            joint: false,
            dead_at_zero: false,
            prepared: &[],
            scratch: &mut scratch,
            team: Team::alone(),
        };
        M::backward(isa, self.model, pass.reborrow());
        let mut update = Update::new(
            Team::alone(),
            Fused::Store(Store::default()),
            &mut weights,
            &mut gradient,
        )
        .looking();
        M::update(isa, self.model, pass.kept(), &mut update);
        Gradients {
            predictions: plain::<M::OutputShape, _>(y),
            penalty,
            inputs: plain::<M::InputShape, _>(Rows::new(&dx, width)),
            weights,
        }
    }
}

/// Samples as they lie outside, one after another.
fn plain<S: Shape, T: Element>(rows: Rows<T>) -> Vec<T> {
    let mut plain = vec![T::zero(); rows.len() * S::SIZE];
    for (row, plain) in rows.iter().zip(plain.chunks_exact_mut(S::SIZE.max(1))) {
        layout::outward::<S, _>(row, plain);
    }
    plain
}

/// The gradients of `Σ r y`, and of what layers add to the loss by their outputs: `r` holds a number for each
/// prediction, sample after sample. What is random in training (dropout) follows from the seed. The model stays as it is.
///
/// # Panics
/// If `r` does not hold a number for each prediction.
pub fn of<M: Model>(
    model: &mut M,
    x: &[M::Input],
    r: &[M::Element],
    seed: u64,
) -> Gradients<M::Element> {
    assert_eq!(r.len(), x.len() * M::OutputShape::SIZE);
    // Nobody waits for it: one portable version is enough code.
    Compute { model, x, r, seed }.run(exact())
}

/// A derivative that is not what a difference says.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongGradient {
    /// `input` or `weight`.
    pub what: &'static str,
    /// Which of them, in the order of [`Gradients`].
    pub index: usize,
    /// What the backward pass says.
    pub backward: f64,
    /// What the central difference says.
    pub difference: f64,
}

impl fmt::Display for WrongGradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            index,
            backward,
            difference,
        } = self;
        write!(
            f,
            "the derivative by {what} {index} is {backward} in the backward pass, but {difference} \
             by a central difference"
        )
    }
}

impl core::error::Error for WrongGradient {}

/// How far inputs and weights are moved.
const STEP: f64 = 1e-6;

/// Compares every derivative of a random function of the predictions, by every input and weight,
/// with a central difference. An error may be 1e-6 plus 1e-5 of the size.
///
/// # Errors
/// The first derivative that is wrong. (Near the kink of a relu a difference is wrong, too: choose
/// inputs that stay away from it.)
pub fn check<M: Model<Element = f64>>(model: &mut M, x: &[M::Input]) -> Result<(), WrongGradient> {
    let mut random = Stream::new(7);
    let outputs = x.len() * M::OutputShape::SIZE;
    let r: Vec<f64> = (0..outputs).map(|_| random.normal()).collect();
    let found = of(model, x, &r, 1);
    let value = |model: &mut M, x: &[M::Input]| -> f64 {
        let found = of(model, x, &r, 1);
        let products = found.predictions.iter().zip(&r).map(|(y, r)| y * r);
        products.sum::<f64>() + found.penalty
    };
    let verdict = |what, index, backward: f64, difference: f64| {
        if (backward - difference).abs() <= 1e-6 + 1e-5 * backward.abs().max(difference.abs()) {
            Ok(())
        } else {
            Err(WrongGradient {
                what,
                index,
                backward,
                difference,
            })
        }
    };

    let mut moved = x.to_vec();
    for (index, &backward) in found.inputs.iter().enumerate() {
        let (sample, number) = (index / M::InputShape::SIZE, index % M::InputShape::SIZE);
        let old = x[sample].numbers()[number];
        let mut at = |to: f64| {
            moved[sample].numbers_mut()[number] = to;
            value(model, &moved)
        };
        let difference = (at(old + STEP) - at(old - STEP)) / (2.0 * STEP);
        at(old);
        verdict("input", index, backward, difference)?;
    }

    let mut weights = Vec::new();
    save(model, &mut weights);
    for (index, place) in trained(model).into_iter().enumerate() {
        let Some(place) = place else { continue };
        let backward = found.weights[index];
        let old = weights[place];
        let mut at = |to: f64| {
            weights[place] = to;
            restore(model, &weights);
            value(model, x)
        };
        let difference = (at(old + STEP) - at(old - STEP)) / (2.0 * STEP);
        at(old);
        verdict("weight", index, backward, difference)?;
    }
    Ok(())
}

/// For each of the numbers that have a gradient, where it stands among all, unless it is padding.
fn trained<T: Element, W: Weights<T>>(weights: &W) -> Vec<Option<usize>> {
    #[derive(Default)]
    struct Find {
        places: Vec<Option<usize>>,
        seen: usize,
    }
    impl<T> crate::layer::Visitor<T> for Find {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &[T]) {
            let width = dims.last().copied().unwrap_or(1);
            let place = |i| (i % padded(width) < width).then_some(self.seen + i);
            self.places.extend((0..data.len()).map(place));
            self.seen += data.len();
        }
        fn frozen(&mut self, _: &'static str, _: &[usize], data: &[T]) {
            self.seen += data.len();
        }
    }
    let mut find = Find::default();
    weights.visit(&mut find);
    find.places
}
