//! Classes that exclude each other, the true one given by its number.

use super::super::{Complaint, Fits, Loss};
use super::{FromLogits, clip, inside, log_sum_exp};
use crate::activations::Softmax;
use crate::data::Label;
use crate::kernels::Element;
use crate::lanes::{Sum, total};
use crate::math::ln_of_normal;
use crate::simd::Isa;

/// -ln p of the true class, which is given by its number.
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalCrossentropy;

#[diagnostic::do_not_recommend]
impl Fits<Softmax> for SparseCategoricalCrossentropy {
    const JOINT: bool = true;
}

fn no_such_class<C: Label>(target: C, classes: usize) -> Option<Complaint> {
    let class = target.class();
    (class >= classes).then_some(Complaint::NoSuchClass { class, classes })
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, C: Label> Loss<T, [T; N], C> for SparseCategoricalCrossentropy {
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &C) -> T {
        let total = total(isa, &Sum, prediction, prediction);
        -ln_of_normal(isa, clip(prediction[target.class()] / total))
    }

    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
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
        let total = total(isa, &Sum, prediction, prediction);
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
