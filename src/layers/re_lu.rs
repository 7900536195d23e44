//! Rectification with a limit, a slope and a threshold.

use super::check::is_number;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Float, Kind, Layer, Missing, NoWeights};
use crate::onnx::{Attribute, Graph};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// `y = max(x, 0)`, with a limit, a slope and a threshold, Keras' `ReLU`: `y = max_value` from
/// `max_value` on, `y = x` above `threshold`, `y = negative_slope (x - threshold)` below.
///
/// Any input, the output has the same shape.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `max_value` | none | no number becomes greater; at least 0 |
/// | `negative_slope` | 0.0 | the slope below the threshold; at least 0 |
/// | `threshold` | 0.0 | where it begins; at least 0 |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3] => [3] { ReLU(6.0) }
/// }
/// assert_eq!(Net::new(1).predict(&[-1.0, 2.0, 7.0]), [0.0, 2.0, 6.0]);
/// ```
///
/// # Errors of the compiler
/// If an argument is not in its range.
#[derive(Arguments)]
pub struct ReLU<
    MaxValue = Missing,
    NegativeSlope = Float<{ 0.0_f64.to_bits() }>,
    Threshold = Float<{ 0.0_f64.to_bits() }>,
>(PhantomData<(MaxValue, NegativeSlope, Threshold)>);

/// Whether an argument is a number of at least 0.
const fn is_positive<X: Argument>() -> bool {
    is_number::<X>() && X::VALUE >= 0.0 && X::VALUE < f64::INFINITY
}

/// The limit; infinity if there is none.
const fn limit<Max: Argument>() -> f64 {
    if matches!(Max::KIND, Kind::Missing) {
        f64::INFINITY
    } else {
        Max::VALUE
    }
}

impl<T, In, Max, Slope, Threshold> Layer<T, In> for ReLU<Max, Slope, Threshold>
where
    T: Element,
    In: Shape,
    Max: Argument,
    Slope: Argument,
    Threshold: Argument,
{
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        matches!(Max::KIND, Kind::Missing) || is_positive::<Max>(),
        "the argument `max_value` of {layer} must be a number of at least 0, such as `6.0`",
        &[],
    )
    .and(Check::that(
        is_positive::<Slope>(),
        "the argument `negative_slope` of {layer} must be a number of at least 0, such as `0.1`",
        &[],
    ))
    .and(Check::that(
        is_positive::<Threshold>(),
        "the argument `threshold` of {layer} must be a number of at least 0, such as `0.5`",
        &[],
    ));
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Slope::VALUE == 0.0;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, y: RowsMut<T>) {
        let [slope, threshold, max] = [Slope::VALUE, Threshold::VALUE, limit::<Max>()].map(T::of);
        super::pointwise::forward(x, y, |x| {
            let y = if x > threshold {
                x
            } else {
                slope * (x - threshold)
            };
            if y < max { y } else { max }
        });
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let [slope, threshold, max] = [Slope::VALUE, Threshold::VALUE, limit::<Max>()].map(T::of);
        super::pointwise::backward(pass.x, pass.dy.as_rows(), pass.dx, |x| {
            let below = if x > threshold { T::one() } else { slope };
            if x < max { below } else { T::zero() }
        });
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let slope = Slope::VALUE;
        if Threshold::VALUE > 0.0 {
            let (x, threshold) = (graph.value(), graph.number(Threshold::VALUE));
            let slope = graph.number(slope);
            let above = graph.node("Greater", &[x, threshold], &[]);
            let below = graph.node("Sub", &[x, threshold], &[]);
            let below = graph.node("Mul", &[below, slope], &[]);
            graph.set_value(above);
            graph.apply("Where", &[x, below], &[]);
        } else if slope > 0.0 {
            graph.apply(
                "LeakyRelu",
                &[],
                &[("alpha", Attribute::Float(slope as f32))],
            );
        } else {
            graph.apply("Relu", &[], &[]);
        }
        if !matches!(Max::KIND, Kind::Missing) {
            let max = graph.number(Max::VALUE);
            graph.apply("Min", &[max], &[]);
        }
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { ReLU });
    contract!([9] => [9] { ReLU(1.5) });
    contract!([2, 3] => [2, 3] { ReLU(max_value = 2.5, negative_slope = 0.1, threshold = 0.75) });
    contract!([4] => [2] { Dense(9), ReLU(negative_slope = 0.5), Dense(2) });
}
