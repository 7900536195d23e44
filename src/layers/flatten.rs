//! All numbers of a sample in one dimension.

use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{Arguments, Backward, Identity, Layer, NoWeights};
use crate::rows::{Rows, RowsMut};
use crate::shape::{D1, Shape};
use crate::simd::Isa;

/// Any shape becomes one dimension, in the order of memory: Keras' `Flatten`. It costs nothing.
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
    const IDENTITY: Identity = Identity::Always;

    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}
    fn backward<I: Isa>(_: I, _: &NoWeights, _: Backward<T>) {}
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([2, 3] => [6] { Flatten });
    contract!([2, 3, 4] => [2] { Flatten, Dense(2) });
    contract!([5] => [5] { Flatten });
}
