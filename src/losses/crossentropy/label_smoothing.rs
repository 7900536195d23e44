//! Targets that are not quite sure.

use super::super::{Complaint, Fits, Loss, not_finite};
use super::{BinaryCrossentropy, CategoricalCrossentropy, FromLogits};
use crate::activations::Head;
use crate::cast::Plain;
use crate::error::{Result, check_share};
use crate::kernels::Element;
use crate::lanes::Take;
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

/// A cross-entropy that takes the numbers of a target as they come.
pub trait Soften<T: Element> {
    /// How many answers a target chooses from, if it has so many numbers.
    fn answers(&self, numbers: usize) -> usize;

    /// The loss of a sample.
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: impl Target<T>) -> T;

    /// Its gradient, as in [`Loss`].
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: impl Target<T>,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    );
}

/// The numbers of a target.
pub trait Target<T>: Copy {
    /// As they come.
    fn numbers(&self) -> &[T];
    /// What one of them is taken for.
    fn softened(&self, y: T) -> T;
}

/// Those that are taken as they are.
#[derive(Clone, Copy)]
struct Given<'a, T>(&'a [T]);

impl<T: Element> Target<T> for Given<'_, T> {
    #[inline(always)]
    fn numbers(&self) -> &[T] {
        self.0
    }
    #[inline(always)]
    fn softened(&self, y: T) -> T {
        y
    }
}

/// Those of which a share goes to all answers evenly.
#[derive(Clone, Copy)]
struct Softened<'a, T> {
    numbers: &'a [T],
    keep: T,
    even: T,
}

impl<T: Element> Target<T> for Softened<'_, T> {
    #[inline(always)]
    fn numbers(&self) -> &[T] {
        self.numbers
    }
    #[inline(always)]
    fn softened(&self, y: T) -> T {
        y * self.keep + self.even
    }
}

/// The sum of a target.
pub(super) struct Whole<Y>(pub(super) Y);
impl<T: Element, Y: Target<T>> Take<T> for Whole<Y> {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, y: T, _: T) -> T {
        lane + self.0.softened(y)
    }
}

impl<L> LabelSmoothing<L> {
    /// What becomes of a target.
    #[inline(always)]
    fn softened<'a, T: Element>(&self, numbers: &'a [T]) -> Softened<'a, T>
    where
        L: Soften<T>,
    {
        Softened {
            numbers,
            keep: T::of(1.0 - self.share),
            even: T::of(self.share / self.loss.answers(numbers.len()) as f64),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<H: Head, L: Fits<H>> Fits<H> for LabelSmoothing<L> {
    const JOINT: bool = L::JOINT;
}

#[diagnostic::do_not_recommend]
impl<T, P, L> Loss<T, P, P> for LabelSmoothing<L>
where
    T: Element,
    P: Plain<T>,
    L: Soften<T> + Loss<T, P, P>,
{
    #[inline(always)]
    fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &P) -> T {
        let y = self.softened(target.numbers());
        Soften::loss(&self.loss, isa, prediction, y)
    }

    #[inline(always)]
    fn gradient<I: Isa>(
        &self,
        isa: I,
        prediction: &[T],
        target: &P,
        joint: bool,
        scale: T,
        gradient: &mut [T],
    ) {
        let y = self.softened(target.numbers());
        Soften::gradient(&self.loss, isa, prediction, y, joint, scale, gradient);
    }

    #[inline(always)]
    fn complaint(&self, target: &P) -> Option<Complaint> {
        self.loss.complaint(target)
    }

    fn check(&self) -> Result<()> {
        check_share("label_smoothing", self.share)
    }
}

/// The methods of a [`Loss`] that takes the targets as they are.
macro_rules! targets_as_they_are {
    ($target:ty) => {
        #[inline(always)]
        fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &$target) -> T {
            Soften::loss(self, isa, prediction, Given(target.numbers()))
        }

        #[inline(always)]
        fn gradient<I: Isa>(
            &self,
            isa: I,
            prediction: &[T],
            target: &$target,
            joint: bool,
            scale: T,
            gradient: &mut [T],
        ) {
            let y = Given(target.numbers());
            Soften::gradient(self, isa, prediction, y, joint, scale, gradient);
        }

        #[inline(always)]
        fn complaint(&self, target: &$target) -> Option<Complaint> {
            not_finite(target.numbers())
        }
    };
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Loss<T, P, P> for BinaryCrossentropy {
    targets_as_they_are!(P);
}
#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Loss<T, P, P> for FromLogits<BinaryCrossentropy> {
    targets_as_they_are!(P);
}
#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for CategoricalCrossentropy {
    targets_as_they_are!([T; N]);
}
#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> Loss<T, [T; N], [T; N]> for FromLogits<CategoricalCrossentropy> {
    targets_as_they_are!([T; N]);
}

macro_rules! label_smoothing {
    ($($loss:ty),*) => { $(
        impl $loss {
            /// With targets softened by this share.
            pub fn label_smoothing(self, share: f64) -> LabelSmoothing<Self> {
                LabelSmoothing { loss: self, share }
            }
        }
    )* };
}
label_smoothing!(BinaryCrossentropy, FromLogits<BinaryCrossentropy>);
label_smoothing!(CategoricalCrossentropy, FromLogits<CategoricalCrossentropy>);
