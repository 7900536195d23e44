//! How far apart two distributions are.

use super::{Complaint, EPSILON, Fits, Loss, at_least, not_finite};
use crate::activations::{AnyHead, Softmax};
use crate::kernels::Element;
use crate::lanes::{Take, total};
use crate::simd::Isa;

/// Σ y ln(y / p), the Kullback-Leibler divergence of predicted probabilities p from targets y that
/// add up to 1. Both are kept between 1e-7 and 1, as in Keras.
#[derive(Clone, Copy, Debug, Default)]
pub struct KLDivergence;

#[diagnostic::do_not_recommend]
impl Fits<Softmax> for KLDivergence {
    const JOINT: bool = true;
}
#[diagnostic::do_not_recommend]
impl Fits<AnyHead> for KLDivergence {}

/// Between 1e-7 and 1.
#[inline(always)]
fn clip<T: Element>(p: T) -> T {
    if p > T::one() {
        T::one()
    } else {
        at_least(p, EPSILON)
    }
}

impl<T: Element> Take<T> for KLDivergence {
    #[inline(always)]
    fn take<I: Isa>(&self, isa: I, lane: T, p: T, y: T) -> T {
        let y = clip(y);
        lane + y * T::ln(isa, y / clip(p))
    }
}

/// The sum of targets, as they are taken.
struct Clipped;
impl<T: Element> Take<T> for Clipped {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, y: T, _: T) -> T {
        lane + clip(y)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for KLDivergence {
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &[T; N]) -> T {
        total(isa, self, prediction, target)
    }

    /// -y / p where p is not cut off; joint with softmax: p Σ y - y.
    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: &[T; N],
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let weight = total(isa, &Clipped, target, target);
        for ((g, &p), &y) in gradient.iter_mut().zip(prediction).zip(target) {
            let y = clip(y);
            *g = if joint {
                scale * (p * weight - y)
            } else if p >= T::of(EPSILON) && p <= T::one() {
                -scale * y / p
            } else {
                T::zero()
            };
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &[T; N]) -> Option<Complaint> {
        not_finite(target)
    }
}
