//! How often a window fits: the shape rule of convolutions and pooling.
//!
//! Along a dimension of `H` a window of K taps, `dilation` apart, covers `E = (K - 1) dilation + 1`,
//! and moves on by `stride`:
//!
//! | padding | zeros around | positions |
//! | --- | --- | --- |
//! | `valid` | none | `(H - E) / stride + 1` |
//! | `same` | as many as needed, one more behind than before if odd | `H / stride`, rounded up |
//! | `causal` | `E - 1` before, none behind | `H / stride`, rounded up |

use super::{Dim, Shape};
use crate::layer::{Argument, Arguments, Bool, Float, Int, Is, List, Missing, Name, Network};
use core::ops::{Add, Div, Mul, Range, Sub};
use typenum::{Add1, B1, Diff, Max, Maximum, Prod, Quot, Sub1, Sum, U0, U1, UInt, Unsigned};

/// A window on one dimension, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The dimension.
    pub input: usize,
    /// How many positions the window has.
    pub output: usize,
    /// How many taps.
    pub kernel: usize,
    /// How far it moves.
    pub stride: usize,
    /// How far apart its taps are.
    pub dilation: usize,
    /// How many zeros lie before the first number.
    pub before: usize,
}

/// Where the zeros lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeros {
    /// Nowhere: a window must lie inside.
    Nowhere,
    /// Around.
    Around,
    /// Before.
    Before,
}

/// How a window is padded.
pub trait Padding: 'static {
    /// Where its zeros lie.
    const ZEROS: Zeros;
}

/// `valid`: no padding.
#[derive(Arguments)]
pub struct Valid;
/// `same`: zeros around, so that stride 1 keeps the dimension.
#[derive(Arguments)]
pub struct Same;
/// `causal`: zeros before, so that no output depends on a later input.
#[derive(Arguments)]
pub struct Causal;

impl Padding for Valid {
    const ZEROS: Zeros = Zeros::Nowhere;
}
impl Padding for Same {
    const ZEROS: Zeros = Zeros::Around;
}
impl Padding for Causal {
    const ZEROS: Zeros = Zeros::Before;
}

