//! The same numbers again and again.

use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Kind, Layer, Missing, NoWeights};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, D2, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::Unsigned;

/// The input n times, Keras' `RepeatVector`.
///
/// Input `[features]`, output `[n, features]`. One argument: `n`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2] => [3, 2] { RepeatVector(3) }
/// }
/// assert_eq!(Net::new(1).predict(&[1.0, 2.0]), [[1.0, 2.0]; 3]);
/// ```
///
/// # Errors of the compiler
/// If the input has more than one dimension, or n is not a whole number from 1 on.
#[derive(Arguments)]
pub struct RepeatVector<N = Missing>(PhantomData<N>);

impl<T: Element, In: Shape, N: Argument> Layer<T, In> for RepeatVector<N>
where
    D2<N::Number, In::Size>: Shape,
{
    type Output = D2<N::Number, In::Size>;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        matches!(N::KIND, Kind::Int) && N::Number::USIZE > 0,
        "{layer} needs a whole number from 1 on, as in `RepeatVector(3)`",
        &[],
    )
    .and(Check::that(
        In::DIMS.len() == 1,
        "{layer} expects an input of one dimension, but {from} gives {input}",
        &[],
    ));
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for y in y.chunks_exact_mut(x.len().max(1)) {
                y.copy_from_slice(x);
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            dx.fill(T::zero());
            for dy in dy.chunks_exact(dx.len().max(1)) {
                for (dx, &dy) in dx.iter_mut().zip(dy) {
                    *dx += dy;
                }
            }
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let axis = graph.integers("axes", &[1]);
        graph.apply("Unsqueeze", &[axis], &[]);
        let shape = graph.integers("shape", &[1, N::Number::USIZE as i64, 1]);
        graph.apply("Expand", &[shape], &[]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [3, 5] { RepeatVector(3) });
    contract!([1] => [1, 1] { RepeatVector(1) });
    contract!([3] => [2] { Dense(4, tanh), RepeatVector(2), Flatten, Dense(2) });
}
