//! The arguments of a layer, as types.
//!
//! `sequential!` knows no layer by name. It turns each argument into one of the types here, and
//! puts them into the type parameters of the layer: by position in order, by keyword where the
//! parameter's name says so. So `Dense(128, activation = relu)` becomes
//! `Dense<Int<U128>, Name<Relu, ..>>`.
//!
//! A layer reads them through [`Argument`], which answers for every argument, even for one of the
//! wrong kind; [`Argument::KIND`] lets its check say so.

use crate::shape::{Check, D1, D2, D3, D4, Dim, Shape};
use core::marker::PhantomData;
use typenum::{U0, U1};

/// A whole number: `128`, `UNITS`, `{ 2 * UNITS }`.
pub struct Int<N>(PhantomData<N>);
/// A number with a point: `0.2`, as the bits of an `f64`.
pub struct Float<const BITS: u64>;
/// `true` or `false`.
pub struct Bool<const B: bool>;
/// A word, and which roles it can play, see [`word!`](crate::word): `relu` is
/// `Name<Relu, Is<true>, Is<false>, Is<false>, Is<false>, Is<false>>`.
pub struct Name<X, IsActivation, IsInitializer, IsPadding, IsInterpolation, IsPolicy>(
    PhantomData<(
        X,
        IsActivation,
        IsInitializer,
        IsPadding,
        IsInterpolation,
        IsPolicy,
    )>,
);
/// Whether a word can play a role.
pub struct Is<const YES: bool>;
/// A list of whole numbers: `[3, 3]` or `(3, 3)`, as the shape of these dimensions.
pub struct List<S>(PhantomData<S>);
/// A list of layers: `[Dense(8, relu), Dense(8)]`, as the layer that they are together.
pub struct Network<L>(PhantomData<L>);
/// An argument that was not given and has no default.
pub struct Missing;

/// What kind of argument it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Int`]
    Int,
    /// [`Float`]
    Float,
    /// [`Bool`]
    Bool,
    /// [`Name`]
    Name,
    /// [`List`]
    List,
    /// [`Network`]
    Network,
    /// [`Missing`]
    Missing,
}

/// An argument, read as whatever the layer needs.
pub trait Argument: 'static {
    /// What it is.
    const KIND: Kind;
    /// The whole number; 1 if it is none.
    type Number: Dim;
    /// The number, whole or not; 0 if it is none.
    const VALUE: f64 = 0.0;
    /// The list; `[n]` for a whole number, `[1]` if it is neither.
    type Dims: Shape;
    /// The first of two numbers, or the number for both; 1 if it is neither.
    type First: Dim;
    /// The second of two numbers, or the number for both; 1 if it is neither.
    type Second: Dim;
    /// Whether it is two whole numbers, or one for both.
    const PAIR: bool = false;
    /// `N` if it is `true`, otherwise 0.
    type Keep<N: Dim>: Dim;
    /// Whether it is `true`.
    const FLAG: bool = false;
    /// The argument itself, or the other one if it was not given.
    type Or<Other: Argument>: Argument;
}

impl<N: Dim> Argument for Int<N> {
    const KIND: Kind = Kind::Int;
    type Number = N;
    const VALUE: f64 = N::USIZE as f64;
    type Dims = D1<N>;
    type First = N;
    type Second = N;
    const PAIR: bool = true;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Self;
}

impl<const BITS: u64> Argument for Float<BITS> {
    const KIND: Kind = Kind::Float;
    type Number = U1;
    const VALUE: f64 = f64::from_bits(BITS);
    type Dims = D1<U1>;
    type First = U1;
    type Second = U1;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Self;
}

impl Argument for Bool<true> {
    const KIND: Kind = Kind::Bool;
    type Number = U1;
    type Dims = D1<U1>;
    type First = U1;
    type Second = U1;
    type Keep<M: Dim> = M;
    type Or<Other: Argument> = Self;
    const FLAG: bool = true;
}

impl Argument for Bool<false> {
    const KIND: Kind = Kind::Bool;
    type Number = U1;
    type Dims = D1<U1>;
    type First = U1;
    type Second = U1;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Self;
}

impl<X: 'static, A: 'static, B: 'static, C: 'static, D: 'static, E: 'static> Argument
    for Name<X, A, B, C, D, E>
{
    const KIND: Kind = Kind::Name;
    type Number = U1;
    type Dims = D1<U1>;
    type First = U1;
    type Second = U1;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Self;
}

impl<S: Shape> Argument for List<S> {
    const KIND: Kind = Kind::List;
    type Number = U1;
    type Dims = S;
    type First = S::Height;
    type Second = S::Width;
    const PAIR: bool = S::DIMS.len() == 2;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Self;
}

impl<L: 'static> Argument for Network<L> {
    const KIND: Kind = Kind::Network;
    type Number = U1;
    type Dims = D1<U1>;
    type First = U1;
    type Second = U1;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Self;
}

impl Argument for Missing {
    const KIND: Kind = Kind::Missing;
    type Number = U1;
    type Dims = D1<U1>;
    type First = U1;
    type Second = U1;
    type Keep<M: Dim> = U0;
    type Or<Other: Argument> = Other;
}

/// The shape of a list of numbers: `(N,)` is [`D1`], `(H, W)` is [`D2`], and so on.
pub trait Dims {
    /// The shape.
    type Shape: Shape;
}
impl<A> Dims for (A,)
where
    D1<A>: Shape,
{
    type Shape = D1<A>;
}
impl<A, B> Dims for (A, B)
where
    D2<A, B>: Shape,
{
    type Shape = D2<A, B>;
}
impl<A, B, C> Dims for (A, B, C)
where
    D3<A, B, C>: Shape,
{
    type Shape = D3<A, B, C>;
}
impl<A, B, C, D> Dims for (A, B, C, D)
where
    D4<A, B, C, D>: Shape,
{
    type Shape = D4<A, B, C, D>;
}

/// A layer or a word that takes arguments. `#[derive(Arguments)]` writes this: the type parameters of
/// the struct, in order, are the arguments, and their names in snake case are the keywords.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no arguments",
    label = "this takes no arguments",
    note = "`#[derive(Arguments)]` on a struct turns its type parameters into arguments"
)]
pub trait Arguments {
    /// The arguments' names, in order.
    const NAMES: &'static [&'static str];
}

/// A layer with its argument number `POSITION` replaced; unchanged if it has none of this number.
pub trait SetArgument<const POSITION: usize, Value> {
    /// The layer with the argument.
    type With;
}

/// A word that takes arguments, as in `l2(0.01)`, and what it asks of them.
pub trait Word: Arguments + 'static {
    /// What it asks: in its sentence `{layer}` is the word itself.
    const CHECK: Check;
}

/// Where `name` stands among `names`; `usize::MAX` if it does not.
pub const fn position(names: &[&str], name: &str) -> usize {
    let mut i = 0;
    while i < names.len() {
        if equal(names[i], name) {
            return i;
        }
        i += 1;
    }
    usize::MAX
}

/// `position` itself if there is an argument of this number, otherwise `usize::MAX`.
pub const fn in_range(names: &[&str], position: usize) -> usize {
    if position < names.len() {
        position
    } else {
        usize::MAX
    }
}

const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}
