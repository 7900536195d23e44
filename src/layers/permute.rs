//! Dimensions in another order.

use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Arguments, Backward, Bool, Float, Int, Layer, List, Missing, Name, NoWeights};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, D1, D2, D3, D4, Dim, Fact, Shape};
use crate::simd::Isa;
use alloc::vec::Vec;
use core::marker::PhantomData;
use typenum::{Min, Minimum, U0, U1, U2, U3};

/// The dimensions in another order, Keras' `Permute`.
///
/// Input of one to three dimensions, output of the same, in the order of `dims`: `Permute([2, 1])` turns
/// rows into columns. The first dimension is 1. Of an image they are 1 for the channels, 2 for the
/// height, 3 for the width.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2, 3] => [3, 2] { Permute([2, 1]) }
/// }
/// let y = Net::new(1).predict(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(y, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
/// ```
///
/// # Errors of the compiler
/// If the list does not hold each dimension of the input once.
#[derive(Arguments)]
pub struct Permute<Dims = Missing>(PhantomData<Dims>);

/// An argument that says where the dimensions of an input go.
pub trait Permutation<In: Shape>: 'static {
    /// What comes out.
    type Output: Shape;
    /// For each dimension of the output that of the input, counted from 1.
    const DIMS: &'static [usize];
}

/// The number of a dimension, as the type of this dimension.
pub trait Axis<In: Shape> {
    /// Of two dimensions; the second if there are not as many.
    type OfTwo: Dim;
    /// Of three dimensions; the third if there are not as many.
    type OfThree: Dim;
}
impl<In: Shape> Axis<In> for U0 {
    type OfTwo = In::Height;
    type OfThree = In::Channels;
}
impl<In: Shape> Axis<In> for U1 {
    type OfTwo = In::Height;
    type OfThree = In::Channels;
}
impl<In: Shape> Axis<In> for U2 {
    type OfTwo = In::Width;
    type OfThree = In::Height;
}
impl<In: Shape> Axis<In> for U3 {
    type OfTwo = In::Width;
    type OfThree = In::Width;
}

/// Dimension number A of two.
type OfTwo<A, In> = <Minimum<A, U3> as Axis<In>>::OfTwo;
/// Dimension number A of three.
type OfThree<A, In> = <Minimum<A, U3> as Axis<In>>::OfThree;

impl<In: Shape, A: Dim> Permutation<In> for List<D1<A>> {
    type Output = D1<In::Size>;
    const DIMS: &'static [usize] = D1::<A>::DIMS;
}
impl<In: Shape, A, B> Permutation<In> for List<D2<A, B>>
where
    D2<A, B>: Shape,
    A: Min<U3, Output: Axis<In>>,
    B: Min<U3, Output: Axis<In>>,
    D2<OfTwo<A, In>, OfTwo<B, In>>: Shape,
{
    type Output = D2<OfTwo<A, In>, OfTwo<B, In>>;
    const DIMS: &'static [usize] = D2::<A, B>::DIMS;
}
impl<In: Shape, A, B, C> Permutation<In> for List<D3<A, B, C>>
where
    D3<A, B, C>: Shape,
    A: Min<U3, Output: Axis<In>>,
    B: Min<U3, Output: Axis<In>>,
    C: Min<U3, Output: Axis<In>>,
    D3<OfThree<A, In>, OfThree<B, In>, OfThree<C, In>>: Shape,
{
    type Output = D3<OfThree<A, In>, OfThree<B, In>, OfThree<C, In>>;
    const DIMS: &'static [usize] = D3::<A, B, C>::DIMS;
}
impl<In: Shape, A: 'static, B: 'static, C: 'static, D: 'static> Permutation<In>
    for List<D4<A, B, C, D>>
{
    type Output = In;
    const DIMS: &'static [usize] = &[];
}
impl<In: Shape, N: Dim> Permutation<In> for Int<N> {
    type Output = D1<In::Size>;
    const DIMS: &'static [usize] = D1::<N>::DIMS;
}
impl<In: Shape, const BITS: u64> Permutation<In> for Float<BITS> {
    type Output = In;
    const DIMS: &'static [usize] = &[];
}
impl<In: Shape, const B: bool> Permutation<In> for Bool<B> {
    type Output = In;
    const DIMS: &'static [usize] = &[];
}
impl<In: Shape, X: 'static, A: 'static, B: 'static, C: 'static, D: 'static, E: 'static>
    Permutation<In> for Name<X, A, B, C, D, E>
{
    type Output = In;
    const DIMS: &'static [usize] = &[];
}
impl<In: Shape> Permutation<In> for Missing {
    type Output = In;
    const DIMS: &'static [usize] = &[];
}

