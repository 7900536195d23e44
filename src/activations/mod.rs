//! Activation functions, by Keras' definitions and defaults.
//!
//! In a model they are arguments, `Dense(128, relu)`, or layers of their own, `Activation(relu)`;
//! the words are the names below in snake case. Some have arguments, `Dense(128, leaky_relu(0.1))`, and
//! without parentheses those in the table.
//!
//! | word | f(z) |
//! | --- | --- |
//! | `linear` | z |
//! | `relu` | max(z, 0) |
//! | `leaky_relu(negative_slope = 0.2)` | z for z >= 0, negative_slope z below |
//! | `elu(alpha = 1)` | z for z > 0, alpha (e^z - 1) below |
//! | `selu` | 1.0507 times (z for z > 0, 1.67326 (e^z - 1) below) |
//! | `gelu(approximate = false)` | z Φ(z) = z (1 + erf(z / √2)) / 2; `true`: z (1 + tanh(√(2/π) (z + 0.044715 z³))) / 2 |
//! | `silu` | z σ(z) |
//! | `softplus` | ln(1 + e^z) |
//! | `sigmoid` | σ(z) = 1 / (1 + e^-z) |
//! | `hard_sigmoid` | min(max(z / 6 + 1/2, 0), 1) |
//! | `tanh` | tanh z |
//! | `fast_tanh` | tanh z to within 1.4e-6, in less time |
//! | `softmax` | e^z_i / Σ_j e^z_j |
//!
//! An activation of your own is a type that implements [`Pointwise`].

mod pointwise;
mod softmax;

pub use pointwise::{
    Elu, FastTanh, Gelu, HardSigmoid, LeakyRelu, Linear, Pointwise, Relu, Selu, Sigmoid, Silu,
    Softplus, Tanh,
};
pub use softmax::Softmax;

use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Bool, Float, Int, Is, List, Missing, Name, Network};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Dim, Shape};
use crate::simd::Isa;
use core::any::type_name;

/// What the outputs of a model are to a loss: the activation that made them, or [`AnyHead`].
pub trait Head: 'static {}

/// Outputs of no particular kind: of a layer that has no activation.
#[derive(Clone, Copy, Debug)]
pub struct AnyHead;
impl Head for AnyHead {}
impl<A: Activation> Head for A {}

/// A function from the numbers of a layer to as many numbers, sample by sample.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activation",
    label = "not an activation",
    note = "an activation of your own implements `plywood::activations::Pointwise`"
)]
pub trait Activation: 'static {
    /// Whether [`backward`](Self::backward) wants to see z, and not y.
    const NEEDS_INPUT: bool;
    /// Whether it leaves its input as it is.
    const IDENTITY: bool = false;
    /// Whether each output depends on all inputs, so that it says nothing about a single one.
    const NORMALIZES: bool = false;
    /// Whether f' is 0 wherever f is, as with relu.
    const DEAD_AT_ZERO: bool = false;
    /// Whether it is relu, which kernels may do as they write.
    #[doc(hidden)]
    const RECTIFIES: bool = false;

    /// z becomes y = f(z), in place.
    fn forward<T: Element, I: Isa>(isa: I, z: RowsMut<T>);

    /// dy becomes dz, in place. `seen` is z or y, as [`NEEDS_INPUT`](Self::NEEDS_INPUT) says.
    fn backward<T: Element, I: Isa>(isa: I, seen: Rows<T>, dy: RowsMut<T>);

    /// From z, the graph's current value, to y, as nodes of ONNX; see [`onnx`](crate::onnx).
    ///
    /// # Errors
    /// If it has no form in ONNX.
    fn onnx(graph: &mut Graph) -> Result<()> {
        Err(graph.no_form(Some(type_name::<Self>()), "Activation::onnx"))
    }
}

/// An argument that should name an activation.
pub trait ActivationArgument: Argument {
    /// The activation; [`Linear`] for an argument of another kind.
    type Activation: Activation;
    /// Whether the argument is an activation.
    const OK: bool = false;
}
impl<X: Activation, B: 'static, C: 'static, D: 'static, E: 'static> ActivationArgument
    for Name<X, Is<true>, B, C, D, E>
{
    type Activation = X;
    const OK: bool = true;
}
impl<X: 'static, B: 'static, C: 'static, D: 'static, E: 'static> ActivationArgument
    for Name<X, Is<false>, B, C, D, E>
{
    type Activation = Linear;
}
impl<N: Dim> ActivationArgument for Int<N> {
    type Activation = Linear;
}
impl<const BITS: u64> ActivationArgument for Float<BITS> {
    type Activation = Linear;
}
impl<const B: bool> ActivationArgument for Bool<B>
where
    Self: Argument,
{
    type Activation = Linear;
}
impl<S: Shape> ActivationArgument for List<S> {
    type Activation = Linear;
}
impl<L: 'static> ActivationArgument for Network<L> {
    type Activation = Linear;
}
impl ActivationArgument for Missing {
    type Activation = Linear;
}
