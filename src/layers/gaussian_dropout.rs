//! Random factors while training.

use super::masks::{multiply, of_rows};
use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Identity, Layer, Missing, Moment, NoWeights};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// In training each number is multiplied by a random one, normal with mean 1 and standard deviation
/// `sqrt(rate / (1 - rate))`; in prediction nothing happens: Keras' `GaussianDropout`.
///
/// Any input, the output has the same shape. One argument: `rate`, at least 0 and below 1, as that of
/// [`Dropout`](super::Dropout), whose factors have the same mean and deviation.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [4] => [2] { Dense(16, relu), GaussianDropout(0.2), Dense(2) }
/// }
/// ```
///
/// # Errors of the compiler
/// If the rate is not in its range.
#[derive(Arguments)]
pub struct GaussianDropout<Rate = Missing>(PhantomData<Rate>);

impl<T: Element, In: Shape, Rate: Argument> Layer<T, In> for GaussianDropout<Rate> {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check =
        super::check::rate::<Rate>("{layer} needs a rate, as in `GaussianDropout(0.2)`");
    const IDENTITY: Identity = Identity::InPrediction;
    const CACHE: usize = In::SIZE;
    const BY_ROW: bool = true;

    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        _: &NoWeights,
        x: Rows<T>,
        y: RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        let deviation = T::of(Rate::VALUE / (1.0 - Rate::VALUE)).sqrt();
        for (row, mask) in of_rows(cache, In::SIZE, x.len()) {
            moment.places(row).normal(isa, mask);
            for mask in mask {
                *mask = T::one() + deviation * *mask;
            }
        }
        multiply(x, cache, In::SIZE, y);
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(dx) = pass.dx else { return };
        multiply(pass.dy.as_rows(), pass.cache, In::SIZE, dx);
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { GaussianDropout(0.3) });
    contract!([2, 3] => [2, 3] { GaussianDropout(0) });
}
