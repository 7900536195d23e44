//! Losses, by Keras' definitions: the mean over the samples of a batch of
//!
//! | loss | of a sample | targets | goes with |
//! | --- | --- | --- | --- |
//! | [`MeanSquaredError`] | mean of (p - y)^2 | like the predictions | any output |
//! | [`MeanAbsoluteError`] | mean of \|p - y\| | like the predictions | any output |
//! | [`Huber`] | mean of (p - y)^2 / 2 within delta, delta (\|p - y\| - delta / 2) beyond | like the predictions | any output |
//! | [`BinaryCrossentropy`] | mean of -y ln p - (1 - y) ln(1 - p) | like the predictions | sigmoid |
//! | [`CategoricalCrossentropy`] | -Σ y ln p | like the predictions | softmax |
//! | [`SparseCategoricalCrossentropy`] | -ln p of the true class | class numbers | softmax |
//!
//! The last three take probabilities, cut off at 1e-7 from 0 and 1 as in Keras;
//! `BinaryCrossentropy::from_logits()` and so on are the forms for a linear output. After a sigmoid
//! or softmax they use the joint gradient p - y, which is exact and never overflows.

mod crossentropy;
mod regression;

pub use crossentropy::{
    BinaryCrossentropy, CategoricalCrossentropy, FromLogits, SparseCategoricalCrossentropy,
};
pub use regression::{Huber, MeanAbsoluteError, MeanSquaredError};

use crate::activations::Head;
use crate::cast::Plain;
use crate::kernels::Element;
use crate::simd::Isa;

/// A loss that goes with outputs of the kind `H`.
#[diagnostic::on_unimplemented(
    message = "the loss `{Self}` does not go with a model that ends in `{H}`",
    label = "this loss does not fit the model's last activation",
    note = "`CategoricalCrossentropy` and `SparseCategoricalCrossentropy` take the probabilities of \
            `softmax`, `BinaryCrossentropy` those of `sigmoid`; for a model that ends in `linear` \
            use their form `::from_logits()`"
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
