//! The angle between two vectors.

use super::{Complaint, EPSILON, Fits, Loss, not_finite};
use crate::activations::Head;
use crate::kernels::Element;
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

#[inline(always)]
fn dot<T: Element>(a: &[T], b: &[T]) -> T {
    let pairs = a.iter().zip(b);
    pairs.fold(T::zero(), |sum, (&a, &b)| sum + a * b)
}

/// 1 over the length of a vector, and whether it has a direction.
#[inline(always)]
fn inverse_length<T: Element>(vector: &[T]) -> (T, bool) {
    let length = dot(vector, vector).sqrt();
    if length < T::of(EPSILON) {
        (T::of(1.0 / EPSILON), false)
    } else {
        (T::one() / length, true)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for CosineSimilarity {
    #[inline(always)]
    fn loss<I: Isa>(&self, _: I, prediction: &[T], target: &[T; N]) -> T {
        let (p, _) = inverse_length(prediction);
        let (y, _) = inverse_length(target);
        -(dot(prediction, target) * p * y)
    }

    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        _: I,
        prediction: &[T],
        target: &[T; N],
        _: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let (along, directed) = inverse_length(prediction);
        let (y_along, _) = inverse_length(target);
        if !directed {
            gradient.fill(T::zero());
            return;
        }
        let cosine = dot(prediction, target) * along * y_along;
        for ((g, &p), &y) in gradient.iter_mut().zip(prediction).zip(target) {
            *g = scale * along * (cosine * p * along - y * y_along);
        }
    }

    #[inline(always)]
    fn complaint(&self, target: &[T; N]) -> Option<Complaint> {
        not_finite(target)
    }
}
