//! Tensors of a graph whose values do not change: weights and constants.

use crate::kernels::Element;
use crate::layer::Tensor;
use crate::layout::places;
use crate::rows::Rows;
use crate::shape::Shape;
use alloc::vec;
use alloc::vec::Vec;

/// Numbers with their dimensions, row-major: what [`Graph::tensor`](super::Graph::tensor) takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    pub(super) dims: Vec<usize>,
    pub(super) numbers: Vec<f32>,
}

impl Values {
    /// The numbers of a tensor of weights, as they are, without their padding.
    pub fn of<T: Element, W: Tensor<T>>(tensor: &W) -> Self {
        let width = W::DIMS.last().copied().unwrap_or(1);
        let rows = Rows::new(tensor.as_slice(), width);
        Self::new(W::DIMS, rows.iter().flatten().copied())
    }

    /// Numbers in the order of an array of these dimensions.
    pub fn new<T: Element>(dims: &[usize], numbers: impl IntoIterator<Item = T>) -> Self {
        let numbers = numbers.into_iter().map(|x| x.as_f64() as f32);
        Self {
            dims: dims.to_vec(),
            numbers: numbers.collect(),
        }
    }

    /// One number for each number of a sample, in the order in which these come into a layer: for an
    /// image, the channels of a pixel lie side by side there, see [`layout`](crate::layout).
    ///
    /// # Panics
    /// If there are fewer.
    pub fn per_number<S: Shape, T: Element>(numbers: &[T]) -> Self {
        Self::new(S::DIMS, places::<S>().map(|i| numbers[i]))
    }

    /// One number for each feature of a sample: each channel of an image, each number of the last
    /// dimension of others. They stretch over all places.
    pub fn per_feature<S: Shape, T: Element>(numbers: &[T]) -> Self {
        let dims: &[usize] = match S::DIMS.len() {
            3 => &[numbers.len(), 1, 1],
            _ => &[numbers.len()],
        };
        Self::new(dims, numbers.iter().copied())
    }

    /// One number, for all.
    pub fn number(x: f64) -> Self {
        Self::new(&[], [x])
    }

    /// The same numbers, in other dimensions.
    pub fn reshaped(mut self, dims: &[usize]) -> Self {
        self.dims = dims.to_vec();
        self
    }

    /// The dimensions in another order: `order` says for each of the new ones which it was, from 0 on.
    ///
    /// # Panics
    /// If there is no such dimension.
    pub fn turned(self, order: &[usize]) -> Self {
        let mut strides = vec![1; self.dims.len()];
        for i in (1..strides.len()).rev() {
            strides[i - 1] = strides[i] * self.dims[i];
        }
        // Where the numbers come from, one new dimension after another.
        let (mut from, mut dims) = (vec![0], Vec::new());
        for &i in order {
            let (size, stride) = (self.dims[i], strides[i]);
            let steps = |start: usize| (0..size).map(move |step| start + step * stride);
            from = from.into_iter().flat_map(steps).collect();
            dims.push(size);
        }
        Self {
            dims,
            numbers: from.into_iter().map(|i| self.numbers[i]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_change_places() {
        let values = Values::new(&[2, 3], [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let turned = Values::new(&[3, 2], [1.0f32, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(values.turned(&[1, 0]), turned);
        let values = Values::new(&[2, 1, 2, 2], (0..8).map(f64::from));
        let turned = values.turned(&[3, 2, 0, 1]);
        let expected = [0.0f32, 4.0, 2.0, 6.0, 1.0, 5.0, 3.0, 7.0];
        assert_eq!(turned, Values::new(&[2, 2, 2, 1], expected));
    }
}