/// Whether each of the first dimensions occurs once.
const fn is_permutation(dims: &[usize]) -> bool {
    let (mut seen, mut i) = (0, 0);
    while i < dims.len() {
        if dims[i] == 0 || dims[i] > dims.len() {
            return false;
        }
        seen |= 1 << dims[i];
        i += 1;
    }
    seen == (2 << dims.len()) - 2
}

/// How far apart the numbers of a sample lie along each dimension, inside of a model.
const fn strides(dims: &[usize]) -> [usize; 3] {
    match *dims {
        [_, width] => [width, 1, 0],
        // The channels of a pixel lie side by side.
        [channels, _, width] => [1, width * channels, channels],
        _ => [1, 0, 0],
    }
}

/// Shows where each number lies in the input and in the output.
#[inline(always)]
fn each<In: Shape, P: Permutation<In>>(mut see: impl FnMut(usize, usize)) {
    let (input, output) = (strides(In::DIMS), strides(P::Output::DIMS));
    let (mut sizes, mut from) = ([1; 3], [0; 3]);
    for (i, (&dim, &size)) in P::DIMS.iter().zip(P::Output::DIMS).enumerate() {
        (sizes[i], from[i]) = (size, input[dim - 1]);
    }
    for a in 0..sizes[0] {
        for b in 0..sizes[1] {
            for c in 0..sizes[2] {
                let place = |strides: [usize; 3]| a * strides[0] + b * strides[1] + c * strides[2];
                see(place(from), place(output));
            }
        }
    }
}

impl<T: Element, In: Shape, P: Permutation<In>> Layer<T, In> for Permute<P> {
    type Output = P::Output;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        !P::DIMS.is_empty(),
        "{layer} needs the dimensions in their new order, one to three, as in `Permute([2, 1])`",
        &[],
    )
    .and(Check::that(
        is_permutation(P::DIMS),
        "the dimensions {0} of {layer} must be each of 1 to {1}, once",
        const { &[Fact::Shape(P::DIMS), Fact::Number(P::DIMS.len())] },
    ))
    .and(Check::that(
        In::DIMS.len() == P::DIMS.len(),
        "{layer} orders {0} dimensions, but {from} gives {input}",
        const { &[Fact::Number(P::DIMS.len())] },
    ));
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            each::<In, P>(|from, to| y[to] = x[from]);
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            each::<In, P>(|from, to| dx[from] = dy[to]);
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let order: Vec<usize> = P::DIMS.iter().map(|dim| dim - 1).collect();
        graph.transpose(&order);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { Permute([1]) });
    contract!([2, 3] => [3, 2] { Permute([2, 1]) });
    contract!([2, 3] => [2, 3] { Permute([1, 2]) });
    contract!([2, 3, 4] => [4, 2, 3] { Permute([3, 1, 2]) });
    contract!([2, 3, 4] => [3, 4, 2] { Permute((2, 3, 1)) });
    contract!([2, 3, 4] => [2] { Permute([1, 3, 2]), Flatten, Dense(2) });
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn dimensions_of_an_image_are_those_of_its_array() {
        sequential! {
            struct Net: [2, 3, 4] => [4, 2, 3] { Permute([3, 1, 2]) }
        }
        let mut x = [[[0.0; 4]; 3]; 2];
        for (i, x) in x.iter_mut().flatten().flatten().enumerate() {
            *x = i as f32;
        }
        let y = Net::new(1).predict(&x);
        for (a, y) in y.iter().enumerate() {
            for (b, y) in y.iter().enumerate() {
                for (c, &y) in y.iter().enumerate() {
                    assert_eq!(y, x[b][c][a]);
                }
            }
        }
    }
}
