//! Probabilities as a layer of their own.

use super::features::{features, places};
use crate::activations::Activation;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Backward, Layer, NoWeights};
use crate::onnx::{Attribute, Graph};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape};
use crate::simd::Isa;

pub use crate::activations::Softmax;

impl<T: Element, In: Shape> Layer<T, In> for Softmax {
    type Output = In;
    type Weights = NoWeights;
    type Head = Self;
    const CHECK: Check = Check::that(
        features::<In>() != 1,
        "{layer} of a single number is always 1, and {from} gives {input}: use `Activation(sigmoid)`",
        &[],
    );
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(isa: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            y.copy_from_slice(x);
        }
        if const { places::<In>() == 1 } {
            <Softmax as Activation>::forward(isa, y);
        } else {
            Softmax::forward_groups(isa, y, features::<In>());
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            dx.copy_from_slice(dy);
        }
        if pass.joint {
            return;
        }
        if const { places::<In>() == 1 } {
            <Softmax as Activation>::backward(isa, pass.y, dx);
        } else {
            Softmax::backward_groups(isa, pass.y, dx, features::<In>());
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let axis = if In::DIMS.len() == 3 { 1 } else { -1 };
        graph.apply("Softmax", &[], &[("axis", Attribute::Int(axis))]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { Softmax });
    contract!([37] => [37] { Softmax });
    contract!([5] => [3] { Dense(3), Softmax });
    contract!([2, 3] => [2, 3] { Softmax });
    contract!([3, 20] => [3, 20] { Softmax });
    contract!([3, 2, 2] => [3, 2, 2] { Softmax });
}
