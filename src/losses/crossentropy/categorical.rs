//! Classes that exclude each other, the true one given by an array.

use super::super::Fits;
use super::label_smoothing::{Soften, Target};
use super::{FromLogits, clip, inside, log_sum_exp, sum};
use crate::activations::Softmax;
use crate::kernels::Element;
use crate::simd::Isa;

/// -Σ y ln(p / Σ p), for probabilities p of classes that exclude each other and targets y that add
/// up to 1, such as those of [`to_categorical`](crate::data::to_categorical).
///
/// ```
/// use plywood::prelude::*;
/// let (after_softmax, after_linear) =
///     (CategoricalCrossentropy, CategoricalCrossentropy::from_logits());
/// let with_softened_targets = CategoricalCrossentropy.label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossentropy;

#[diagnostic::do_not_recommend]
impl Fits<Softmax> for CategoricalCrossentropy {
    const JOINT: bool = true;
}

impl<T: Element> Soften<T> for CategoricalCrossentropy {
    fn answers(&self, numbers: usize) -> usize {
        numbers
    }

    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: impl Target<T>) -> T {
        let total = sum(prediction);
        let mut loss = T::zero();
        for (&p, y) in prediction.iter().zip(target) {
            loss -= y * T::ln(isa, clip(p / total));
        }
        loss
    }

    /// With q = p / Σ p: dL/dp_i = (Σ y - y_i / q_i) / Σ p, over the y whose q is not cut off; joint
    /// with softmax: p Σ y - y.
    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        _: I,
        prediction: &[T],
        target: impl Target<T>,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let mut weight = T::zero();
        if joint {
            for y in target.clone() {
                weight += y;
            }
            for ((g, &p), y) in gradient.iter_mut().zip(prediction).zip(target) {
                *g = scale * (p * weight - y);
            }
            return;
        }
        let total = sum(prediction);
        for (&p, y) in prediction.iter().zip(target.clone()) {
            if inside(p / total) {
                weight += y;
            }
        }
        for ((g, &p), y) in gradient.iter_mut().zip(prediction).zip(target) {
            let q = p / total;
            let own = if inside(q) { y / q } else { T::zero() };
            *g = scale * (weight - own) / total;
        }
    }
}

impl<T: Element> Soften<T> for FromLogits<CategoricalCrossentropy> {
    fn answers(&self, numbers: usize) -> usize {
        numbers
    }

    /// ln Σ e^z Σ y - Σ y z
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, logits: &[T], target: impl Target<T>) -> T {
        let (most, rest) = log_sum_exp(isa, logits);
        let mut loss = T::zero();
        for (&z, y) in logits.iter().zip(target) {
            loss += y * (rest - (z - most));
        }
        loss
    }

    /// softmax(z) Σ y - y
    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
        logits: &[T],
        target: impl Target<T>,
        _: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let (most, rest) = log_sum_exp(isa, logits);
        let mut weight = T::zero();
        for y in target.clone() {
            weight += y;
        }
        for ((g, &z), y) in gradient.iter_mut().zip(logits).zip(target) {
            *g = scale * (T::exp(isa, z - most - rest) * weight - y);
        }
    }
}
