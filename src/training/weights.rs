//! Weights by name, as lists of numbers.

use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::layer::{Visitor, VisitorMut, Weights};
use crate::rows::{Rows, RowsMut, padded};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One tensor of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWeight<T = f32> {
    /// Layer and tensor: `dense/kernel`.
    pub name: String,
    /// The dimensions, `[784, 128]`.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub values: Vec<T>,
}

/// The names of the layers around a tensor.
#[derive(Default)]
pub(super) struct Path(Vec<&'static str>);

impl Path {
    pub(super) fn enter(&mut self, layer: &'static str) {
        self.0.push(layer);
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    /// The name of the innermost layer: `encoder/dense`.
    pub(super) fn name(&self) -> String {
        self.0.join("/")
    }

    /// Whether the innermost layer is the one of this name, or a part of it.
    pub(super) fn is_inside(&self, layer: &str) -> bool {
        let mut layers = self.0.iter();
        layer.split('/').all(|name| layers.next() == Some(&name))
    }

    /// The name of one of its tensors: `encoder/dense/kernel`.
    pub(super) fn tensor(&self, tensor: &str) -> String {
        [&self.name(), "/", tensor].concat()
    }
}

/// See `get_weights` of a model.
pub fn get_weights<T: Element, W: Weights<T>>(weights: &W) -> Vec<NamedWeight<T>> {
    struct Get<T> {
        path: Path,
        list: Vec<NamedWeight<T>>,
    }
    impl<T: Element> Visitor<T> for Get<T> {
        fn enter(&mut self, layer: &'static str) {
            self.path.enter(layer);
        }
        fn leave(&mut self) {
            self.path.leave();
        }
        fn tensor(&mut self, name: &'static str, dims: &[usize], data: &[T]) {
            let width = dims.last().copied().unwrap_or(1);
            self.list.push(NamedWeight {
                name: self.path.tensor(name),
                shape: dims.to_vec(),
                values: Rows::new(data, width).iter().flatten().copied().collect(),
            });
        }
    }
    let mut get = Get {
        path: Path::default(),
        list: Vec::new(),
    };
    weights.visit(&mut get);
    get.list
}

/// See `set_weights` of a model.
pub fn set_weights<T: Element, W: Weights<T>>(
    weights: &mut W,
    list: &[NamedWeight<T>],
) -> Result<()> {
    check(weights, list)?;

    struct Set<'a, T>(core::slice::Iter<'a, NamedWeight<T>>);
    impl<T: Element> VisitorMut<T> for Set<'_, T> {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &mut [T]) {
            let width = dims.last().copied().unwrap_or(1);
            let Some(given) = self.0.next() else { return };
            let mut rows = RowsMut::new(data, width);
            for (row, values) in rows.iter_mut().zip(given.values.chunks_exact(width)) {
                row.copy_from_slice(values);
            }
        }
    }
    weights.visit_mut(&mut Set(list.iter()));
    Ok(())
}

/// Whether a list has the names, shapes and lengths of the weights, and finite numbers.
fn check<T: Element, W: Weights<T>>(weights: &W, list: &[NamedWeight<T>]) -> Result<()> {
    let own = get_weights(weights);
    let describe = |w: Option<&NamedWeight<T>>| match w {
        Some(w) => format!("`{}` of shape {:?}", w.name, w.shape),
        None => String::from("nothing"),
    };
    for index in 0..own.len().max(list.len()) {
        let (own, given) = (own.get(index), list.get(index));
        let same = own
            .zip(given)
            .is_some_and(|(own, given)| own.name == given.name && own.shape == given.shape);
        if !same {
            return Err(Error::WeightMismatch {
                index,
                expected: describe(own),
                found: describe(given),
            });
        }
        if let Some((own, given)) = own.zip(given)
            && own.values.len() != given.values.len()
        {
            return Err(Error::WeightMismatch {
                index,
                expected: format!("{} with {} values", describe(Some(own)), own.values.len()),
                found: format!("one with {} values", given.values.len()),
            });
        }
    }
    Ok(())
}

/// How many numbers there are, with their padding.
pub(super) fn count<T: Element, W: Weights<T>>(weights: &W) -> usize {
    struct Count(usize);
    impl<T> Visitor<T> for Count {
        fn tensor(&mut self, _: &'static str, _: &[usize], data: &[T]) {
            self.0 += data.len();
        }
    }
    let mut count = Count(0);
    weights.visit(&mut count);
    count.0
}

/// Appends all numbers with their padding to a list.
pub fn save<T: Element, W: Weights<T>>(weights: &W, list: &mut Vec<T>) {
    struct Save<'a, T>(&'a mut Vec<T>);
    impl<T: Element> Visitor<T> for Save<'_, T> {
        fn tensor(&mut self, _: &'static str, _: &[usize], data: &[T]) {
            self.0.extend_from_slice(data);
        }
    }
    weights.visit(&mut Save(list));
}

/// Sets all numbers from a list that [`save`] made of weights of the same type. (Their padding is zero and
/// stays so, for lists come from files, too.)
pub fn restore<T: Element, W: Weights<T>>(weights: &mut W, list: &[T]) {
    struct Restore<'a, T>(&'a [T]);
    impl<T: Element> VisitorMut<T> for Restore<'_, T> {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &mut [T]) {
            let (mine, rest) = self.0.split_at(data.len());
            self.0 = rest;
            let width = dims.last().copied().unwrap_or(1);
            let rows = data.chunks_exact_mut(padded(width));
            for (row, mine) in rows.zip(mine.chunks_exact(padded(width))) {
                row[..width].copy_from_slice(&mine[..width]);
            }
        }
    }
    weights.visit_mut(&mut Restore(list));
}
