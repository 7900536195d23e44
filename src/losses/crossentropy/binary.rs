//! Independent yes-or-no questions.

use super::super::Fits;
use super::label_smoothing::{Soften, Target};
use super::{FromLogits, clip, inside};
use crate::activations::{HardSigmoid, Sigmoid, Softmax};
use crate::kernels::Element;
use crate::lanes::{Take, total};
use crate::math::ln_of_normal;
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

/// The sum over probabilities.
struct Questions<Y>(Y);
impl<T: Element, Y: Target<T>> Take<T> for Questions<Y> {
    #[inline(always)]
    fn take<I: Isa>(&self, isa: I, lane: T, p: T, y: T) -> T {
        let (p, y, one) = (clip(p), self.0.softened(y), T::one());
        lane - (y * ln_of_normal(isa, p) + (one - y) * ln_of_normal(isa, one - p))
    }

    /// A plain answer has one term: the other one is 0 times a finite number. (Which of the two it is, is
    /// not asked, as no processor could foresee it.)
    #[inline(always)]
    fn take_alone<I: Isa>(&self, isa: I, lane: T, p: T, given: T) -> T {
        let (q, y, one) = (clip(p), self.0.softened(given), T::one());
        let no = one - y;
        if y * no == T::zero() {
            lane - ln_of_normal(isa, y * q + no * (one - q))
        } else {
            self.take(isa, lane, p, given)
        }
    }
}

/// The sum over what goes into a sigmoid.
struct Logits<Y>(Y);
impl<T: Element, Y: Target<T>> Take<T> for Logits<Y> {
    #[inline(always)]
    fn take<I: Isa>(&self, isa: I, lane: T, z: T, y: T) -> T {
        let positive = if z > T::zero() { z } else { T::zero() };
        lane + (positive - z * self.0.softened(y) + T::ln_1p(isa, T::exp(isa, -z.abs())))
    }
}

impl<T: Element> Soften<T> for BinaryCrossentropy {
    fn answers(&self, _: usize) -> usize {
        2
    }

    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: impl Target<T>) -> T {
        let sum = total(isa, &Questions(target), prediction, target.numbers());
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
        let pairs = prediction.iter().zip(target.numbers());
        for (g, (&p, &y)) in gradient.iter_mut().zip(pairs) {
            let y = target.softened(y);
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
        let sum = total(isa, &Logits(target), logits, target.numbers());
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
        let pairs = logits.iter().zip(target.numbers());
        for (g, (&z, &y)) in gradient.iter_mut().zip(pairs) {
            *g = scale * (T::sigmoid(isa, z) - target.softened(y));
        }
    }
}
