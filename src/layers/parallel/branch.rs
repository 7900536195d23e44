//! A list of layers as one of several, and the shape that several make together.

use crate::activations::AnyHead;
use crate::kernels::Element;
use crate::layer::{
    Argument, Backward, Bool, Float, Int, Layer, List, Missing, Name, Network, NoWeights,
};
use crate::rows::{Rows, RowsMut};
use crate::shape::{D1, D2, D3, D4, Dim, Shape};
use crate::simd::Isa;
use core::ops::Add;
use typenum::Sum as TypeSum;

/// What becomes of the outputs of several lists.
pub trait Merge: 'static {
    /// Whether the input is added, too.
    const SHORTCUT: bool = false;
    /// Whether the outputs are added; otherwise they go side by side.
    const ADDS: bool;
}

/// A list of layers, or nothing.
pub trait Branch<T: Element, In: Shape>: Argument {
    /// The list as a layer.
    type Layer: Layer<T, In>;
    /// Whether there is one.
    const GIVEN: bool = false;
}
impl<T: Element, In: Shape, L: Layer<T, In>> Branch<T, In> for Network<L> {
    type Layer = L;
    const GIVEN: bool = true;
}

/// Arguments that are no lists of layers add nothing.
macro_rules! nothing {
    ($($argument:ty $(, $parameter:ident $(: $bound:ident)?)*;)*) => { $(
        impl<T: Element, In: Shape, $($parameter $(: $bound)?),*> Branch<T, In> for $argument
        where
            Self: Argument,
        {
            type Layer = Absent;
        }
        impl<M, T, In, Before: Shape, $($parameter $(: $bound)?),*> Merged<M, T, In, $argument>
            for Before
        {
            type Out = Before;
        }
    )* };
}
nothing! {
    Missing;
    Int<N>, N: Dim;
    Bool<true>;
    Bool<false>;
    Name<X, A, I, P, R, Q>, X, A, I, P, R, Q;
    List<S>, S: Shape;
}

/// Stands where there is no list.
pub struct Absent;

impl<T: Element, In: Shape> Layer<T, In> for Absent {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const SEPARATE: bool = true;
    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}
    fn backward<I: Isa>(_: I, _: &NoWeights, _: Backward<T>) {}
}

/// The shape of this one's channels beside those of `Other`: the last dimension of vectors and matrices,
/// the channels of images.
pub trait Beside<Other> {
    /// The shape of both.
    type Out: Shape;
}
impl<N: Add<O::Width>, O: Shape> Beside<O> for D1<N>
where
    D1<TypeSum<N, O::Width>>: Shape,
{
    type Out = D1<TypeSum<N, O::Width>>;
}
impl<H, W: Add<O::Width>, O: Shape> Beside<O> for D2<H, W>
where
    D2<H, TypeSum<W, O::Width>>: Shape,
{
    type Out = D2<H, TypeSum<W, O::Width>>;
}
impl<C: Add<O::Channels>, H, W, O: Shape> Beside<O> for D3<C, H, W>
where
    D3<TypeSum<C, O::Channels>, H, W>: Shape,
{
    type Out = D3<TypeSum<C, O::Channels>, H, W>;
}
impl<B, C, H, W: Add<O::Width>, O: Shape> Beside<O> for D4<B, C, H, W>
where
    D4<B, C, H, TypeSum<W, O::Width>>: Shape,
{
    type Out = D4<B, C, H, TypeSum<W, O::Width>>;
}

/// The shape that a merge gives, with one more branch.
pub trait Merged<M, T, In, Next> {
    /// The shape.
    type Out: Shape;
}
impl<M, T, In, S: Shape, const BITS: u64> Merged<M, T, In, Float<BITS>> for S {
    type Out = S;
}
impl<T: Element, In: Shape, const BITS: u64> Branch<T, In> for Float<BITS> {
    type Layer = Absent;
}
impl<T, In, S, L> Merged<crate::layers::concatenate::SideBySide, T, In, Network<L>> for S
where
    T: Element,
    In: Shape,
    L: Layer<T, In>,
    S: Beside<L::Output>,
{
    type Out = S::Out;
}
impl<T, In, S: Shape, L> Merged<crate::layers::add::Sum, T, In, Network<L>> for S {
    type Out = S;
}
impl<T, In, S: Shape, L> Merged<crate::layers::residual::WithInput, T, In, Network<L>> for S {
    type Out = S;
}
