//! Convolutions of images whose channels lie side by side.
//!
//! | kernel | computes | sums over |
//! | --- | --- | --- |
//! | [`Correlate`], forward | `Y[p] = b + Σ X[p stride + t dilation - before] W[t]` | taps t, then channels, in order |
//! | [`Correlate`], backward | the gradient by X: the same over `dZ`, with W turned around ([`flip`]) | the same |
//! | [`ConvWeightGrad`] | `dW[t] += Σ X[p stride + t dilation - before]ᵀ dZ[p]` | samples in chunks, then positions |
//!
//! The weights are Keras' `[height][width][channels][filters]`: a tap's channels are rows of a matrix,
//! and neighbouring taps of neighbouring pixels are one longer run of both. Nothing is copied and no
//! border of zeros is made: the positions of an image are taken in [`Run`]s, along each dimension
//! those at which the same taps lie inside, and taps outside are left out.
//!
//! With groups, each group of filters sees its own channels: a kernel call for each.

mod correlate;
mod run;
#[cfg(test)]
mod tests;
mod weight_grad;

pub use correlate::Correlate;
pub use run::{Run, Sweep};
pub use weight_grad::ConvWeightGrad;

use crate::math::Real;
use crate::shape::Window;

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
            for (c, w) in w.chunks_exact(stride).enumerate() {
                let w = &w[group * breadth..][..breadth];
                for (&w, flipped) in w.iter().zip(flipped.chunks_exact_mut(to_stride)) {
                    flipped[c] = w;
                }
            }
        }
    }
}
