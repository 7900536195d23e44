//! Rectification with a slope below 0.

use super::check::is_number;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Float, Layer, NoWeights};
use crate::onnx::{Attribute, Graph};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// `y = x` above 0, `y = negative_slope x` below, Keras' `LeakyReLU`.
///
/// Any input, the output has the same shape. One argument: `negative_slope`, 0.3 unless given, at least
/// 0. (The activation `leaky_relu` has the slope 0.2.)
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2] => [2] { LeakyReLU(0.25) }
/// }
/// assert_eq!(Net::new(1).predict(&[2.0, -2.0]), [2.0, -0.5]);
/// ```
///
/// # Errors of the compiler
/// If the slope is not in its range.
#[derive(Arguments)]
pub struct LeakyReLU<NegativeSlope = Float<{ 0.3_f64.to_bits() }>>(PhantomData<NegativeSlope>);

impl<T: Element, In: Shape, Slope: Argument> Layer<T, In> for LeakyReLU<Slope> {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        is_number::<Slope>() && Slope::VALUE >= 0.0 && Slope::VALUE < f64::INFINITY,
        "the argument `negative_slope` of {layer} must be a number of at least 0, such as `0.3`",
        &[],
    );
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Slope::VALUE == 0.0;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, y: RowsMut<T>) {
        let slope = T::of(Slope::VALUE);
        super::pointwise::forward(x, y, |x| if x > T::zero() { x } else { slope * x });
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let slope = T::of(Slope::VALUE);
        super::pointwise::backward(pass.x, pass.dy.as_rows(), pass.dx, |x| {
            if x > T::zero() { T::one() } else { slope }
        });
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let slope = Attribute::Float(Slope::VALUE as f32);
        graph.apply("LeakyRelu", &[], &[("alpha", slope)]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { LeakyReLU });
    contract!([2, 3] => [2, 3] { LeakyReLU(negative_slope = 0.5) });
    contract!([4] => [2] { Dense(9), LeakyReLU(0), Dense(2) });
}
