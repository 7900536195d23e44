//! All numbers times one, plus one.

use super::check::is_number;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Float, Layer, Missing, NoWeights};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// `y = scale x + offset`, the same for all numbers, Keras' `Rescaling`.
///
/// Any input, the output has the same shape.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `scale` | required | what each number is multiplied by |
/// | `offset` | 0.0 | what is added then |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     /// From 0 to 255 to -1 to 1.
///     struct Net: [2] => [2] { Rescaling(0.00784313725, offset = -1) }
/// }
/// let y = Net::new(1).predict(&[0.0, 255.0]);
/// assert!((y[0] + 1.0).abs() < 1e-6 && (y[1] - 1.0).abs() < 1e-6);
/// ```
///
/// # Errors of the compiler
/// If an argument is not a number.
#[derive(Arguments)]
pub struct Rescaling<Scale = Missing, Offset = Float<{ 0.0_f64.to_bits() }>>(
    PhantomData<(Scale, Offset)>,
);

impl<T: Element, In: Shape, Scale: Argument, Offset: Argument> Layer<T, In>
    for Rescaling<Scale, Offset>
{
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        is_number::<Scale>(),
        "{layer} needs a number that its input is multiplied by, as in `Rescaling(0.5)`",
        &[],
    )
    .and(Check::that(
        is_number::<Offset>(),
        "the argument `offset` of {layer} must be a number, such as `-1.0`",
        &[],
    ));
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, y: RowsMut<T>) {
        let (scale, offset) = (T::of(Scale::VALUE), T::of(Offset::VALUE));
        super::pointwise::forward(x, y, |x| x * scale + offset);
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let scale = T::of(Scale::VALUE);
        super::pointwise::backward(pass.x, pass.dy.as_rows(), pass.dx, |_| scale);
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let (scale, offset) = (graph.number(Scale::VALUE), graph.number(Offset::VALUE));
        graph.apply("Mul", &[scale], &[]);
        graph.apply("Add", &[offset], &[]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { Rescaling(0.25) });
    contract!([2, 3] => [2, 3] { Rescaling(scale = 2, offset = -1.5) });
}
