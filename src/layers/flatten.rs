//! All numbers of a sample in one dimension.

use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::{Element, Turn};
use crate::layer::{Arguments, Backward, Identity, Layer, NoWeights};
use crate::layout::differs;
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{D1, Shape};
use crate::simd::Isa;
use typenum::Unsigned;

/// Any shape becomes one dimension, in the order of the plain array: Keras' `Flatten`. It costs nothing,
/// except after layers of images of several channels, whose numbers change places.
///
/// Input any, output `[product of the dimensions]`. No arguments: the model's header states the
/// input shape.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2, 3] => [6] { Flatten }
/// }
/// assert_eq!(Net::new(1).predict(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// ```
#[derive(Arguments)]
pub struct Flatten;

impl<T: Element, In: Shape> Layer<T, In> for Flatten {
    type Output = D1<In::Size>;
    type Weights = NoWeights;
    type Head = AnyHead;
    const IDENTITY: Identity = if differs(In::DIMS) {
        Identity::Never
    } else {
        Identity::Always
    };
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(isa: I, _: &NoWeights, x: Rows<T>, y: RowsMut<T>) {
        T::turn(isa, Turn::new(In::SIZE / In::Channels::USIZE, x, y));
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &NoWeights, pass: Backward<T>) {
        if let Some(dx) = pass.dx {
            T::turn(isa, Turn::new(In::Channels::USIZE, pass.dy.as_rows(), dx));
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        graph.reshape(&[In::SIZE]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([2, 3] => [6] { Flatten });
    contract!([2, 3, 4] => [2] { Flatten, Dense(2) });
    contract!([5] => [5] { Flatten });
}
