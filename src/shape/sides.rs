//! How much is put around an image, or cut off: an argument for its four sides.

use super::{D1, D2, D3, D4, Dim, Shape};
use crate::layer::{Argument, Bool, Float, Int, List, Missing, Name};
use core::ops::{Add, Sub};
use typenum::{Diff, Max, Maximum, Sum, U0, Unsigned};

/// An argument that should say how much for each side of an image: `1`, `[2, 3]` for above and below,
/// left and right, or `[top, bottom, left, right]`.
pub trait Sides: Argument {
    /// Above; 0 for an argument of another kind, as for the other sides.
    type Top: Dim;
    /// Below.
    type Bottom: Dim;
    /// On the left.
    type Left: Dim;
    /// On the right.
    type Right: Dim;
    /// Whether the argument says this.
    const OK: bool = false;
    /// All four, in this order.
    const SIDES: [usize; 4] = [
        Self::Top::USIZE,
        Self::Bottom::USIZE,
        Self::Left::USIZE,
        Self::Right::USIZE,
    ];
}

impl<N: Dim> Sides for Int<N> {
    type Top = N;
    type Bottom = N;
    type Left = N;
    type Right = N;
    const OK: bool = true;
}
impl<H: Dim, W: Dim> Sides for List<D2<H, W>>
where
    D2<H, W>: Shape,
{
    type Top = H;
    type Bottom = H;
    type Left = W;
    type Right = W;
    const OK: bool = true;
}
impl<T: Dim, B: Dim, L: Dim, R: Dim> Sides for List<D4<T, B, L, R>>
where
    D4<T, B, L, R>: Shape,
{
    type Top = T;
    type Bottom = B;
    type Left = L;
    type Right = R;
    const OK: bool = true;
}

/// No sides at all.
macro_rules! no_sides {
    ($($argument:ty, [$($generics:tt)*];)*) => {
        $(
            impl<$($generics)*> Sides for $argument
            where
                Self: Argument,
            {
                type Top = U0;
                type Bottom = U0;
                type Left = U0;
                type Right = U0;
            }
        )*
    };
}
no_sides! {
    List<D1<N>>, [N];
    List<D3<A, B, C>>, [A, B, C];
    Float<BITS>, [const BITS: u64];
    Bool<B>, [const B: bool];
    Missing, [];
    Name<X, A, B, C, D, E>, [
        X: 'static, A: 'static, B: 'static, C: 'static, D: 'static, E: 'static
    ];
}

/// A dimension with something put before and behind it.
pub trait Outer<Before, Behind> {
    /// Their sum.
    type Out: Dim;
}
impl<N, A, B> Outer<A, B> for N
where
    N: Add<A>,
    Sum<N, A>: Add<B>,
    Sum<Sum<N, A>, B>: Dim,
{
    type Out = Sum<Sum<N, A>, B>;
}

/// A dimension with something cut off before and behind.
pub trait Inner<Before, Behind> {
    /// What is left; 0 if there is nothing.
    type Out: Dim;
}
impl<N, A, B> Inner<A, B> for N
where
    A: Add<B>,
    N: Max<Sum<A, B>>,
    Maximum<N, Sum<A, B>>: Sub<Sum<A, B>>,
    Diff<Maximum<N, Sum<A, B>>, Sum<A, B>>: Dim,
{
    type Out = Diff<Maximum<N, Sum<A, B>>, Sum<A, B>>;
}
