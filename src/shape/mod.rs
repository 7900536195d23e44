//! Shapes as types, and the sentences that tell a user where two of them do not fit.
//!
//! A dimension is a number of the crate `typenum`; a shape is one of [`D1`] to [`D4`]. Users never
//! meet either: `sequential!` writes them, models take and give plain arrays, and what does not fit
//! is told in decimals by a [`Check`].
//!
//! Every rule on shapes is total: it has an answer for every input, even for a wrong one. So the
//! compiler never stops at a failed bound of type-level arithmetic, and the `Check` has its say.

mod check;
mod dim;
mod interpolation;
mod items;
mod sides;
mod window;

pub use check::{
    Check, Checked, Fact, Site, all_pass, check, check_argument_count, check_input, check_keyword,
    check_nonzero, check_output, same_shape,
};
pub(crate) use check::{Text, panic_with};
pub use dim::{Dim, Push, bit, check_dimension, fitting};
pub use interpolation::{Bilinear, Interpolation, InterpolationArgument, Nearest};
pub use items::{Items, Several, Within};
pub use sides::{Inner, Outer, Sides};
pub use window::{
    Causal, Divides, Padding, PaddingArgument, Same, Slide, SlideBack, Valid, Window, Zeros,
};

use core::marker::PhantomData;
use core::ops::Mul;
use typenum::{Prod, U1};

/// The shape of one sample: a list of dimensions, known to the compiler.
///
/// Three dimensions are an image, `[channels, height, width]`. A plain array holds it channel after
/// channel; between the layers of a model the channels of a pixel lie side by side, see
/// [`layout`](crate::layout). All other shapes lie in memory as their arrays do.
pub trait Shape: 'static {
    /// How many channels an image has; 1 for other shapes.
    type Channels: Dim;
    /// The last dimension but one; 1 if there is none.
    type Height: Dim;
    /// The last dimension.
    type Width: Dim;
    /// How many numbers each place has: the channels of an image, the last dimension of other shapes.
    /// They lie side by side, so a sample is one such group after another.
    type Features: Dim;
    /// How many numbers it holds: the product of the dimensions.
    type Size: Dim;
    /// The dimensions, outermost first.
    const DIMS: &'static [usize];
    /// [`Size`](Self::Size) as a number.
    const SIZE: usize = <Self::Size as typenum::Unsigned>::USIZE;
}

/// A vector of N numbers.
pub struct D1<N>(PhantomData<N>);
/// A matrix of H rows of W numbers.
pub struct D2<H, W>(PhantomData<(H, W)>);
/// C matrices of H rows of W numbers.
pub struct D3<C, H, W>(PhantomData<(C, H, W)>);
/// B blocks of C matrices of H rows of W numbers.
pub struct D4<B, C, H, W>(PhantomData<(B, C, H, W)>);

impl<N: Dim> Shape for D1<N> {
    type Channels = U1;
    type Height = U1;
    type Width = N;
    type Features = N;
    type Size = N;
    const DIMS: &'static [usize] = &[N::USIZE];
}

impl<H: Dim + Mul<W>, W: Dim> Shape for D2<H, W>
where
    Prod<H, W>: Dim,
{
    type Channels = U1;
    type Height = H;
    type Width = W;
    type Features = W;
    type Size = Prod<H, W>;
    const DIMS: &'static [usize] = &[H::USIZE, W::USIZE];
}

impl<C: Dim, H: Dim + Mul<W>, W: Dim> Shape for D3<C, H, W>
where
    C: Mul<Prod<H, W>>,
    Prod<C, Prod<H, W>>: Dim,
{
    type Channels = C;
    type Height = H;
    type Width = W;
    type Features = C;
    type Size = Prod<C, Prod<H, W>>;
    const DIMS: &'static [usize] = &[C::USIZE, H::USIZE, W::USIZE];
}

impl<B: Dim, C: Dim, H: Dim + Mul<W>, W: Dim> Shape for D4<B, C, H, W>
where
    C: Mul<Prod<H, W>>,
    B: Mul<Prod<C, Prod<H, W>>>,
    Prod<B, Prod<C, Prod<H, W>>>: Dim,
{
    type Channels = U1;
    type Height = H;
    type Width = W;
    type Features = W;
    type Size = Prod<B, Prod<C, Prod<H, W>>>;
    const DIMS: &'static [usize] = &[B::USIZE, C::USIZE, H::USIZE, W::USIZE];
}
