//! The losses that ask for a margin: they are 0 where a prediction is right by at least 1.

use super::mean::mean_over_numbers;
use super::{Complaint, Fits, Loss, not_finite};
use crate::activations::{AnyHead, Head, Linear, Tanh};
use crate::cast::Plain;
use crate::kernels::Element;
use crate::lanes::{Take, total};
use crate::simd::Isa;

/// The mean of max(1 - y p, 0), for targets y of -1 and 1 and predictions of either sign.
/// Gradient by p: -y / n where it is not 0.
///
/// A target of 0 counts as -1, so that answers of 0 and 1 can be taken as they are. (Keras does this
/// only if the whole batch is of zeros and ones; here the loss of a sample never depends on others.)
#[derive(Clone, Copy, Debug, Default)]
pub struct Hinge;

/// The mean of max(1 - y p, 0)^2, for the same targets as [`Hinge`].
/// Gradient by p: -2 y max(1 - y p, 0) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct SquaredHinge;

/// max(1 + max of (1 - y) p - Σ y p, 0): how much the best wrong class is above the true one, and a
/// margin of 1. For one-hot targets and any scores of classes.
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalHinge;

/// -1 for 0.
#[inline(always)]
fn signed<T: Element>(y: T) -> T {
    if y == T::zero() { -T::one() } else { y }
}

/// What is missing to the margin of 1; 0 if nothing is. (A NaN must not be hidden.)
#[inline(always)]
fn missing<T: Element>(product: T) -> T {
    let rest = T::one() - product;
    if rest < T::zero() { T::zero() } else { rest }
}

macro_rules! fits_either_sign {
    ($($loss:ident)*) => { $(
        #[diagnostic::do_not_recommend]
        impl Fits<Linear> for $loss {}
        #[diagnostic::do_not_recommend]
        impl Fits<Tanh> for $loss {}
        #[diagnostic::do_not_recommend]
        impl Fits<AnyHead> for $loss {}
    )* };
}
fits_either_sign!(Hinge SquaredHinge);
#[diagnostic::do_not_recommend]
impl<H: Head> Fits<H> for CategoricalHinge {}

mean_over_numbers!(Hinge: |self, isa, p, y|
    missing(signed(y) * p),
    {
        let y = signed(y);
        if y * p < T::one() { -y } else { T::zero() }
    }
);
mean_over_numbers!(SquaredHinge: |self, isa, p, y|
    { let rest = missing(signed(y) * p); rest * rest },
    { let y = signed(y); -(y + y) * missing(y * p) }
);

/// The best wrong class, by (1 - y) p, and how much of the margin is missing.
#[inline(always)]
fn rival<T: Element>(prediction: &[T], target: &[T]) -> (usize, T) {
    let (mut at, mut best, mut own) = (0, -T::INFINITY, T::zero());
    for (i, (&p, &y)) in prediction.iter().zip(target).enumerate() {
        let wrong = (T::one() - y) * p;
        if wrong > best {
            (at, best) = (i, wrong);
        }
        own += y * p;
    }
    (at, missing(own - best))
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for CategoricalHinge {
    #[inline(always)]
    fn loss<I: Isa>(&self, _: I, prediction: &[T], target: &[T; N]) -> T {
        rival(prediction, target).1
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
        let (at, rest) = rival(prediction, target);
        if rest == T::zero() {
            gradient.fill(T::zero());
            return;
        }
        for (g, &y) in gradient.iter_mut().zip(target) {
            *g = -scale * y;
        }
        gradient[at] += scale * (T::one() - target[at]);
    }

    #[inline(always)]
    fn complaint(&self, target: &[T; N]) -> Option<Complaint> {
        not_finite(target)
    }
}
