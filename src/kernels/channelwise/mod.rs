//! Windows that move over an image and take each channel for itself: pooling, and filters that see one
//! channel; and what goes over all pixels, channel by channel.
//!
//! The channels of a pixel lie side by side, so all loops run along them, in blocks of a length that
//! the compiler knows: arrays that it holds in vector registers. This code is safe, and compiled where
//! the model is, for its sizes.

pub mod depthwise;
pub mod groups;
pub mod grow;
pub mod pattern;
pub mod place;
pub mod pool;
#[cfg(test)]
mod tests;

use crate::math::Real;
use crate::shape::Window;

/// Windows over an image: sizes.
#[derive(Clone, Copy, Debug)]
pub struct Channelwise {
    /// The windows down and across the image.
    pub windows: [Window; 2],
    /// Channels of the image.
    pub channels: usize,
}

/// The taps of a position that lie inside, as [`Window::inside`] says, down and across.
#[derive(Clone, Copy)]
struct Taps {
    windows: [Window; 2],
    channels: usize,
    down: (usize, usize, usize),
    across: (usize, usize, usize),
}

impl Channelwise {
    /// How many numbers come out, one for each position and channel.
    pub const fn outputs(&self) -> usize {
        self.windows[0].output * self.windows[1].output * self.channels
    }

    /// How many positions there are, down and across.
    #[inline(always)]
    fn size(&self) -> (usize, usize) {
        (self.windows[0].output, self.windows[1].output)
    }

    /// The taps of a position.
    #[inline(always)]
    fn taps(&self, p: usize, q: usize) -> Taps {
        Taps {
            windows: self.windows,
            channels: self.channels,
            down: self.windows[0].inside(p),
            across: self.windows[1].inside(q),
        }
    }
}

impl Taps {
    /// How many there are, down and across.
    #[inline(always)]
    fn size(&self) -> (usize, usize) {
        (self.down.1, self.across.1)
    }

    /// The number of tap (i, j) of those inside, and where its pixel begins.
    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> (usize, usize) {
        let [down, across] = self.windows;
        let line = (self.down.2 + i * down.dilation) * across.input;
        let pixel = line + self.across.2 + j * across.dilation;
        let tap = (self.down.0 + i) * across.kernel + self.across.0 + j;
        (tap, pixel * self.channels)
    }
}

// Macros and not closures: a closure is not always compiled for the instructions of the function around
// it.

/// Goes through all positions, in order: the body knows the number of one, and its taps.
macro_rules! positions {
    ($over:expr, $position:ident, $taps:ident => $body:block) => {
        let (rows, columns) = $over.size();
        for p in 0..rows {
            for q in 0..columns {
                // Vectors run along the channels: without this the compiler might take several positions at
                // once, and gather their numbers one by one.
                let $position = core::hint::black_box(p * columns + q);
                let $taps = $over.taps(p, q);
                $body
            }
        }
    };
}

/// Goes through the taps of a position, or the positions of a tap: the body knows the two numbers that
/// `at` gives.
macro_rules! each {
    ($all:expr, $one:pat, $other:pat => $body:block) => {
        let (rows, columns) = $all.size();
        for i in 0..rows {
            for j in 0..columns {
                let ($one, $other) = $all.at(i, j);
                $body
            }
        }
    };
}
use {each, positions};

/// Goes through the numbers of a range in blocks of 16, and what is left in one of 8, 4, 2 and 1: the
/// body knows where its block begins, and its length as a constant.
macro_rules! in_blocks {
    ($range:expr, $at:ident, $length:ident => $body:block) => {
        let (mut $at, end) = ($range.start, $range.end);
        while $at + 16 <= end {
            const $length: usize = 16;
            $body
            $at += 16;
        }
        in_blocks!(@rest end, $at, $length => $body, 8, 4, 2, 1);
    };
    (@rest $end:ident, $at:ident, $length:ident => $body:block, $($n:literal),*) => {
        $(
            if ($end - $at) & $n != 0 {
                const $length: usize = $n;
                $body
                #[allow(unused_assignments)] // by the last one
                {
                    $at += $n;
                }
            }
        )*
    };
}
use in_blocks;

/// The beginning of a block, in a form in which the compiler can not take several blocks at once, and gather
/// their numbers one by one, where nothing else goes on in a block.
#[inline(always)]
fn apart(at: usize) -> usize {
    core::hint::black_box(at)
}

/// Adds all pixels of a sample to a pixel of `channels` channels: pixel i goes into sum i modulo 4.
#[inline(always)]
pub fn add_pixels<T: Real>(channels: usize, x: &[T], sum: &mut [T]) {
    in_blocks!(0..channels, c, N => {
        let c = apart(c);
        let mut sums = [[T::zero(); N]; 4];
        let mut fours = x.chunks_exact(4 * channels);
        for four in &mut fours {
            for (i, sums) in sums.iter_mut().enumerate() {
                add(sums, &block::<T, N>(four, i * channels + c));
            }
        }
        for (one, sums) in fours.remainder().chunks_exact(channels).zip(&mut sums) {
            add(sums, &block::<T, N>(one, c));
        }
        let [a, b, c_sums, d] = sums;
        for i in 0..N {
            sum[c + i] += (a[i] + b[i]) + (c_sums[i] + d[i]);
        }
    });
}

/// Adds, for each channel, the products of gradients with normalised numbers, `dy (x - mean) inverse`, of
/// pixels that have a mean and an inverse deviation each.
#[inline(always)]
pub fn add_normalised<T: Real>(
    channels: usize,
    [x, dy]: [&[T]; 2],
    [means, inverses]: [&[T]; 2],
    sum: &mut [T],
) {
    in_blocks!(0..channels, c, N => {
        let c = apart(c);
        let mut sums = block::<T, N>(sum, c);
        for (pixel, (&mean, &inverse)) in means.iter().zip(inverses).enumerate() {
            let at = pixel * channels + c;
            let (x, dy) = (block::<T, N>(x, at), block::<T, N>(dy, at));
            for i in 0..N {
                sums[i] += dy[i] * ((x[i] - mean) * inverse);
            }
        }
        sum[c..c + N].copy_from_slice(&sums);
    });
}

/// `a += b`.
#[inline(always)]
fn add<T: Real, const N: usize>(a: &mut [T; N], b: &[T; N]) {
    for i in 0..N {
        a[i] += b[i];
    }
}

/// A block of numbers.
#[inline(always)]
fn block<T: Copy, const N: usize>(from: &[T], at: usize) -> [T; N] {
    let mut block = [from[at]; N];
    block.copy_from_slice(&from[at..at + N]);
    block
}
