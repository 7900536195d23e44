//! The losses between probabilities.

use super::{Complaint, Fits, Loss, not_finite};
use crate::activations::{AnyHead, HardSigmoid, Linear, Sigmoid, Softmax};
use crate::cast::Plain;
use crate::data::Label;
use crate::kernels::Element;
use crate::simd::Isa;

/// The mean of -y ln p - (1 - y) ln(1 - p), for probabilities p of independent yes-or-no questions.
///
/// ```
/// use plywood::prelude::*;
/// let (after_sigmoid, after_linear) = (BinaryCrossentropy, BinaryCrossentropy::from_logits());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossentropy;

/// -Σ y ln(p / Σ p), for probabilities p of classes that exclude each other and targets y that add
/// up to 1, such as those of [`to_categorical`](crate::data::to_categorical).
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossentropy;

/// -ln p of the true class, which is given by its number.
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalCrossentropy;

/// The form of a cross-entropy for a model that ends in `linear`: the sigmoid or softmax is part of
/// the loss.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromLogits<L>(L);

macro_rules! from_logits {
    ($($loss:ident)*) => { $(
        impl $loss {
            /// The form for a model that ends in `linear`.
            pub fn from_logits() -> FromLogits<Self> {
                FromLogits(Self)
            }
        }
        #[diagnostic::do_not_recommend]
        impl Fits<Linear> for FromLogits<$loss> {}
        #[diagnostic::do_not_recommend]
        impl Fits<AnyHead> for FromLogits<$loss> {}
        #[diagnostic::do_not_recommend]
        impl Fits<AnyHead> for $loss {}
    )* };
}
from_logits!(BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy);

#[diagnostic::do_not_recommend]
impl Fits<Sigmoid> for BinaryCrossentropy {
    const JOINT: bool = true;
}
#[diagnostic::do_not_recommend]
impl Fits<HardSigmoid> for BinaryCrossentropy {}
#[diagnostic::do_not_recommend]
impl Fits<Softmax> for BinaryCrossentropy {}
#[diagnostic::do_not_recommend]
impl Fits<Softmax> for CategoricalCrossentropy {
    const JOINT: bool = true;
}
#[diagnostic::do_not_recommend]
impl Fits<Softmax> for SparseCategoricalCrossentropy {
    const JOINT: bool = true;
}

/// Probabilities are kept this far from 0 and 1, as in Keras.
const EPSILON: f64 = 1e-7;

#[inline(always)]
fn clip<T: Element>(p: T) -> T {
    let (low, high) = (T::of(EPSILON), T::of(1.0 - EPSILON));
    if p < low {
        low
    } else if p > high {
        high
    } else {
        // Also a NaN, which must not be hidden.
        p
    }
}

/// Whether the clip lets a change of p through.
#[inline(always)]
fn inside<T: Element>(p: T) -> bool {
    p >= T::of(EPSILON) && p <= T::of(1.0 - EPSILON)
}

#[inline(always)]
fn sum<T: Element>(numbers: &[T]) -> T {
    numbers.iter().fold(T::zero(), |sum, &x| sum + x)
}

#[inline(always)]
fn largest<T: Element>(numbers: &[T]) -> T {
    numbers
        .iter()
        .fold(-T::INFINITY, |most, &x| if x > most { x } else { most })
}

