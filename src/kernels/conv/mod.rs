//! Convolutions of images whose channels lie side by side.
//!
//! | kernel | computes | sums over |
//! | --- | --- | --- |
//! | [`Correlate`], forward | `Y[p] = b + Σ X[p stride + t dilation - before] W[t]` | taps t, then channels, in order |
//! | [`Pooled`] | the largest of two by two of `relu(Y)`, of which nothing else is stored | the same |
//! | [`Correlate`], backward | the gradient by X: the same over `dZ`, with W turned around ([`flip`]) | the same |
//! | [`ConvWeightGrad`] | `dW[t] += Σ X[p stride + t dilation - before]ᵀ dZ[p]` | samples in chunks, then positions, or windows of two by two of a pooling layer behind |
//! | [`Sparse`] | the same gradients, where most of `dZ` is zero | the others |
//!
//! The weights are Keras' `[height][width][channels][filters]`: a tap's channels are rows of a matrix,
//! and neighbouring taps of neighbouring pixels are one longer run of both. Nothing is copied and no
//! border of zeros is made: the positions of an image are taken in [`Run`]s, along each dimension
//! those at which the same taps lie inside, and taps outside are left out.
//!
//! With groups, each group of filters sees its own channels: a kernel call for each.

mod correlate;
mod grid;
mod hits;
mod picks;
mod places;
mod pooled;
mod products;
mod run;
mod seen;
mod sparse;
#[cfg(test)]
mod tests;
mod weight_grad;
mod weight_picks;
mod weight_tables;

pub use correlate::Correlate;
pub use picks::{Picks, PicksMut};
pub use pooled::{Pooled, Square, joins};
pub use run::{Run, Sweep};
pub use sparse::{Sparse, follows};
pub use weight_grad::{ALL, ConvWeightGrad, HALVED, OneWay, PICKED};

use super::Element;
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use crate::shape::Window;
use crate::simd::Isa;
use core::ops::Range;
use sparse::{filter_len, is_sparse, looks_for_zeros, may_be_sparse, transpose};

/// What a convolution's kernels need to know: sizes and arguments.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    /// The windows down and across the image.
    pub windows: [Window; 2],
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub filters: usize,
    /// Into how many groups both are divided.
    pub groups: usize,
}

impl Conv {
    /// Input channels of a group: the rows of a tap.
    #[inline(always)]
    pub const fn depth(&self) -> usize {
        self.channels / self.groups
    }

    /// Filters of a group.
    #[inline(always)]
    pub const fn breadth(&self) -> usize {
        self.filters / self.groups
    }

    /// How many taps the kernel has.
    #[inline(always)]
    pub const fn taps(&self) -> usize {
        self.windows[0].kernel * self.windows[1].kernel
    }

    /// How many numbers the weights take when they are turned around.
    pub const fn flipped_len(&self) -> usize {
        self.taps() * self.filters * crate::rows::padded(self.depth())
    }

    /// How many numbers [`prepare`] makes.
    pub const fn prepared_len(&self) -> usize {
        let filters = match may_be_sparse(self) {
            true => filter_len(self) * self.filters,
            false => 0,
        };
        self.flipped_len() + filters
    }
}

/// How many samples of so many positions each go together, so that there are enough positions of each
/// kind to fill tiles, and what they read stays in a fast cache: by the shape alone.
#[inline(always)]
pub(super) fn together(most: usize, positions: usize) -> usize {
    (most / positions.max(1)).max(1)
}

/// How many numbers of `columns` fit into a vector without a rest: a power of two, at most 16.
#[inline(always)]
pub(super) fn lanes(columns: usize) -> usize {
    1 << columns.trailing_zeros().min(4)
}

/// Prepares the weights for [`input_grad`].
pub fn prepare<T: Real>(conv: &Conv, w: &[T], prepared: &mut [T]) {
    let (flipped, filters) = prepared.split_at_mut(conv.flipped_len());
    flip(conv, w, flipped);
    if may_be_sparse(conv) {
        transpose(conv, w, filters);
    }
}

