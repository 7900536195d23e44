//! How an image becomes larger.

use super::{Dim, Shape};
use crate::layer::{Argument, Arguments, Bool, Float, Int, Is, List, Missing, Name};

/// What the pixels between those of an image are.
pub trait Interpolation: 'static {
    /// Whether they lie on the lines between their neighbours, or are those.
    const LINEAR: bool;
}

/// `nearest`: every pixel becomes several.
#[derive(Arguments)]
pub struct Nearest;
/// `bilinear`: the pixels between lie on the lines between their neighbours.
#[derive(Arguments)]
pub struct Bilinear;

impl Interpolation for Nearest {
    const LINEAR: bool = false;
}
impl Interpolation for Bilinear {
    const LINEAR: bool = true;
}

/// An argument that should name an interpolation.
pub trait InterpolationArgument: Argument {
    /// The interpolation; [`Nearest`] for an argument of another kind.
    type Interpolation: Interpolation;
    /// Whether the argument is an interpolation.
    const OK: bool = false;
}
impl<X: Interpolation, A: 'static, I: 'static, P: 'static, E: 'static> InterpolationArgument
    for Name<X, A, I, P, Is<true>, E>
{
    type Interpolation = X;
    const OK: bool = true;
}
impl<X: 'static, A: 'static, I: 'static, P: 'static, E: 'static> InterpolationArgument
    for Name<X, A, I, P, Is<false>, E>
{
    type Interpolation = Nearest;
}
impl<N: Dim> InterpolationArgument for Int<N> {
    type Interpolation = Nearest;
}
impl<const BITS: u64> InterpolationArgument for Float<BITS> {
    type Interpolation = Nearest;
}
impl<const B: bool> InterpolationArgument for Bool<B>
where
    Self: Argument,
{
    type Interpolation = Nearest;
}
impl<S: Shape> InterpolationArgument for List<S> {
    type Interpolation = Nearest;
}
impl InterpolationArgument for Missing {
    type Interpolation = Nearest;
}
