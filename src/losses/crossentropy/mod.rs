//! The losses between probabilities.

mod binary;
mod categorical;
mod label_smoothing;
mod sparse;

pub use binary::BinaryCrossentropy;
pub use categorical::CategoricalCrossentropy;
pub use label_smoothing::LabelSmoothing;
pub use sparse::SparseCategoricalCrossentropy;

use super::{EPSILON, Fits};
use crate::activations::{AnyHead, Linear};
use crate::kernels::Element;
use crate::lanes::{Largest, Take, in_lanes, total};
use crate::simd::Isa;

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

/// Probabilities are kept 1e-7 away from 0 and 1, as in Keras.
#[inline(always)]
fn clip<T: Element>(p: T) -> T {
    let (low, high) = (T::of(EPSILON), T::of(1.0 - EPSILON));
    // One after the other, so that nothing is to be foreseen; a NaN must not be hidden.
    let p = if p < low { low } else { p };
    if p > high { high } else { p }
}

/// Whether the clip lets a change of p through.
#[inline(always)]
fn inside<T: Element>(p: T) -> bool {
    p >= T::of(EPSILON) && p <= T::of(1.0 - EPSILON)
}

/// The sum of all e^(z - most).
struct Exponentials<T>(T);
impl<T: Element> Take<T> for Exponentials<T> {
    #[inline(always)]
    fn take<I: Isa>(&self, isa: I, lane: T, z: T, _: T) -> T {
        lane + T::exp(isa, z - self.0)
    }
}

/// The largest z, and ln Σ e^(z - largest): apart, because their sum would lose the digits of the
/// second one where the first is large.
#[inline(always)]
fn log_sum_exp<T: Element, I: Isa>(isa: I, z: &[T]) -> (T, T) {
    let most = in_lanes(isa, &Largest, -T::INFINITY, z, z);
    (most, T::ln(isa, total(isa, &Exponentials(most), z, z)))
}
