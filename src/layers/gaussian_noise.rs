//! Random numbers that are added while training.

use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Identity, Layer, Missing, Moment, NoWeights};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// In training a random number is added to each, normal with mean 0 and standard deviation `stddev`; in
/// prediction nothing happens: Keras' `GaussianNoise`.
///
/// Any input, the output has the same shape. One argument: `stddev`, at least 0. The numbers follow from
/// the seed of `fit`, the step, and the place in the batch.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [4] => [2] { GaussianNoise(0.1), Dense(2) }
/// }
/// ```
///
/// # Errors of the compiler
/// If the deviation is not in its range.
#[derive(Arguments)]
pub struct GaussianNoise<Stddev = Missing>(PhantomData<Stddev>);

impl<T: Element, In: Shape, Stddev: Argument> Layer<T, In> for GaussianNoise<Stddev> {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        super::check::is_number::<Stddev>(),
        "{layer} needs the standard deviation of its noise, as in `GaussianNoise(0.1)`",
        &[],
    )
    .and(Check::that(
        Stddev::VALUE >= 0.0 && Stddev::VALUE < f64::INFINITY,
        "the standard deviation of {layer} must be at least 0",
        &[],
    ));
    const IDENTITY: Identity = Identity::InPrediction;
    const BY_ROW: bool = true;

    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        _: &NoWeights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        _: &mut [T],
        moment: Moment<'_>,
    ) {
        let deviation = T::of(Stddev::VALUE);
        for (row, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
            moment.places(row).normal(isa, y);
            for (y, &x) in y.iter_mut().zip(x) {
                *y = x + deviation * *y;
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        super::pointwise::backward(pass.x, pass.dy.as_rows(), pass.dx, |_| T::one());
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { GaussianNoise(0.3) });
    contract!([2, 3] => [2] { GaussianNoise(1), Flatten, Dense(2) });
}
