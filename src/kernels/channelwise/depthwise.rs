//! Filters that see one channel each: a convolution in as many groups as there are channels.
//!
//! The weights are Keras' `[height][width][channels][multiplier]`, the last dimension padded. With one
//! filter for each channel, a tap's weights lie side by side as the channels of a pixel do: the loops
//! run along the channels. With several, they run along the filters of one channel.

use super::{Channelwise, block, each, in_blocks, positions};
use crate::math::Real;
use crate::rows::padded;
use crate::simd::Isa;
use core::ops::Range;

/// What the passes need to know: sizes and arguments.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    /// Windows and channels.
    pub over: Channelwise,
    /// Filters of each channel.
    pub multiplier: usize,
}

impl Depthwise {
    /// How many numbers come out.
    pub const fn outputs(&self) -> usize {
        let [down, across] = self.over.windows;
        down.output * across.output * self.over.channels * self.multiplier
    }

    /// `y = x * w + bias`, for one sample.
    #[inline(always)]
    pub fn forward<T: Real, I: Isa>(
        &self,
        isa: I,
        x: &[T],
        w: &[T],
        bias: Option<&[T]>,
        y: &mut [T],
    ) {
        let (channels, multiplier) = (self.over.channels, self.multiplier);
        let stride = padded(multiplier);
        positions!(self.over, position, taps => {
            let position = position * channels * multiplier;
            if multiplier == 1 {
                in_blocks!(0..channels, c, N => {
                    let mut sum = start::<T, N>(bias, c);
                    each!(taps, tap, pixel => {
                        let x = block::<T, N>(x, pixel + c);
                        let w = block::<T, N>(w, tap * channels + c);
                        for i in 0..N {
                            sum[i] = T::fma(isa, x[i], w[i], sum[i]);
                        }
                    });
                    y[position + c..position + c + N].copy_from_slice(&sum);
                });
                continue;
            }
            for c in 0..channels {
                in_blocks!(0..multiplier, m, N => {
                    let at = c * multiplier + m;
                    let mut sum = start::<T, N>(bias, at);
                    each!(taps, tap, pixel => {
                        let x = x[pixel + c];
                        let w = block::<T, N>(w, (tap * channels + c) * stride + m);
                        for i in 0..N {
                            sum[i] = T::fma(isa, x, w[i], sum[i]);
                        }
                    });
                    y[position + at..position + at + N].copy_from_slice(&sum);
                });
            }
        });
    }

    /// The gradient by x, for one sample.
    #[inline(always)]
    pub fn input_grad<T: Real, I: Isa>(&self, isa: I, dz: &[T], w: &[T], dx: &mut [T]) {
        let (channels, multiplier) = (self.over.channels, self.multiplier);
        let stride = padded(multiplier);
        dx.fill(T::zero());
        positions!(self.over, position, taps => {
            let position = position * channels * multiplier;
            if multiplier == 1 {
                in_blocks!(0..channels, c, N => {
                    let dz = block::<T, N>(dz, position + c);
                    each!(taps, tap, pixel => {
                        let w = block::<T, N>(w, tap * channels + c);
                        let mut sum = block::<T, N>(dx, pixel + c);
                        for i in 0..N {
                            sum[i] = T::fma(isa, dz[i], w[i], sum[i]);
                        }
                        dx[pixel + c..pixel + c + N].copy_from_slice(&sum);
                    });
                });
                continue;
            }
            for c in 0..channels {
                let dz = &dz[position + c * multiplier..][..multiplier];
                each!(taps, tap, pixel => {
                    let w = &w[(tap * channels + c) * stride..];
                    for (&dz, &w) in dz.iter().zip(w) {
                        dx[pixel + c] = T::fma(isa, dz, w, dx[pixel + c]);
                    }
                });
            }
        });
    }

    /// Adds, for one sample, the gradient by those rows of the weights from `first` on that are in
    /// `dw`: a row is a channel of a tap.
    #[inline(always)]
    pub fn weight_grad<T: Real, I: Isa>(
        &self,
        isa: I,
        x: &[T],
        first: usize,
        dz: &[T],
        dw: &mut [T],
    ) {
        let (channels, multiplier) = (self.over.channels, self.multiplier);
        let stride = padded(multiplier);
        let end = first + dw.len() / stride;
        let [down, across] = self.over.windows;
        for tap in 0..down.kernel * across.kernel {
            let from = first.max(tap * channels);
            let to = end.min((tap + 1) * channels);
            if from >= to {
                continue;
            }
            let meets = Meets {
                rows: down.meeting(tap / across.kernel),
                columns: across.meeting(tap % across.kernel),
                strides: [down.stride, across.stride],
                widths: [across.input, across.output],
            };
            if multiplier == 1 {
                in_blocks!(from..to, row, N => {
                    let c = row - tap * channels;
                    let mut sum = block::<T, N>(dw, row - first);
                    each!(meets, x_pixel, dz_pixel => {
                        let x = block::<T, N>(x, x_pixel * channels + c);
                        let dz = block::<T, N>(dz, dz_pixel * channels + c);
                        for i in 0..N {
                            sum[i] = T::fma(isa, x[i], dz[i], sum[i]);
                        }
                    });
                    dw[row - first..row - first + N].copy_from_slice(&sum);
                });
                continue;
            }
            for row in from..to {
                let (c, dw) = (row - tap * channels, &mut dw[(row - first) * stride..]);
                in_blocks!(0..multiplier, m, N => {
                    let mut sum = block::<T, N>(dw, m);
                    each!(meets, x_pixel, dz_pixel => {
                        let x = x[x_pixel * channels + c];
                        let dz = block::<T, N>(dz, (dz_pixel * channels + c) * multiplier + m);
                        for i in 0..N {
                            sum[i] = T::fma(isa, x, dz[i], sum[i]);
                        }
                    });
                    dw[m..m + N].copy_from_slice(&sum);
                });
            }
        }
    }
}

/// What a sum begins with.
#[inline(always)]
fn start<T: Real, const N: usize>(bias: Option<&[T]>, at: usize) -> [T; N] {
    bias.map_or([T::zero(); N], |bias| block(bias, at))
}

/// The positions at which a tap lies inside, down and across, as [`Window::meeting`] says.
///
/// [`Window::meeting`]: crate::shape::Window::meeting
struct Meets {
    rows: (Range<usize>, usize),
    columns: (Range<usize>, usize),
    strides: [usize; 2],
    widths: [usize; 2],
}

impl Meets {
    /// How many there are, down and across.
    #[inline(always)]
    fn size(&self) -> (usize, usize) {
        (self.rows.0.len(), self.columns.0.len())
    }

    /// The numbers of the pixels that meet at position (i, j) of these: of the input and of the output.
    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> (usize, usize) {
        let [input, output] = self.widths;
        let line = (self.rows.1 + i * self.strides[0]) * input + self.columns.1;
        let (p, q) = (self.rows.0.start + i, self.columns.0.start + j);
        (line + j * self.strides[1], p * output + q)
    }
}
