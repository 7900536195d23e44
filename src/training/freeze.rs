//! Layers that are not trained.

use super::weights::Path;
use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::layer::{Visitor, Weights};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Marks the tensors of a layer in a list of all tensors.
pub(super) fn freeze<T: Element, W: Weights<T>>(
    weights: &W,
    layer: &str,
    frozen: &mut Vec<bool>,
) -> Result<()> {
    let mut find = Find {
        layer,
        path: Path::default(),
        found: false,
        tensors: Vec::new(),
        layers: String::new(),
    };
    weights.visit(&mut find);
    if !find.found {
        return Err(Error::UnknownLayer {
            layer: layer.to_string(),
            layers: find.layers,
        });
    }
    frozen.resize(find.tensors.len(), false);
    for (frozen, found) in frozen.iter_mut().zip(find.tensors) {
        *frozen |= found;
    }
    Ok(())
}

/// How many numbers could be trained of the tensors that are marked in a list.
pub(super) fn count<T: Element, W: Weights<T>>(weights: &W, frozen: &[bool]) -> usize {
    struct Count<'a>(core::slice::Iter<'a, bool>, usize);
    impl<T> Visitor<T> for Count<'_> {
        fn tensor(&mut self, _: &'static str, dims: &[usize], _: &[T]) {
            if self.0.next() == Some(&true) {
                self.1 += dims.iter().product::<usize>();
            }
        }
        fn frozen(&mut self, _: &'static str, _: &[usize], _: &[T]) {
            self.0.next();
        }
    }
    let mut count = Count(frozen.iter(), 0);
    weights.visit(&mut count);
    count.1
}

/// Looks for a layer by its path.
struct Find<'a> {
    layer: &'a str,
    path: Path,
    found: bool,
    /// Whether each tensor is the layer's.
    tensors: Vec<bool>,
    /// The paths of all layers.
    layers: String,
}

impl<T> Visitor<T> for Find<'_> {
    fn enter(&mut self, layer: &'static str) {
        self.path.enter(layer);
        self.found |= self.path.is_inside(self.layer);
        let separator = if self.layers.is_empty() { "" } else { ", " };
        self.layers = [&self.layers, separator, "`", &self.path.name(), "`"].concat();
    }
    fn tensor(&mut self, _: &'static str, _: &[usize], _: &[T]) {
        self.tensors.push(self.path.is_inside(self.layer));
    }
    fn leave(&mut self) {
        self.path.leave();
    }
}