/// `dx` from `dz`, or what a pooling layer has picked of it, and the weights as [`prepare`] left them;
/// samples of few numbers as [`Sparse`] does.
#[inline(always)]
pub fn input_grad<T: Element, I: Isa>(
    isa: I,
    conv: &Conv,
    dz: Rows<T>,
    picks: Option<Picks<T>>,
    prepared: &[T],
    mut dx: RowsMut<T>,
) {
    let (flipped, filters) = prepared.split_at(conv.flipped_len());
    if picks.is_some() {
        return T::sparse_conv_grad(isa, Sparse::input(conv, dz, picks, filters, dx));
    }
    let mut start = 0;
    while let Some((samples, sparse)) = alike(conv, dz, start) {
        start = samples.end;
        let (mut part, rest) = dx.split_at(samples.len());
        let dz = dz.rows(samples);
        dx = rest;
        if sparse {
            T::sparse_conv_grad(isa, Sparse::input(conv, dz, None, filters, part));
            continue;
        }
        for group in 0..conv.groups {
            let kernel = Correlate::backward(conv, group, dz, flipped, None, part.reborrow());
            T::correlate(isa, kernel);
        }
    }
}

/// Adds the gradient by the rows of the weights from `first` on that are in `dw`, from `dz` or what
/// a pooling layer has picked of it; samples of few numbers as [`Sparse`] does.
#[inline(always)]
pub fn weight_grad<T: Element, I: Isa>(
    isa: I,
    conv: &Conv,
    x: Rows<T>,
    first: usize,
    dz: Rows<T>,
    picks: Option<Picks<T>>,
    dw: &mut [T],
) {
    if picks.is_some() {
        if looks_for_zeros(conv) {
            return T::sparse_conv_grad(isa, Sparse::weights(conv, x, first, dz, picks, dw));
        }
        return T::conv_weight_grad(isa, ConvWeightGrad::new(conv, 0, x, first, dz, picks, dw));
    }
    let mut start = 0;
    while let Some((samples, sparse)) = alike(conv, dz, start) {
        start = samples.end;
        let (x, dz) = (x.rows(samples.clone()), dz.rows(samples));
        if sparse {
            T::sparse_conv_grad(isa, Sparse::weights(conv, x, first, dz, None, dw));
            continue;
        }
        for group in 0..conv.groups {
            T::conv_weight_grad(
                isa,
                ConvWeightGrad::new(conv, group, x, first, dz, None, dw),
            );
        }
    }
}

/// The samples from `start` on that are alike, and whether they have few numbers.
#[inline(always)]
fn alike<T: Element>(conv: &Conv, dz: Rows<T>, start: usize) -> Option<(Range<usize>, bool)> {
    if start >= dz.len() {
        return None;
    }
    if !looks_for_zeros(conv) {
        return Some((start..dz.len(), false));
    }
    let mut rows = dz.iter().skip(start);
    let sparse = rows.next().is_some_and(is_sparse);
    let mut end = start + 1;
    for dz in rows {
        if is_sparse(dz) != sparse {
            break;
        }
        end += 1;
    }
    Some((start..end, sparse))
}

/// Turns the weights `w` around: `flipped[group][tap from the last][filter][channel]`, the rows of
/// channels padded. (Their padding is not written.)
pub fn flip<T: Real>(conv: &Conv, w: &[T], flipped: &mut [T]) {
    let (depth, breadth) = (conv.depth(), conv.breadth());
    let (stride, to_stride) = (
        crate::rows::padded(conv.filters),
        crate::rows::padded(depth),
    );
    let group_len = conv.taps() * breadth * to_stride;
    if group_len == 0 {
        return;
    }
    for (group, flipped) in flipped.chunks_exact_mut(group_len).enumerate() {
        let taps = w.chunks_exact(depth * stride).take(conv.taps()).rev();
        for (w, flipped) in taps.zip(flipped.chunks_exact_mut(breadth * to_stride)) {
            // A few filters at a time: their rows stay in the cache while all channels pass by.
            for (few, flipped) in flipped.chunks_mut(16 * to_stride).enumerate() {
                for (c, w) in w.chunks_exact(stride).enumerate() {
                    let w = &w[group * breadth + 16 * few..];
                    for (&w, flipped) in w.iter().zip(flipped.chunks_exact_mut(to_stride)) {
                        flipped[c] = w;
                    }
                }
            }
        }
    }
}
