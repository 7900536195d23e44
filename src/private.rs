//! What the macros' expansions call. Not for users.

pub use alloc::boxed::Box;
pub use alloc::vec::Vec;
pub use bytemuck::Zeroable;
#[cfg(feature = "std")]
pub use std::path::Path;

use crate::activations::AnyHead;
use crate::cast::zeroed_box;
pub use crate::files::{Included, count_tensors};
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Layer, Missing, Model, NoWeights, Tensor, Visitor, VisitorMut,
};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Fact, Shape, same_shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// Any layer, in a model over numbers `T`.
pub trait For<T> {
    /// The layer.
    type Layer;
}
impl<L, T> For<T> for L {
    type Layer = L;
}

/// What a model asks of its input when it is a layer of another one.
pub const fn expects<In: Shape, Expected: Shape>() -> Check {
    Check::that(
        same_shape(In::DIMS, Expected::DIMS),
        "{layer} expects an input of shape {0}, but {from} gives {input}",
        const { &[Fact::Shape(Expected::DIMS)] },
    )
}

/// A copy of a model, made in place on the heap.
pub fn copy<M: Model>(model: &M) -> Box<M> {
    let mut copy = zeroed_box::<M>();
    let mut values = Vec::with_capacity(M::LEN);
    crate::training::save(model, &mut values);
    crate::training::restore(&mut *copy, &values);
    copy
}

/// `Layer::forward` of a layer made of layers: its `forward_inference` with memory from the heap.
pub fn forward<I: Isa, T: Element, In: Shape, L: Layer<T, In>>(
    isa: I,
    weights: &L::Weights,
    x: Rows<'_, T>,
    y: RowsMut<'_, T>,
) {
    let mut scratch = alloc::vec![T::zero(); L::SCRATCH * x.len()];
    L::forward_inference(isa, weights, x, y, &mut scratch);
}

/// Shows a tensor to a visitor, unless it is empty.
pub fn visit_tensor<T, W: Tensor<T>>(tensor: &W, name: &'static str, visitor: &mut dyn Visitor<T>) {
    if W::PARAMS > 0 {
        visitor.tensor(name, W::DIMS, tensor.as_slice());
    } else if W::FROZEN > 0 {
        visitor.frozen(name, W::DIMS, tensor.as_slice());
    }
}

/// Lends a tensor to a visitor, unless it is empty.
pub fn visit_tensor_mut<T, W: Tensor<T>>(
    tensor: &mut W,
    name: &'static str,
    visitor: &mut dyn VisitorMut<T>,
) {
    if W::PARAMS > 0 {
        visitor.tensor(name, W::DIMS, tensor.as_mut_slice());
    } else if W::FROZEN > 0 {
        visitor.frozen(name, W::DIMS, tensor.as_mut_slice());
    }
}

/// The layer itself, if it is one, or a placeholder that says so.
pub trait Or<const IS_LAYER: bool> {
    /// A layer in any case.
    type Layer;
}
impl<L> Or<true> for L {
    type Layer = L;
}
impl<L> Or<false> for L {
    type Layer = NotALayer;
}

/// Stands for something in a list of layers that is not one.
pub struct NotALayer;

impl<T: Element, In: Shape> Layer<T, In> for NotALayer {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        false,
        "{layer} is not a layer for the input {input} and the numbers of {model}: it does not implement \
         `plywood::layer::Layer` for them",
        &[],
    );
    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}
    fn backward<I: Isa>(_: I, _: &NoWeights, _: Backward<T>) {}
}

/// Stands for a list of layers with mistakes in it, so that they are the only ones reported.
#[derive(Arguments)]
pub struct Broken<Output = Missing>(PhantomData<Output>);

impl<T: Element, In: Shape, Output: Argument> Layer<T, In> for Broken<Output> {
    type Output = Output::Dims;
    type Weights = NoWeights;
    type Head = AnyHead;
    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}
    fn backward<I: Isa>(_: I, _: &NoWeights, _: Backward<T>) {}
}
