//! Rectification that goes exponentially to a limit below 0.

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

/// `y = x` above 0, `y = alpha (e^x - 1)` below, Keras' `ELU`.
///
/// Any input, the output has the same shape. One argument: `alpha`, 1 unless given. (With 1 it is the
/// activation `elu`.)
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2] => [2] { ELU(0.5) }
/// }
/// let y = Net::new(1).predict(&[2.0, -20.0]);
/// assert_eq!(y[0], 2.0);
/// assert!((y[1] + 0.5).abs() < 1e-6);
/// ```
///
/// # Errors of the compiler
/// If alpha is not a number of at least 0.
#[derive(Arguments)]
pub struct ELU<Alpha = Float<{ 1.0_f64.to_bits() }>>(PhantomData<Alpha>);

impl<T: Element, In: Shape, Alpha: Argument> Layer<T, In> for ELU<Alpha> {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        is_number::<Alpha>() && Alpha::VALUE >= 0.0 && Alpha::VALUE < f64::INFINITY,
        "the argument `alpha` of {layer} must be a number of at least 0, such as `1.0`",
        &[],
    );
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(isa: I, _: &NoWeights, x: Rows<T>, y: RowsMut<T>) {
        let alpha = T::of(Alpha::VALUE);
        super::pointwise::forward(x, y, |x| {
            let below = alpha * T::exp_m1(isa, x);
            if x > T::zero() { x } else { below }
        });
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &NoWeights, pass: Backward<T>) {
        let alpha = T::of(Alpha::VALUE);
        super::pointwise::backward(pass.x, pass.dy.as_rows(), pass.dx, |x| {
            let below = alpha * T::exp(isa, x);
            if x > T::zero() { T::one() } else { below }
        });
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let alpha = Attribute::Float(Alpha::VALUE as f32);
        graph.apply("Elu", &[], &[("alpha", alpha)]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { ELU });
    contract!([2, 3] => [2, 3] { ELU(alpha = 0.5) });
}