impl Window {
    /// What it covers.
    #[inline(always)]
    pub const fn extent(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// How many zeros lie behind the last number.
    pub const fn after(&self) -> usize {
        let covered = self.output.saturating_sub(1) * self.stride + self.extent();
        covered.saturating_sub(self.input + self.before)
    }

    /// How many numbers at the end no position meets.
    pub const fn unseen(&self) -> usize {
        let covered = self.output.saturating_sub(1) * self.stride + self.extent();
        (self.input + self.before).saturating_sub(covered)
    }

    /// Whether its positions share no number.
    #[inline(always)]
    pub const fn is_apart(&self) -> bool {
        self.stride >= self.extent()
    }

    /// Whether its positions meet every number, if they share none.
    #[inline(always)]
    pub const fn is_covered(&self) -> bool {
        self.dilation == 1
            && self.stride == self.kernel
            && self.output * self.stride >= self.input + self.before
    }

    /// Whether it lies inside, where it must.
    pub const fn fits(&self, zeros: Zeros) -> bool {
        !matches!(zeros, Zeros::Nowhere) || self.extent() <= self.input
    }

    /// The taps of a position that lie inside: the first one, how many, and where the first one lies.
    #[inline(always)]
    pub const fn inside(&self, position: usize) -> (usize, usize, usize) {
        let at = position * self.stride;
        if self.before == 0
            && self.output.saturating_sub(1) * self.stride + self.extent() <= self.input
        {
            return (0, self.kernel, at);
        }
        let first = self.before.saturating_sub(at).div_ceil(self.dilation);
        let end = (self.input + self.before)
            .saturating_sub(at)
            .div_ceil(self.dilation);
        let end = if end < self.kernel { end } else { self.kernel };
        if first < end {
            (first, end - first, at + first * self.dilation - self.before)
        } else {
            (0, 0, 0)
        }
    }

    /// The positions at which a tap lies inside, and where it lies at the first one.
    #[inline(always)]
    pub fn meeting(&self, tap: usize) -> (Range<usize>, usize) {
        let at = tap * self.dilation;
        let first = self.before.saturating_sub(at).div_ceil(self.stride);
        let end = (self.input + self.before)
            .saturating_sub(at)
            .div_ceil(self.stride);
        let end = end.min(self.output);
        if first < end {
            (first..end, first * self.stride + at - self.before)
        } else {
            (0..0, 0)
        }
    }

    /// One tap on one row: what a window has across a dimension that is not there.
    pub const ONE: Self = Window {
        input: 1,
        output: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        before: 0,
    };

    const fn padded(mut self, zeros: Zeros) -> Self {
        self.before = match zeros {
            Zeros::Nowhere => 0,
            Zeros::Before => self.extent() - 1,
            Zeros::Around => {
                let covered = self.output.saturating_sub(1) * self.stride + self.extent();
                covered.saturating_sub(self.input) / 2
            }
        };
        self
    }
}

/// `N / Self`, rounded down. (Most divisors are 1, and the compiler takes long for a division; one by 0 is
/// refused by a sentence, so here it only needs an answer.)
pub trait Divides<N> {
    /// The quotient.
    type Out: Dim;
}
impl<N: Dim> Divides<N> for U0 {
    type Out = N;
}
impl<N: Dim> Divides<N> for U1 {
    type Out = N;
}
impl<N, H, B, C> Divides<N> for UInt<UInt<H, B>, C>
where
    N: Div<Self>,
    Quot<N, Self>: Dim,
{
    type Out = Quot<N, Self>;
}

/// The number of positions on a dimension `H` of a window that covers `E`. It has an answer for all
/// numbers, also where the window does not fit.
pub trait Positions<H, E, S>: Padding {
    /// The number.
    type Out: Dim;
}

/// What is left of H beyond E, or nothing.
type Beyond<H, E> = Diff<Maximum<H, E>, E>;

impl<H, E, S> Positions<H, E, S> for Valid
where
    H: Max<E>,
    Maximum<H, E>: Sub<E>,
    S: Divides<Beyond<H, E>>,
    S::Out: Add<B1>,
    Add1<S::Out>: Dim,
{
    type Out = Add1<S::Out>;
}

/// `H + S - 1`.
type Filled<H, S> = Sub1<Sum<H, S>>;

impl<H, E, S> Positions<H, E, S> for Same
where
    H: Add<S>,
    Sum<H, S>: Sub<B1>,
    S: Divides<Filled<H, S>>,
{
    type Out = S::Out;
}

impl<H, E, S> Positions<H, E, S> for Causal
where
    H: Add<S>,
    Sum<H, S>: Sub<B1>,
    S: Divides<Filled<H, S>>,
{
    type Out = S::Out;
}

/// What a window of K taps covers, and how far it moves; never 0.
pub trait Slide<K, S, D, P> {
    /// The number of positions on this dimension.
    type Positions: Dim;
    /// The window in numbers.
    const WINDOW: Window;
}

/// At least 1.
type Some1<N> = Maximum<N, U1>;
/// `(K - 1) D + 1`.
type Extent<K, D> = Add1<Prod<Sub1<Some1<K>>, Some1<D>>>;

impl<H, K, S, D, P> Slide<K, S, D, P> for H
where
    H: Unsigned,
    K: Max<U1>,
    D: Max<U1>,
    S: Max<U1>,
    Some1<K>: Sub<B1> + Unsigned,
    Some1<D>: Unsigned,
    Some1<S>: Unsigned,
    Sub1<Some1<K>>: Mul<Some1<D>>,
    Prod<Sub1<Some1<K>>, Some1<D>>: Add<B1>,
    P: Positions<H, Extent<K, D>, Some1<S>>,
{
    type Positions = P::Out;

    const WINDOW: Window = Window {
        input: H::USIZE,
        output: P::Out::USIZE,
        kernel: Some1::<K>::USIZE,
        stride: Some1::<S>::USIZE,
        dilation: Some1::<D>::USIZE,
        before: 0,
    }
    .padded(P::ZEROS);
}

/// The smallest dimension from which a window that covers E and moves by S has `H` positions: what a
/// transposed convolution makes of `H`.
pub trait Spread<H, E, S>: Padding {
    /// The dimension.
    type Out: Dim;
}

impl<H, E, S> Spread<H, E, S> for Valid
where
    H: Max<U1>,
    Some1<H>: Sub<B1>,
    Sub1<Some1<H>>: Mul<S>,
    E: Max<S>,
    Prod<Sub1<Some1<H>>, S>: Add<Maximum<E, S>>,
    Sum<Prod<Sub1<Some1<H>>, S>, Maximum<E, S>>: Dim,
{
    type Out = Sum<Prod<Sub1<Some1<H>>, S>, Maximum<E, S>>;
}

impl<H, E, S> Spread<H, E, S> for Same
where
    H: Mul<S>,
    Prod<H, S>: Dim,
{
    type Out = Prod<H, S>;
}

impl<H, E, S> Spread<H, E, S> for Causal
where
    H: Mul<S>,
    Prod<H, S>: Dim,
{
    type Out = Prod<H, S>;
}

/// The window whose positions are the numbers of a dimension.
pub trait SlideBack<K, S, D, P> {
    /// The dimension that it moves over.
    type Input: Dim;
    /// The window in numbers.
    const WINDOW: Window;
}

impl<H, K, S, D, P> SlideBack<K, S, D, P> for H
where
    K: Max<U1>,
    D: Max<U1>,
    S: Max<U1>,
    Some1<K>: Sub<B1>,
    Sub1<Some1<K>>: Mul<Some1<D>>,
    Prod<Sub1<Some1<K>>, Some1<D>>: Add<B1>,
    P: Spread<H, Extent<K, D>, Some1<S>>,
    P::Out: Slide<K, S, D, P>,
{
    type Input = P::Out;
    const WINDOW: Window = <P::Out as Slide<K, S, D, P>>::WINDOW;
}

/// An argument that should name a padding.
pub trait PaddingArgument: Argument {
    /// The padding; [`Valid`] for an argument of another kind.
    type Padding: Padding;
    /// Whether the argument is a padding.
    const OK: bool = false;
}
impl<X: Padding, A: 'static, I: 'static, D: 'static, E: 'static> PaddingArgument
    for Name<X, A, I, Is<true>, D, E>
{
    type Padding = X;
    const OK: bool = true;
}
impl<X: 'static, A: 'static, I: 'static, D: 'static, E: 'static> PaddingArgument
    for Name<X, A, I, Is<false>, D, E>
{
    type Padding = Valid;
}
impl<N: Dim> PaddingArgument for Int<N> {
    type Padding = Valid;
}
impl<const BITS: u64> PaddingArgument for Float<BITS> {
    type Padding = Valid;
}
impl<const B: bool> PaddingArgument for Bool<B>
where
    Self: Argument,
{
    type Padding = Valid;
}
impl<S: Shape> PaddingArgument for List<S> {
    type Padding = Valid;
}
impl<L: 'static> PaddingArgument for Network<L> {
    type Padding = Valid;
}
impl PaddingArgument for Missing {
    type Padding = Valid;
}
