//! Losses, by Keras' definitions: the mean over the samples of a batch of
//!
//! | loss | of a sample | targets | goes with |
//! | --- | --- | --- | --- |
//! | [`MeanSquaredError`] | mean of (p - y)^2 | like the predictions | any output |
//! | [`MeanAbsoluteError`] | mean of \|p - y\| | like the predictions | any output |
//! | [`Huber`] | mean of (p - y)^2 / 2 within delta, delta (\|p - y\| - delta / 2) beyond | like the predictions | any output |
//! | [`LogCosh`] | mean of ln cosh(p - y) | like the predictions | any output |
//! | [`MeanAbsolutePercentageError`] | 100 times the mean of \|p - y\| / \|y\| | like the predictions | any output |
//! | [`MeanSquaredLogarithmicError`] | mean of (ln(1 + p) - ln(1 + y))^2 | like the predictions | any output |
//! | [`CosineSimilarity`] | -p y / (\|p\| \|y\|) | like the predictions, one dimension | any output |
//! | [`Poisson`] | mean of p - y ln p | like the predictions | outputs that are not negative: softplus, relu, sigmoid, hard_sigmoid, softmax |
//! | [`Hinge`] | mean of max(1 - y p, 0) | -1 and 1, or 0 and 1 | linear, tanh |
//! | [`SquaredHinge`] | mean of max(1 - y p, 0)^2 | -1 and 1, or 0 and 1 | linear, tanh |
//! | [`CategoricalHinge`] | max(1 + max (1 - y) p - Σ y p, 0) | one-hot | any output |
//! | [`BinaryCrossentropy`] | mean of -y ln p - (1 - y) ln(1 - p) | like the predictions | sigmoid |
//! | [`CategoricalCrossentropy`] | -Σ y ln p | like the predictions, one dimension | softmax |
//! | [`SparseCategoricalCrossentropy`] | -ln p of the true class | class numbers | softmax |
//! | [`KLDivergence`] | Σ y ln(y / p) | like the predictions, one dimension | softmax |
//!
//! The cross-entropies take probabilities, cut off at 1e-7 from 0 and 1 as in Keras;
//! `BinaryCrossentropy::from_logits()` and so on are the forms for a linear output, and
//! `CategoricalCrossentropy.label_smoothing(0.1)` or `BinaryCrossentropy.label_smoothing(0.1)` those
//! with softened targets. After a sigmoid or softmax they and the divergence use the joint gradient
//! p - y, which is exact and never overflows.
//!
//! Every loss is a metric, too (see [`metrics`](crate::metrics)).

mod cosine;
mod crossentropy;
mod divergence;
mod hinge;
mod mean;
mod poisson;
mod regression;
#[cfg(test)]
mod tests;

pub use cosine::CosineSimilarity;
pub use crossentropy::{
    BinaryCrossentropy, CategoricalCrossentropy, FromLogits, LabelSmoothing,
    SparseCategoricalCrossentropy,
};
pub use divergence::KLDivergence;
pub use hinge::{CategoricalHinge, Hinge, SquaredHinge};
pub use poisson::Poisson;
pub use regression::{
    Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError,
};

use crate::activations::Head;
use crate::cast::Plain;
use crate::error::Result;
use crate::kernels::Element;
use crate::simd::Isa;

/// A loss that goes with outputs of the kind `H`.
#[diagnostic::on_unimplemented(
    message = "the loss `{Self}` does not go with a model that ends in `{H}`",
    label = "this loss does not fit the model's last activation",
    note = "`CategoricalCrossentropy` and `SparseCategoricalCrossentropy` take the probabilities of \
            `softmax`, `BinaryCrossentropy` those of `sigmoid`; for a model that ends in `linear` \
            use their form `::from_logits()`. `KLDivergence` goes with `softmax`, `Hinge` and \
            `SquaredHinge` with `linear` and `tanh`, `Poisson` with outputs that are never negative"
)]
pub trait Fits<H: Head> {
    /// Whether the gradient is the one before the activation `H`.
    const JOINT: bool = false;
}

/// A loss between a prediction `P` and a target `Y`.
#[diagnostic::on_unimplemented(
    message = "the loss `{Self}` does not take targets `{Y}` for predictions `{P}`",
    label = "these targets do not fit the loss",
    note = "`SparseCategoricalCrossentropy` takes class numbers (`u8`, `u16`, `u32`, `usize`) for \
            predictions `[f32; N]`; the other losses take arrays like the predictions"
)]
pub trait Loss<T: Element, P: Plain<T>, Y>: Send {
    /// The loss of a sample.
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &Y) -> T;

    /// The gradient of the loss of a sample by the prediction, times `scale`; with `joint`, by what
    /// came before the last activation.
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: &Y,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    );

    /// What is wrong with a target, if anything is.
    fn complaint(&self, target: &Y) -> Option<Complaint>;

    /// Whether all settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for the first one that is not.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// What is wrong with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// It holds a NaN or an infinity.
    NotFinite,
    /// It is a class that the model does not have.
    NoSuchClass {
        /// The class.
        class: usize,
        /// How many there are.
        classes: usize,
    },
}

/// The complaint about a target of numbers.
fn not_finite<T: Element>(numbers: &[T]) -> Option<Complaint> {
    (!crate::rows::all_finite(numbers)).then_some(Complaint::NotFinite)
}

/// Keras' epsilon: what keeps quotients and logarithms finite.
const EPSILON: f64 = 1e-7;

/// The larger one of a number and a bound. (A NaN stays one: it must not be hidden.)
#[inline(always)]
fn at_least<T: Element>(x: T, low: f64) -> T {
    let low = T::of(low);
    if x < low { low } else { x }
}
