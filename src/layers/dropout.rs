//! Numbers that are left out at random while training.

use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Identity, Kind, Layer, Missing, Moment, NoWeights,
};
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
    const CHECK: Check = Check::that(
        matches!(Rate::KIND, Kind::Float | Kind::Int),
        "{layer} needs the share of its input to leave out, as in `Dropout(0.2)`",
        &[],
    )
    .and(Check::that(
        Rate::VALUE >= 0.0 && Rate::VALUE < 1.0,
        "the rate of {layer} must be at least 0 and below 1",
        &[],
    ));
    const IDENTITY: Identity = Identity::InPrediction;
    const CACHE: usize = In::SIZE;
    const BY_ROW: bool = true;

    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}

    #[inline(always)]
    fn forward_training<I: Isa>(
        _: I,
        _: &NoWeights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        let scale = T::of(1.0 / (1.0 - Rate::VALUE));
        // A number stays if 32 random bits are at least this.
        let threshold = (Rate::VALUE * 4_294_967_296.0) as u32;
        let masks = cache.chunks_exact_mut(In::SIZE.max(1));
        for (row, ((x, y), mask)) in x.iter().zip(y.iter_mut()).zip(masks).enumerate() {
            let mut stream = moment.stream(row);
            for masks in mask.chunks_mut(2) {
                let bits = stream.bits();
                for (mask, bits) in masks.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                    *mask = if bits >= threshold { scale } else { T::zero() };
                }
            }
            for ((y, &x), &mask) in y.iter_mut().zip(x).zip(&*mask) {
                *y = x * mask;
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let masks = pass.cache.chunks_exact(In::SIZE.max(1));
        for ((dy, dx), mask) in pass.dy.as_rows().iter().zip(dx.iter_mut()).zip(masks) {
            for ((dx, &dy), &mask) in dx.iter_mut().zip(dy).zip(mask) {
                *dx = dy * mask;
            }
        }
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { Dropout(0.3) });
    contract!([4] => [2] { Dense(10, tanh), Dropout(0.5), Dense(2) });
    contract!([2, 3] => [2, 3] { Dropout(0) });
}
