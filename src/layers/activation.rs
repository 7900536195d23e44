//! An activation as a layer of its own.

use crate::activations::{Activation as _, ActivationArgument};
use crate::error::Result;
use crate::kernels::{Element, tiny};
use crate::layer::{Arguments, Backward, Identity, Kind, Layer, Missing, NoWeights};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// `y = f(x)`: an activation as a layer of its own, Keras' `Activation`.
///
/// Any input, the output has the same shape. One argument: `activation`, see
/// [`activations`](crate::activations).
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1] => [1] { Dense(1), Activation(sigmoid) }
/// }
/// assert_eq!(Net::new(1).predict(&[0.0]), [0.5]);
/// ```
#[derive(Arguments)]
pub struct Activation<Activation = Missing>(PhantomData<Activation>);

/// How many rows fit into the fastest cache.
const fn together<In: Shape>() -> usize {
    match 2048 / padded(In::SIZE) {
        0 => 1,
        rows => rows,
    }
}

type Of<Act> = <Act as ActivationArgument>::Activation;

impl<T: Element, In: Shape, Act: ActivationArgument> Layer<T, In> for Activation<Act> {
    type Output = In;
    type Weights = NoWeights;
    type Head = Of<Act>;

    const CHECK: Check = Check::that(
        !matches!(Act::KIND, Kind::Missing),
        "{layer} needs the name of an activation, as in `Activation(relu)`",
        &[],
    )
    .and(Check::that(
        Act::OK,
        "the argument of {layer} must be an activation, such as `relu`",
        &[],
    ))
    .and(Check::that(
        !Of::<Act>::NORMALIZES || In::DIMS.len() == 1,
        "softmax expects an input of one dimension, but {from} gives {input}: put `Flatten` before it",
        &[],
    ))
    .and(Check::that(
        !Of::<Act>::NORMALIZES || In::SIZE != 1,
        "softmax over the one number that {from} gives is always 1: use `sigmoid`",
        &[],
    ));
    const IDENTITY: Identity = if Of::<Act>::IDENTITY {
        Identity::Always
    } else {
        Identity::Never
    };

    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Of::<Act>::DEAD_AT_ZERO;

    #[inline(always)]
    fn forward<I: Isa>(isa: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        if const { In::SIZE <= tiny::MOST } {
            // Rows that may stay in registers: one loop less.
            for (x, y) in x.iter().zip(y.iter_mut()) {
                y.copy_from_slice(x);
            }
            return Of::<Act>::forward(isa, y);
        }
        // Some rows at a time, which are still at hand when they have been copied.
        let mut rest = x.iter();
        for y in y
            .padded_data()
            .chunks_mut(together::<In>() * padded(In::SIZE))
        {
            let mut y = RowsMut::new(y, In::SIZE);
            for (y, x) in y.iter_mut().zip(&mut rest) {
                y.copy_from_slice(x);
            }
            Of::<Act>::forward(isa, y);
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            dx.copy_from_slice(dy);
        }
        if !pass.joint {
            let seen = if Of::<Act>::NEEDS_INPUT {
                pass.x
            } else {
                pass.y
            };
            Of::<Act>::backward(isa, seen, dx);
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        Of::<Act>::onnx(graph)
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { Activation(linear) });
    contract!([9] => [9] { Activation(relu) });
    contract!([9] => [9] { Activation(leaky_relu) });
    contract!([9] => [9] { Activation(elu) });
    contract!([9] => [9] { Activation(selu) });
    contract!([9] => [9] { Activation(leaky_relu(0.05)) });
    contract!([9] => [9] { Activation(elu(alpha = 0.5)) });
    contract!([9] => [9] { Activation(gelu) });
    contract!([9] => [9] { Activation(gelu(approximate = true)) });
    contract!([9] => [9] { Activation(silu) });
    contract!([9] => [9] { Activation(softplus) });
    contract!([9] => [9] { Activation(sigmoid) });
    contract!([9] => [9] { Activation(hard_sigmoid) });
    contract!([9] => [9] { Activation(tanh) });
    contract!([9] => [9] { Activation(fast_tanh) });
    contract!([9] => [9] { Activation(softmax) });
    contract!([37] => [37] { Activation(softmax) });
    contract!([2, 3] => [2, 3] { Activation(tanh) });
}