/// The largest z, and ln Σ e^(z - largest): apart, because their sum would lose the digits of the
/// second one where the first is large.
#[inline(always)]
fn log_sum_exp<T: Element, I: Isa>(isa: I, z: &[T]) -> (T, T) {
    let most = largest(z);
    let mut sum = T::zero();
    for &z in z {
        sum += T::exp(isa, z - most);
    }
    (most, T::ln(isa, sum))
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Loss<T, P, P> for BinaryCrossentropy {
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &P) -> T {
        let one = T::one();
        let mut sum = T::zero();
        for (&p, &y) in prediction.iter().zip(target.numbers()) {
            let p = clip(p);
            sum -= y * T::ln(isa, p) + (one - y) * T::ln(isa, one - p);
        }
        sum / T::of(prediction.len() as f64)
    }

    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        _: I,
        prediction: &[T],
        target: &P,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let one = T::one();
        let scale = scale / T::of(prediction.len() as f64);
        let pairs = prediction.iter().zip(target.numbers());
        for (g, (&p, &y)) in gradient.iter_mut().zip(pairs) {
            *g = if joint {
                scale * (p - y)
            } else if inside(p) {
                scale * ((one - y) / (one - p) - y / p)
            } else {
                T::zero()
            };
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &P) -> Option<Complaint> {
        not_finite(target.numbers())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Loss<T, P, P> for FromLogits<BinaryCrossentropy> {
    /// max(z, 0) - z y + ln(1 + e^-|z|)
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, logits: &[T], target: &P) -> T {
        let mut sum = T::zero();
        for (&z, &y) in logits.iter().zip(target.numbers()) {
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
        target: &P,
        _: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let scale = scale / T::of(logits.len() as f64);
        let pairs = logits.iter().zip(target.numbers());
        for (g, (&z, &y)) in gradient.iter_mut().zip(pairs) {
            *g = scale * (T::sigmoid(isa, z) - y);
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &P) -> Option<Complaint> {
        not_finite(target.numbers())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for CategoricalCrossentropy {
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &[T; N]) -> T {
        let total = sum(prediction);
        let mut loss = T::zero();
        for (&p, &y) in prediction.iter().zip(target) {
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
        target: &[T; N],
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        if joint {
            let weight = sum(target);
            for ((g, &p), &y) in gradient.iter_mut().zip(prediction).zip(target) {
                *g = scale * (p * weight - y);
            }
            return;
        }
        let total = sum(prediction);
        let mut weight = T::zero();
        for (&p, &y) in prediction.iter().zip(target) {
            if inside(p / total) {
                weight += y;
            }
        }
        for ((g, &p), &y) in gradient.iter_mut().zip(prediction).zip(target) {
            let q = p / total;
            let own = if inside(q) { y / q } else { T::zero() };
            *g = scale * (weight - own) / total;
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &[T; N]) -> Option<Complaint> {
        not_finite(target)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for FromLogits<CategoricalCrossentropy> {
    /// ln Σ e^z Σ y - Σ y z
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, logits: &[T], target: &[T; N]) -> T {
        let (most, rest) = log_sum_exp(isa, logits);
        let mut loss = T::zero();
        for (&z, &y) in logits.iter().zip(target) {
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
        target: &[T; N],
        _: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let ((most, rest), weight) = (log_sum_exp(isa, logits), sum(target));
        for ((g, &z), &y) in gradient.iter_mut().zip(logits).zip(target) {
            *g = scale * (T::exp(isa, z - most - rest) * weight - y);
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &[T; N]) -> Option<Complaint> {
        not_finite(target)
    }
}

fn no_such_class<C: Label>(target: C, classes: usize) -> Option<Complaint> {
    let class = target.class();
    (class >= classes).then_some(Complaint::NoSuchClass { class, classes })
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, C: Label> Loss<T, [T; N], C> for SparseCategoricalCrossentropy {
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &C) -> T {
        let total = sum(prediction);
        -T::ln(isa, clip(prediction[target.class()] / total))
    }

    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        _: I,
        prediction: &[T],
        target: &C,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let class = target.class();
        if joint {
            for (g, &p) in gradient.iter_mut().zip(prediction) {
                *g = scale * p;
            }
            gradient[class] -= scale;
            return;
        }
        let total = sum(prediction);
        let q = prediction[class] / total;
        let (weight, own) = if inside(q) {
            (T::one(), T::one() / q)
        } else {
            (T::zero(), T::zero())
        };
        for g in gradient.iter_mut() {
            *g = scale * weight / total;
        }
        gradient[class] -= scale * own / total;
    }

    #[inline(always)]
    fn complaint(&self, target: &C) -> Option<Complaint> {
        no_such_class(*target, N)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, C: Label> Loss<T, [T; N], C>
    for FromLogits<SparseCategoricalCrossentropy>
{
    /// ln Σ e^z - z of the class
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, logits: &[T], target: &C) -> T {
        let (most, rest) = log_sum_exp(isa, logits);
        rest - (logits[target.class()] - most)
    }

    /// softmax(z), less 1 at the class
    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
        logits: &[T],
        target: &C,
        _: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let (most, rest) = log_sum_exp(isa, logits);
        for (g, &z) in gradient.iter_mut().zip(logits) {
            *g = scale * T::exp(isa, z - most - rest);
        }
        gradient[target.class()] -= scale;
    }

    #[inline(always)]
    fn complaint(&self, target: &C) -> Option<Complaint> {
        no_such_class(*target, N)
    }
}
