//! Channels of an image that are left out at random while training.

use super::features::{Pattern, features};
use super::masks::{leave_out, multiply, of_rows};
use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Identity, Layer, Missing, Moment, NoWeights};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// In training each channel of an image is set to 0 with probability `rate`, all its numbers at once, and
/// divided by 1 - `rate` otherwise; in prediction nothing happens: Keras' `SpatialDropout2D`.
///
/// Input `[channels, height, width]`, the output has the same shape. One argument: `rate`, at least 0 and below 1.
/// Which channels are left out follows from the seed of `fit`, the step, and the place in the batch.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3, 8, 8] => [4, 6, 6] { Conv2D(4, 3), SpatialDropout2D(0.2) }
/// }
/// ```
///
/// # Errors of the compiler
/// If the input is no image, or the rate is not in its range.
#[derive(Arguments)]
pub struct SpatialDropout2D<Rate = Missing>(PhantomData<Rate>);

impl<T: Element, In: Shape, Rate: Argument> Layer<T, In> for SpatialDropout2D<Rate> {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = super::check::rate::<Rate>(
        "{layer} needs the share of its channels to leave out, as in `SpatialDropout2D(0.2)`",
    )
    .and(super::image::expected(
        In::DIMS,
        const { &super::image::one_channel::<In>() },
    ));
    const IDENTITY: Identity = Identity::InPrediction;
    const CACHE: usize = Pattern::of::<In>().len();
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
        for (row, mask) in of_rows(cache, const { Pattern::of::<In>().len() }, x.len()) {
            leave_out(
                &mut mask[..features::<In>()],
                Rate::VALUE,
                moment.places(row),
            );
            const { Pattern::of::<In>() }.repeat(mask);
        }
        multiply(x, cache, const { Pattern::of::<In>().len() }, y);
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(dx) = pass.dx else { return };
        multiply(
            pass.dy.as_rows(),
            pass.cache,
            const { Pattern::of::<In>().len() },
            dx,
        );
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 2, 4] => [3, 2, 4] { SpatialDropout2D(0.3) });
    contract!([1, 2, 2] => [1, 2, 2] { SpatialDropout2D(0.5) });
}
