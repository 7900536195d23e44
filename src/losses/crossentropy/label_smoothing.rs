//! Targets that are not quite sure.

use super::super::{Complaint, Fits, Loss, not_finite};
use super::{BinaryCrossentropy, CategoricalCrossentropy, FromLogits};
use crate::activations::Head;
use crate::cast::Plain;
use crate::error::{Result, check_share};
use crate::kernels::Element;
use crate::simd::Isa;

/// A cross-entropy with softened targets: y (1 - s) + s / n, where n is the number of classes, and 2
/// for [`BinaryCrossentropy`]. The share s must be at least 0 and below 1.
///
/// ```
/// use plywood::prelude::*;
/// let loss = CategoricalCrossentropy.label_smoothing(0.1);
/// let for_logits = BinaryCrossentropy::from_logits().label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LabelSmoothing<L> {
    loss: L,
    share: f64,
}

/// A cross-entropy that takes its targets through a function.
pub(super) trait Soften<T: Element> {
    /// How many answers a target chooses from, if it has so many numbers.
    fn answers(&self, numbers: usize) -> usize;

    /// The loss of a sample.
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &[T], soften: impl Fn(T) -> T) -> T;

    /// Its gradient, as in [`Loss`].
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: &[T],
        soften: impl Fn(T) -> T,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    );
}

impl<L> LabelSmoothing<L> {
    /// What becomes of a target of so many numbers.
    #[inline(always)]
    fn softened<T: Element>(&self, numbers: usize) -> impl Fn(T) -> T
    where
        L: Soften<T>,
    {
        let keep = T::of(1.0 - self.share);
        let even = T::of(self.share / self.loss.answers(numbers) as f64);
        move |y| y * keep + even
    }
}

#[diagnostic::do_not_recommend]
impl<H: Head, L: Fits<H>> Fits<H> for LabelSmoothing<L> {
    const JOINT: bool = L::JOINT;
}

/// Implements a loss, without and with softened targets, for those that are arrays like the
/// predictions.
macro_rules! softened {
    ($loss:ty: [$($generics:tt)*] $target:ty) => {
        impl $loss {
            /// With targets softened by this share.
            pub fn label_smoothing(self, share: f64) -> LabelSmoothing<Self> {
                LabelSmoothing { loss: self, share }
            }
        }
        softened!(@impl [$($generics)*] $target, $loss, |self, _numbers| *self, |y| y, Ok(()));
        softened!(@impl [$($generics)*] $target, LabelSmoothing<$loss>,
            |self, numbers| self.loss, self.softened(numbers), check_share("label_smoothing", self.share));
    };
    (@impl [$($generics:tt)*] $target:ty, $loss:ty,
     |$self:ident, $numbers:ident| $inner:expr, $soften:expr, $check:expr) => {
        #[diagnostic::do_not_recommend]
        impl<T: Element, $($generics)*> Loss<T, $target, $target> for $loss {
            #[inline(always)]
            fn loss<I: Isa>(&$self, isa: I, prediction: &[T], target: &$target) -> T {
                let $numbers = prediction.len();
                Soften::loss(&$inner, isa, prediction, target.numbers(), $soften)
            }

            #[inline(always)]
            fn gradient<I: Isa>(
                &$self,
                isa: I,
                prediction: &[T],
                target: &$target,
                joint: bool,
                scale: T,
                gradient: &mut [T],
            ) {
                let ($numbers, y) = (prediction.len(), target.numbers());
                let soften = $soften;
                Soften::gradient(&$inner, isa, prediction, y, soften, joint, scale, gradient);
            }

            #[inline(always)]
            fn complaint(&self, target: &$target) -> Option<Complaint> {
                not_finite(target.numbers())
            }

            fn check(&$self) -> Result<()> {
                $check
            }
        }
    };
}
softened!(BinaryCrossentropy: [P: Plain<T>] P);
softened!(FromLogits<BinaryCrossentropy>: [P: Plain<T>] P);
softened!(CategoricalCrossentropy: [const N: usize] [T; N]);
softened!(FromLogits<CategoricalCrossentropy>: [const N: usize] [T; N]);
