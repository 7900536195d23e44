//! A layer of a model and its input, as a value.
//!
//! The type of a layer's input names all layers before it. Wherever a model's code writes it, the
//! compiler works it out anew; so a model writes its layers once, as a tuple of links, and the
//! passes, the plan and the checks get their types from these.

use super::{Entry, Layer, LayerInfo, Weights};
use crate::error::Result;
use crate::initializers::Init;
use crate::kernels::Element;
use crate::onnx::Graph;
use crate::shape::{Checked, Shape, Site};
use core::marker::PhantomData;

/// Layer number [`index`](Self::index) of a model, of type `L`, for inputs of shape `In`.
pub struct Link<T, In, L> {
    index: usize,
    types: PhantomData<fn(T, In, L)>,
}

impl<T, In, L> Clone for Link<T, In, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, In, L> Copy for Link<T, In, L> {}

impl<T, In, L> Link<T, In, L> {
    /// Layer number `index`, counted from 0.
    pub const fn new(index: usize) -> Self {
        Link {
            index,
            types: PhantomData,
        }
    }

    /// Its number in the model, counted from 0.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.index
    }
}

impl<T: Element, In: Shape, L: Layer<T, In>> Link<T, In, L> {
    /// Sets the layer's weights to what they are before training.
    pub fn init(self, weights: &mut L::Weights, init: &mut Init) {
        L::init(weights, init);
    }

    /// Writes the layer, of this name and type, into a graph of ONNX.
    pub fn onnx(
        self,
        [name, kind]: [&'static str; 2],
        weights: &L::Weights,
        graph: &mut Graph,
    ) -> Result<()> {
        graph.enter(name, kind);
        L::onnx(weights, graph)?;
        graph.leave();
        Ok(())
    }

    /// What there is to read about the layer.
    pub const fn info(self, name: &'static str, kind: &'static str) -> LayerInfo {
        LayerInfo {
            name,
            kind,
            type_name: core::any::type_name::<L>,
            output: L::Output::DIMS,
            params: L::Weights::PARAMS,
            frozen: L::Weights::FROZEN,
            macs: L::MACS,
        }
    }

    /// Its weights, as part of the model's.
    pub const fn entry(self, name: &'static str) -> Entry {
        Entry::Layer {
            name,
            entries: L::Weights::ENTRIES,
        }
    }

    /// What its inputs must be below, if they are whole numbers.
    pub const fn indices(self) -> Option<usize> {
        L::INDICES
    }

    /// What the checks of the layer work on, when it is called `layer` and stands in `model` behind
    /// `before`.
    pub const fn checked(
        self,
        model: &'static str,
        before: Option<(&'static str, usize)>,
        layer: &'static str,
    ) -> Checked {
        Checked {
            check: L::CHECK,
            site: Site {
                layer,
                before,
                items: false,
                model,
                input: In::DIMS,
            },
            width: L::INPUT_WIDTH,
            output: L::Output::DIMS,
        }
    }
}
