//! Independent yes-or-no questions.

use super::super::Fits;
use super::label_smoothing::{Soften, Target};
use super::{FromLogits, clip, inside};
use crate::activations::{HardSigmoid, Sigmoid, Softmax};
use crate::kernels::Element;
use crate::simd::Isa;

/// The mean of -y ln p - (1 - y) ln(1 - p), for probabilities p of independent yes-or-no questions.
///
/// ```
/// use plywood::prelude::*;
/// let (after_sigmoid, after_linear) = (BinaryCrossentropy, BinaryCrossentropy::from_logits());
/// let with_softened_targets = BinaryCrossentropy.label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossentropy;

#[diagnostic::do_not_recommend]
impl Fits<Sigmoid> for BinaryCrossentropy {
    const JOINT: bool = true;
}
#[diagnostic::do_not_recommend]
impl Fits<HardSigmoid> for BinaryCrossentropy {}
#[diagnostic::do_not_recommend]
impl Fits<Softmax> for BinaryCrossentropy {}

impl<T: Element> Soften<T> for BinaryCrossentropy {
    fn answers(&self, _: usize) -> usize {
        2
    }

    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: impl Target<T>) -> T {
        let one = T::one();
        let mut sum = T::zero();
        for (&p, y) in prediction.iter().zip(target) {
            let p = clip(p);
            let no = one - y;
            // A plain answer has one term: the other one is 0 times a finite number. (Which of the two it
            // is, is not asked, as no processor could foresee it.)
            sum -= if y * no == T::zero() {
                T::ln(isa, y * p + no * (one - p))
            } else {
                y * T::ln(isa, p) + (one - y) * T::ln(isa, one - p)
            };
        }
        sum / T::of(prediction.len() as f64)
    }

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
        let one = T::one();
        let scale = scale / T::of(prediction.len() as f64);
        for ((g, &p), y) in gradient.iter_mut().zip(prediction).zip(target) {
            *g = if joint {
                scale * (p - y)
            } else if inside(p) {
                scale * ((one - y) / (one - p) - y / p)
            } else {
                T::zero()
            };
        }
    }
}

impl<T: Element> Soften<T> for FromLogits<BinaryCrossentropy> {
    fn answers(&self, _: usize) -> usize {
        2
    }

    /// max(z, 0) - z y + ln(1 + e^-|z|)
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, logits: &[T], target: impl Target<T>) -> T {
        let mut sum = T::zero();
        for (&z, y) in logits.iter().zip(target) {
            let positive = if z > T::zero() { z } else { T::zero() };
            sum += positive - z * y + T::ln_1p(isa, T::exp(isa, -z.abs()));
        }
        sum / T::of(logits.len() as f64)
    }

    /// σ(z) - y
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
        let scale = scale / T::of(logits.len() as f64);
        for ((g, &z), y) in gradient.iter_mut().zip(logits).zip(target) {
            *g = scale * (T::sigmoid(isa, z) - y);
        }
    }
}
