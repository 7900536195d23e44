//! A shape as several items of a smaller one.

use super::{D1, D2, D3, D4, Dim, Shape};
use core::ops::Mul;
use typenum::{Prod, U1};

/// A shape whose first dimension counts items of the others.
pub trait Items: Shape {
    /// How many items there are.
    type Count: Dim;
    /// The shape of each; of a vector, which has none, the vector.
    type Item: Shape;
}
impl<N: Dim> Items for D1<N> {
    type Count = U1;
    type Item = Self;
}
impl<H: Dim, W: Dim> Items for D2<H, W>
where
    Self: Shape,
{
    type Count = H;
    type Item = D1<W>;
}
impl<C: Dim, H, W> Items for D3<C, H, W>
where
    Self: Shape,
    D2<H, W>: Shape,
{
    type Count = C;
    type Item = D2<H, W>;
}
impl<B: Dim, C, H, W> Items for D4<B, C, H, W>
where
    Self: Shape,
    D3<C, H, W>: Shape,
{
    type Count = B;
    type Item = D3<C, H, W>;
}

/// So many items of this shape as one shape; of four dimensions, which can not have another one, the
/// shape itself.
pub trait Several<Count> {
    /// The shape of all.
    type Shape: Shape;
}
impl<Count, N> Several<Count> for D1<N>
where
    D2<Count, N>: Shape,
{
    type Shape = D2<Count, N>;
}
impl<Count, H, W> Several<Count> for D2<H, W>
where
    D3<Count, H, W>: Shape,
{
    type Shape = D3<Count, H, W>;
}
impl<Count, C, H: Mul<W>, W> Several<Count> for D3<C, H, W>
where
    C: Mul<Prod<H, W>>,
    D4<Count, C, H, W>: Shape,
{
    type Shape = D4<Count, C, H, W>;
}
impl<Count, B, C, H, W> Several<Count> for D4<B, C, H, W>
where
    Self: Shape,
{
    type Shape = Self;
}

/// What a list of layers gets that is an argument of a layer with this input: the same, or its items.
pub trait Within<const ITEMS: bool> {
    /// The shape.
    type Shape: Shape;
}
impl<S: Shape> Within<false> for S {
    type Shape = S;
}
impl<S: Items> Within<true> for S {
    type Shape = S::Item;
}
