//! Filters that see one channel each: a convolution in as many groups as there are channels.
//!
//! The weights are Keras' `[height][width][channels][multiplier]`, the last dimension padded. With one
//! filter for each channel, a tap's weights lie side by side as the channels of a pixel do: the loops
//! run along the channels. With several, they run along the filters of one channel.

use super::{Channelwise, apart, block, each, in_blocks, positions};
use crate::math::Real;
use crate::rows::padded;
use crate::shape::Window;
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
        let [down, across] = self.over.windows;
        if multiplier == 1 && down.dilation == 1 && across.dilation == 1 {
            for pixel in 0..down.input * across.input {
                let pixel = apart(pixel);
                let seen = Seen {
                    down: seen(&down, pixel / across.input),
                    across: seen(&across, pixel % across.input),
                    windows: [down, across],
                };
                in_blocks!(0..channels, c, N => {
                    let mut sum = [T::zero(); N];
                    each!(seen, tap, position => {
                        let dz = block::<T, N>(dz, position * channels + c);
                        let w = block::<T, N>(w, tap * channels + c);
                        for i in 0..N {
                            sum[i] = T::fma(isa, dz[i], w[i], sum[i]);
                        }
                    });
                    let at = pixel * channels + c;
                    dx[at..at + N].copy_from_slice(&sum);
                });
            }
            return;
        }
        dx.fill(T::zero());
        positions!(self.over, position, taps => {
            let position = position * channels * multiplier;
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
        let mut done = 0;
        if multiplier == 1 {
            // Taps beside each other, as far as all of their weights are wanted.
            while done + THREE <= down.kernel * across.kernel
                && across.kernel.is_multiple_of(THREE)
                && first <= done * channels
                && (done + THREE) * channels <= end
            {
                self.weight_grad_of_three(isa, x, dz, done, &mut dw[done * channels - first..]);
                done += THREE;
            }
        }
        for tap in done..down.kernel * across.kernel {
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

/// How many taps of a line go together in [`Depthwise::weight_grad`]: each sum waits for itself alone.
const THREE: usize = 3;

impl Depthwise {
    /// The same for the weights of three taps of a line, from tap `tap` on, which `dw` begins with.
    #[inline(always)]
    fn weight_grad_of_three<T: Real, I: Isa>(
        &self,
        isa: I,
        x: &[T],
        dz: &[T],
        tap: usize,
        dw: &mut [T],
    ) {
        let (channels, [down, across]) = (self.over.channels, self.over.windows);
        let (rows, top) = down.meeting(tap / across.kernel);
        let column = tap % across.kernel;
        let (mut of_taps, mut left) = ([(0, 0); THREE], [0; THREE]);
        for t in 0..THREE {
            let (columns, first) = across.meeting(column + t);
            of_taps[t] = (columns.start, columns.end);
            left[t] = first;
        }
        // Where all three taps lie inside; before and behind, some of them do.
        let start = of_taps[0].0.max(of_taps[1].0).max(of_taps[2].0);
        let end = of_taps[0].1.min(of_taps[1].1).min(of_taps[2].1).max(start);
        in_blocks!(0..channels, c, N => {
            let mut sums = [[T::zero(); N]; THREE];
            for t in 0..THREE {
                sums[t] = block::<T, N>(dw, t * channels + c);
            }
            for (i, p) in rows.clone().enumerate() {
                let line = (top + i * down.stride) * across.input;
                let at = |t: usize, q: usize| {
                    (line + left[t] + (q - of_taps[t].0) * across.stride) * channels + c
                };
                let of_row = |q: usize| (p * across.output + q) * channels + c;
                for t in 0..THREE {
                    for q in of_taps[t].0..of_taps[t].1.min(start) {
                        let (x, dz) = (block::<T, N>(x, at(t, q)), block::<T, N>(dz, of_row(q)));
                        for i in 0..N {
                            sums[t][i] = T::fma(isa, x[i], dz[i], sums[t][i]);
                        }
                    }
                }
                for q in start..end {
                    let dz = block::<T, N>(dz, of_row(q));
                    for t in 0..THREE {
                        let x = block::<T, N>(x, at(t, q));
                        for i in 0..N {
                            sums[t][i] = T::fma(isa, x[i], dz[i], sums[t][i]);
                        }
                    }
                }
                for t in 0..THREE {
                    for q in of_taps[t].0.max(end)..of_taps[t].1 {
                        let (x, dz) = (block::<T, N>(x, at(t, q)), block::<T, N>(dz, of_row(q)));
                        for i in 0..N {
                            sums[t][i] = T::fma(isa, x[i], dz[i], sums[t][i]);
                        }
                    }
                }
            }
            for t in 0..THREE {
                dw[t * channels + c..][..N].copy_from_slice(&sums[t]);
            }
        });
    }
}

/// What a sum begins with.
#[inline(always)]
fn start<T: Real, const N: usize>(bias: Option<&[T]>, at: usize) -> [T; N] {
    bias.map_or([T::zero(); N], |bias| block(bias, at))
}

/// The positions that see a pixel, down and across: the first one, how many, and by which tap the first one
/// does.
struct Seen {
    down: (usize, usize, usize),
    across: (usize, usize, usize),
    windows: [Window; 2],
}

/// The positions of a window without dilation that see a place: from one to the next, the tap comes by
/// `stride` nearer to the window's beginning.
#[inline(always)]
fn seen(window: &Window, place: usize) -> (usize, usize, usize) {
    let reach = place + window.before;
    let first = (reach + 1)
        .saturating_sub(window.kernel)
        .div_ceil(window.stride);
    let end = (reach / window.stride + 1).min(window.output);
    let tap = reach.saturating_sub(first * window.stride);
    (first, end.saturating_sub(first), tap)
}

impl Seen {
    /// How many there are, down and across.
    #[inline(always)]
    fn size(&self) -> (usize, usize) {
        (self.down.1, self.across.1)
    }

    /// The tap of position (i, j) of these, and its number.
    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> (usize, usize) {
        let [down, across] = &self.windows;
        let line = self.down.2 - i * down.stride;
        let tap = line * across.kernel + self.across.2 - j * across.stride;
        let position = (self.down.0 + i) * across.output + self.across.0 + j;
        (tap, position)
    }
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
