//! Classes that exclude each other, the true one given by an array.

use super::super::Fits;
use super::label_smoothing::{Soften, Target, Whole};
use super::{FromLogits, clip, inside, log_sum_exp};
use crate::activations::Softmax;
use crate::kernels::Element;
use crate::lanes::{Sum, Take, total};
use crate::math::ln_of_normal;
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

/// The sum over probabilities that add up to `all`.
struct Classes<T, Y> {
    target: Y,
    all: T,
}
impl<T: Element, Y: Target<T>> Take<T> for Classes<T, Y> {
    #[inline(always)]
    fn take<I: Isa>(&self, isa: I, lane: T, p: T, y: T) -> T {
        lane - self.target.softened(y) * ln_of_normal(isa, clip(p / self.all))
    }
}

/// The sum of the targets of those that are not cut off.
struct Inside<T, Y> {
    target: Y,
    all: T,
}
impl<T: Element, Y: Target<T>> Take<T> for Inside<T, Y> {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, p: T, y: T) -> T {
        let y = self.target.softened(y);
        lane + if inside(p / self.all) { y } else { T::zero() }
    }
}

/// The sum over what goes into a softmax, with its two parts of [`log_sum_exp`].
struct Logits<T, Y> {
    target: Y,
    most: T,
    rest: T,
}
impl<T: Element, Y: Target<T>> Take<T> for Logits<T, Y> {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, z: T, y: T) -> T {
        lane + self.target.softened(y) * (self.rest - (z - self.most))
    }
}

impl<T: Element> Soften<T> for CategoricalCrossentropy {
    fn answers(&self, numbers: usize) -> usize {
        numbers
    }

    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: impl Target<T>) -> T {
        let all = total(isa, &Sum, prediction, prediction);
        total(isa, &Classes { target, all }, prediction, target.numbers())
    }

    /// With q = p / Σ p: dL/dp_i = (Σ y - y_i / q_i) / Σ p, over the y whose q is not cut off; joint
    /// with softmax: p Σ y - y.
    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: impl Target<T>,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let y = target.numbers();
        let pairs = gradient.iter_mut().zip(prediction.iter().zip(y));
        if joint {
            let weight = total(isa, &Whole(target), y, y);
            for (g, (&p, &y)) in pairs {
                *g = scale * (p * weight - target.softened(y));
            }
            return;
        }
        let all = total(isa, &Sum, prediction, prediction);
        let weight = total(isa, &Inside { target, all }, prediction, y);
        for (g, (&p, &y)) in pairs {
            let q = p / all;
            let own = if inside(q) {
                target.softened(y) / q
            } else {
                T::zero()
            };
            *g = scale * (weight - own) / all;
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
        total(
            isa,
            &Logits { target, most, rest },
            logits,
            target.numbers(),
        )
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
        let y = target.numbers();
        let weight = total(isa, &Whole(target), y, y);
        for (g, (&z, &y)) in gradient.iter_mut().zip(logits.iter().zip(y)) {
            *g = scale * (T::exp(isa, z - most - rest) * weight - target.softened(y));
        }
    }
}
