//! Where the numbers of a branch lie.

use super::branch::{Branch, Merge};
use crate::kernels::Element;
use crate::layer::{Entry, Layer, Weights};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;

/// What is to know of a branch: numbers a row, and where its part of the cache begins.
#[derive(Clone, Copy)]
pub struct Place {
    pub given: bool,
    /// What it gives.
    pub dims: &'static [usize],
    pub out: usize,
    /// Its own cache.
    pub cache: usize,
    /// `| output | its gradient | own cache |`
    pub start: usize,
    /// Channels of the branches before it.
    pub channel: usize,
    /// Tensors of its weights, and of the weights of the branches before it.
    pub tensors: usize,
    pub tensor: usize,
}

impl Place {
    pub const fn of<T: Element, In: Shape, B: Branch<T, In>>() -> Place {
        Place {
            given: B::GIVEN,
            dims: <B::Layer as Layer<T, In>>::Output::DIMS,
            out: <B::Layer as Layer<T, In>>::Output::SIZE,
            cache: <B::Layer as Layer<T, In>>::CACHE,
            start: 0,
            channel: 0,
            tensors: Entry::tensors(<B::Layer as Layer<T, In>>::Weights::ENTRIES),
            tensor: 0,
        }
    }

    /// Numbers a row of its part of the cache.
    pub const fn len(&self) -> usize {
        if self.given {
            2 * padded(self.out) + self.cache
        } else {
            0
        }
    }

    /// Behind `before`.
    pub const fn behind(mut self, before: Place) -> Place {
        self.start = before.start + before.len();
        self.tensor = before.tensor + before.tensors;
        self.channel = before.channel
            + if before.given {
                channels(before.dims)
            } else {
                0
            };
        self
    }

    /// Adds its output to that of all, or puts it in its place.
    #[inline(always)]
    pub fn merge<T: Element, M: Merge>(&self, own: Rows<T>, all: &mut RowsMut<T>, total: usize) {
        let own_channels = channels(self.dims);
        for (own, all) in own.iter().zip(all.iter_mut()) {
            if M::ADDS {
                for (all, &own) in all.iter_mut().zip(own) {
                    *all += own;
                }
            } else {
                let pixels = all.chunks_exact_mut(total.max(1));
                for (all, own) in pixels.zip(own.chunks_exact(own_channels.max(1))) {
                    all[self.channel..][..own_channels].copy_from_slice(own);
                }
            }
        }
    }

    /// The other way, for gradients.
    #[inline(always)]
    pub fn part<T: Element, M: Merge>(&self, all: Rows<T>, own: &mut RowsMut<T>, total: usize) {
        let own_channels = channels(self.dims);
        for (own, all) in own.iter_mut().zip(all.iter()) {
            if M::ADDS {
                own.copy_from_slice(&all[..own.len()]);
            } else {
                let pixels = all.chunks_exact(total.max(1));
                for (all, own) in pixels.zip(own.chunks_exact_mut(own_channels.max(1))) {
                    own.copy_from_slice(&all[self.channel..][..own_channels]);
                }
            }
        }
    }

    /// Its part of the cache of so many rows: output, gradient, own cache.
    #[inline(always)]
    pub fn split<'c, T>(&self, cache: &'c mut [T], rows: usize) -> [&'c mut [T]; 3] {
        let cache = &mut cache[self.start * rows..][..self.len() * rows];
        let (y, rest) = cache.split_at_mut(padded(self.out) * rows);
        let (dy, own) = rest.split_at_mut(padded(self.out) * rows);
        [y, dy, own]
    }
}

/// How many numbers lie side by side at each place.
pub const fn channels(dims: &[usize]) -> usize {
    match *dims {
        [channels, _, _] => channels,
        [.., last] => last,
        [] => 1,
    }
}

/// Whether two shapes are equal but for their channels.
pub const fn agree(a: &[usize], b: &[usize]) -> bool {
    match (a, b) {
        ([_, h, w], [_, i, j]) => *h == *i && *w == *j,
        ([h, _], [i, _]) => *h == *i,
        ([_], [_]) => true,
        _ => false,
    }
}
