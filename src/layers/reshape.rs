//! The same numbers in another shape.

use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Identity, Kind, Layer, Missing, NoWeights};
use crate::layout::{differs, places};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Fact, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// The same numbers in another shape, in the order of the plain arrays: Keras' `Reshape`. It costs
/// nothing, except from and to images of several channels, whose numbers change places.
///
/// Input any, output `target_shape`, which must hold as many numbers.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [6] => [2, 3] { Reshape([2, 3]) }
/// }
/// assert_eq!(Net::new(1).predict(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// ```
///
/// # Errors of the compiler
/// If the two shapes do not hold as many numbers.
#[derive(Arguments)]
pub struct Reshape<TargetShape = Missing>(PhantomData<TargetShape>);

impl<T: Element, In: Shape, To: Argument> Layer<T, In> for Reshape<To> {
    type Output = To::Dims;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        matches!(To::KIND, Kind::List | Kind::Int),
        "{layer} needs a shape, as in `Reshape([28, 28])`",
        &[],
    )
    .and(Check::that(
        In::SIZE == To::Dims::SIZE,
        "{layer} to {0} needs {1} numbers, but {from} gives {input}, which are {2}",
        &[
            Fact::Shape(To::Dims::DIMS),
            Fact::Number(To::Dims::SIZE),
            Fact::Number(In::SIZE),
        ],
    ));
    const IDENTITY: Identity = if differs(In::DIMS) || differs(To::Dims::DIMS) {
        Identity::Never
    } else {
        Identity::Always
    };
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for (from, to) in places::<In>().zip(places::<To::Dims>()) {
                y[to] = x[from];
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            for (from, to) in places::<In>().zip(places::<To::Dims>()) {
                dx[from] = dy[to];
            }
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        graph.reshape(To::Dims::DIMS);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([12] => [3, 4] { Reshape([3, 4]) });
    contract!([2, 6] => [12] { Reshape(12) });
    contract!([2, 2, 3] => [4, 3] { Reshape((4, 3)) });
    contract!([2, 2, 3] => [3, 1, 4] { Reshape([3, 1, 4]) });
    contract!([12] => [2, 3, 2] { Reshape([2, 3, 2]) });
}
