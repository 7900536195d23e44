//! Numbers that are left out at random while training.

use super::masks::{leave_out, multiply, of_rows};
use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Identity, Layer, Missing, Moment, NoWeights};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// In training each number is set to 0 with probability `rate`, and divided by 1 - `rate`
/// otherwise, so that its mean stays; in prediction nothing happens: Keras' `Dropout`.
///
/// Any input, the output has the same shape. One argument: `rate`, at least 0 and below 1. Which
/// numbers are left out follows from the seed of `fit`, the step, and the place in the batch.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [4] => [2] { Dense(16, relu), Dropout(0.2), Dense(2) }
/// }
/// ```
///
/// # Errors of the compiler
/// If the rate is not in that range.
#[derive(Arguments)]
pub struct Dropout<Rate = Missing>(PhantomData<Rate>);

impl<T: Element, In: Shape, Rate: Argument> Layer<T, In> for Dropout<Rate> {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = super::check::rate::<Rate>(
        "{layer} needs the share of its input to leave out, as in `Dropout(0.2)`",
    );
    const IDENTITY: Identity = Identity::InPrediction;
    const CACHE: usize = In::SIZE;
    const BY_ROW: bool = true;

    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}

    #[inline(always)]
    fn forward_training<I: Isa>(
        _: I,
        _: &NoWeights,
        x: Rows<T>,
        y: RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        for (row, mask) in of_rows(cache, In::SIZE, x.len()) {
            leave_out(mask, Rate::VALUE, moment.places(row));
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
    contract!([9] => [9] { Dropout(0.3) });
    contract!([4] => [2] { Dense(10, tanh), Dropout(0.5), Dense(2) });
    contract!([2, 3] => [2, 3] { Dropout(0) });
}
