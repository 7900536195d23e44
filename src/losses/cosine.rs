//! The angle between two vectors.

use super::{Complaint, EPSILON, Fits, Loss, not_finite};
use crate::activations::Head;
use crate::kernels::Element;
use crate::lanes::{Products, total};
use crate::simd::Isa;

/// Minus the cosine of the angle between prediction and target, p y / (|p| |y|): -1 where they point
/// the same way, 1 where they point away from each other. As a metric it is the cosine itself, as in
/// Keras.
///
/// A vector shorter than 1e-7 has no direction: it is taken to be as long as that, and there is no
/// gradient. Elsewhere that by p is (cos p / |p| - y / |y|) / |p|.
#[derive(Clone, Copy, Debug, Default)]
pub struct CosineSimilarity;

#[diagnostic::do_not_recommend]
impl<H: Head> Fits<H> for CosineSimilarity {}

/// 1 over the length of a vector, and whether it has a direction.
#[inline(always)]
fn inverse_length<T: Element, I: Isa>(isa: I, vector: &[T]) -> (T, bool) {
    let length = total(isa, &Products, vector, vector).sqrt();
    if length < T::of(EPSILON) {
        (T::of(1.0 / EPSILON), false)
    } else {
        (T::one() / length, true)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for CosineSimilarity {
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &[T; N]) -> T {
        let (p, _) = inverse_length(isa, prediction);
        let (y, _) = inverse_length(isa, target);
        -(total(isa, &Products, prediction, target) * p * y)
    }

    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: &[T; N],
        _: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let (along, directed) = inverse_length(isa, prediction);
        let (y_along, _) = inverse_length(isa, target);
        if !directed {
            gradient.fill(T::zero());
            return;
        }
        let cosine = total(isa, &Products, prediction, target) * along * y_along;
        for ((g, &p), &y) in gradient.iter_mut().zip(prediction).zip(target) {
            *g = scale * along * (cosine * p * along - y * y_along);
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &[T; N]) -> Option<Complaint> {
        not_finite(target)
    }
}
