//! Each position of an image as a sum over the taps of a window: the forward pass, and, over the
//! output's gradient with the weights turned around, the gradient by the input.
//!
//! The tile holds outputs: its rows are positions, its columns filters, its steps the channels of all
//! taps that lie inside. Positions of a run are taken in one row after another and, where an image is
//! small, from several samples, so that the tiles are full.

#![allow(unsafe_code)] // pointers into three arrays, whose sizes `new` checks

use super::{Conv, Run, Sweep, lanes, together};
use crate::kernels::tile::rectify;
use crate::kernels::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, RowsMut, padded};
use core::ops::Range;

/// The pass of one group as a `Kernel`.
pub struct Correlate<'a, T> {
    pub(super) samples: usize,
    pub(super) sweeps: [Sweep; 2],
    pub(super) x: &'a [T],
    pub(super) x_stride: usize,
    /// Numbers of a pixel of x, and which of them come first.
    pub(super) x_pixel: usize,
    x_first: usize,
    /// Rows of a tap.
    depth: usize,
    /// Taps across.
    pub(super) across: usize,
    pub(super) w: &'a [T],
    pub(super) w_stride: usize,
    pub(super) bias: &'a [T],
    pub(super) y: RowsMut<'a, T>,
    pub(super) y_pixel: usize,
    y_first: usize,
    pub(super) columns: usize,
    /// Whether sums below 0 become 0.
    pub(super) rectifies: bool,
}

/// Which of the taps of its positions a pass takes: with none before, sums begin with the bias, and with
/// none behind they are complete.
#[derive(Clone, Copy)]
struct Stage {
    is_first: bool,
    is_last: bool,
}

/// Weights of so many bytes for each lane of a vector stay near enough while all positions pass by: the wider
/// a vector, the fewer times they do.
/// (In tests so few that both ways are taken.)
const NEAR: usize = if cfg!(test) { 1 << 6 } else { 1 << 18 };

impl<'a, T: Real> Correlate<'a, T> {
    /// `y = x * w + bias`, for one group.
    #[inline(always)]
    pub fn forward(
        conv: &Conv,
        group: usize,
        x: Rows<'a, T>,
        w: &'a [T],
        bias: Option<&'a [T]>,
        y: RowsMut<'a, T>,
    ) -> Self {
        let [down, across] = conv.windows;
        let y_len = down.output * across.output * conv.filters;
        Self::from_input(conv, group, x, w, bias, y).checked(conv.taps(), y_len)
    }

    /// The same without groups, for [`Pooled`](super::Pooled), which keeps only `outputs` numbers of each sample:
    /// not to be run by itself.
    #[inline(always)]
    pub(super) fn picked(
        conv: &Conv,
        x: Rows<'a, T>,
        w: &'a [T],
        bias: Option<&'a [T]>,
        y: RowsMut<'a, T>,
        outputs: usize,
    ) -> Self {
        Self::from_input(conv, 0, x, w, bias, y).checked(conv.taps(), outputs)
    }

    /// A pass from the input to the output, its sizes not yet checked.
    #[inline(always)]
    fn from_input(
        conv: &Conv,
        group: usize,
        x: Rows<'a, T>,
        w: &'a [T],
        bias: Option<&'a [T]>,
        y: RowsMut<'a, T>,
    ) -> Self {
        let (depth, breadth) = (conv.depth(), conv.breadth());
        let bias = bias.map_or(&[][..], |bias| &bias[group * breadth..][..breadth]);
        Self {
            samples: x.len().min(y.len()),
            sweeps: conv.windows.map(Sweep::forward),
            x: x.padded_data(),
            x_stride: x.stride(),
            x_pixel: conv.channels,
            x_first: group * depth,
            depth,
            across: conv.windows[1].kernel,
            w: &w[group * breadth..],
            w_stride: padded(conv.filters),
            bias,
            y,
            y_pixel: conv.filters,
            y_first: group * breadth,
            columns: breadth,
            rectifies: false,
        }
    }

    /// The same with relu behind it: while the sums are in registers, it costs nothing.
    #[inline(always)]
    pub fn rectifying(self, rectifies: bool) -> Self {
        Self { rectifies, ..self }
    }

    /// The gradient by x, for one group, from that by y and the weights as [`flip`](super::flip) turned
    /// them; a transposed convolution, which is the same, adds a bias.
    #[inline(always)]
    pub fn backward(
        conv: &Conv,
        group: usize,
        dz: Rows<'a, T>,
        flipped: &'a [T],
        bias: Option<&'a [T]>,
        dx: RowsMut<'a, T>,
    ) -> Self {
        let (depth, breadth) = (conv.depth(), conv.breadth());
        let bias = bias.map_or(&[][..], |bias| &bias[group * depth..][..depth]);
        let w_stride = padded(depth);
        let [down, across] = conv.windows;
        let y_len = down.input * across.input * conv.channels;
        Self {
            samples: dz.len().min(dx.len()),
            sweeps: conv.windows.map(Sweep::backward),
            x: dz.padded_data(),
            x_stride: dz.stride(),
            x_pixel: conv.filters,
            x_first: group * breadth,
            depth: breadth,
            across: conv.windows[1].kernel,
            w: &flipped[group * conv.taps() * breadth * w_stride..],
            w_stride,
            bias,
            y: dx,
            y_pixel: conv.channels,
            y_first: group * depth,
            columns: depth,
            rectifies: false,
        }
        .checked(conv.taps(), y_len)
    }

    /// The sizes on which the pointers rely.
    #[inline(always)]
    fn checked(self, taps: usize, y_len: usize) -> Self {
        let [down, across] = self.sweeps;
        let x_len = down.sources() * across.sources() * self.x_pixel;
        let rows = taps * self.depth;
        assert!(
            self.x_first + self.depth <= self.x_pixel
                && self.y_first + self.columns <= self.y_pixel,
            "the groups do not fit the channels"
        );
        assert!(
            self.samples == 0
                || self.x.len() >= (self.samples - 1) * self.x_stride + x_len
                    && self.y.stride() >= y_len,
            "the images do not fit the rows"
        );
        assert!(
            rows == 0 || self.w.len() >= (rows - 1) * self.w_stride + self.columns,
            "the weights do not fit the images"
        );
        self
    }

    /// The positions of two runs, in all of some samples: all taps at once or, where their weights would
    /// not stay in a near cache from one tile to the next, one tap after another.
    #[inline(always)]
    fn by_taps<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        samples: &Range<usize>,
        [down, across]: [&Run; 2],
        column: usize,
    ) {
        let one_by_one = size_of_val(self.w) > NEAR * S::LANES && down.taps * across.taps > 1;
        let (downs, acrosses) = match one_by_one {
            true => (down.taps, across.taps),
            false => (1, 1),
        };
        for t in 0..downs {
            for u in 0..acrosses {
                let stage = Stage {
                    is_first: t == 0 && u == 0,
                    is_last: t + 1 == downs && u + 1 == acrosses,
                };
                let (down, across) = match one_by_one {
                    true => (down.tap(t), across.tap(u)),
                    false => (*down, *across),
                };
                self.positions::<S, MR, NV>(s, samples.clone(), &down, &across, column, stage);
            }
        }
    }

    /// The same for the taps of two runs at once.
    #[inline(always)]
    fn positions<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        down: &Run,
        across: &Run,
        column: usize,
        stage: Stage,
    ) {
        let rectifies = self.rectifies && stage.is_last;
        // SAFETY: these are columns.
        let start = unsafe { self.start::<S, NV>(s, column) };
        let (x_row, y_row) = (self.sweeps[1].sources(), self.sweeps[1].positions());
        let (x_step, y_step) = (across.advance * self.x_pixel, across.step * self.y_pixel);
        // Where position (sample, a, 0) reads and writes.
        let x_line = |sample: usize, a: usize| {
            let source = (down.source + a * down.advance) * x_row + across.source;
            sample * self.x_stride + source * self.x_pixel + self.x_first
        };
        let (y_stride, y_first) = (self.y.stride(), self.y_first + column);
        let y_line = |sample: usize, a: usize| {
            let position = (down.first + a * down.step) * y_row + across.first;
            sample * y_stride + position * self.y_pixel + y_first
        };
        // SAFETY of both loops: the runs name sources and positions inside the images, and `checked` has
        // seen that the samples hold them.
        let whole = across.count / MR * MR;
        for sample in samples.clone() {
            for a in 0..down.count {
                let (x_at, y_at) = (x_line(sample, a), y_line(sample, a));
                for b in (0..whole).step_by(MR) {
                    let mut from = [x_at + b * x_step; MR];
                    for i in 0..MR {
                        from[i] += i * x_step;
                    }
                    unsafe {
                        let y = self.y.padded_data().as_mut_ptr().add(y_at + b * y_step);
                        let mut sums = [start; MR];
                        if !stage.is_first {
                            for i in 0..MR {
                                for j in 0..NV {
                                    sums[i][j] = s.load(y.add(i * y_step + j * S::LANES));
                                }
                            }
                        }
                        let mut sums = self.sums::<S, MR, NV>(s, &from, down, across, column, sums);
                        rectify(s, rectifies, sums.as_flattened_mut());
                        for i in 0..MR {
                            for j in 0..NV {
                                s.store(sums[i][j], y.add(i * y_step + j * S::LANES));
                            }
                        }
                    }
                }
            }
        }
        // What is left at the ends of the rows goes together.
        let rest = across.count - whole;
        let mut left = samples.len() * down.count * rest;
        let (mut a, mut b, mut sample) = (0, 0, samples.start);
        let (mut from, mut to) = ([0; MR], [0; MR]);
        while left > 0 {
            let count = left.min(MR);
            for i in 0..count {
                from[i] = x_line(sample, a) + (whole + b) * x_step;
                to[i] = y_line(sample, a) + (whole + b) * y_step;
                b += 1;
                if b == rest {
                    (a, b) = (a + 1, 0);
                }
                if a == down.count {
                    (sample, a) = (sample + 1, 0);
                }
            }
            // Behind the last one that one again, to be thrown away.
            let last = from[count - 1];
            from[count..].fill(last);
            unsafe {
                let y = self.y.padded_data().as_mut_ptr();
                let mut sums = [start; MR];
                if !stage.is_first {
                    for i in 0..count {
                        for j in 0..NV {
                            sums[i][j] = s.load(y.add(to[i] + j * S::LANES));
                        }
                    }
                }
                let mut sums = self.sums::<S, MR, NV>(s, &from, down, across, column, sums);
                rectify(s, rectifies, sums.as_flattened_mut());
                // With a constant end of the loop the sums stay in registers.
                let full = count == MR;
                for i in 0..MR {
                    if full || i < count {
                        for j in 0..NV {
                            s.store(sums[i][j], y.add(to[i] + j * S::LANES));
                        }
                    }
                }
            }
            left -= count;
        }
    }

    /// The biases of `NV` vectors of columns from `column` on, or zeros.
    ///
    /// # Safety
    /// There must be so many columns.
    #[inline(always)]
    pub(super) unsafe fn start<S: Simd<E = T>, const NV: usize>(
        &self,
        s: S,
        column: usize,
    ) -> [S::V; NV] {
        let mut start = [s.zero(); NV];
        if !self.bias.is_empty() {
            for (j, start) in start.iter_mut().enumerate() {
                // SAFETY: the bias has as many numbers as there are columns.
                *start = unsafe { s.load(self.bias.as_ptr().add(column + j * S::LANES)) };
            }
        }
        start
    }

    /// Adds the products of all taps of two runs to the sums of `MR` positions, whose sources begin at
    /// `from`, for the columns from `column` on.
    ///
    /// # Safety
    /// The taps must lie inside the images.
    #[inline(always)]
    pub(super) unsafe fn sums<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &self,
        s: S,
        from: &[usize; MR],
        down: &Run,
        across: &Run,
        column: usize,
        mut sums: [[S::V; NV]; MR],
    ) -> [[S::V; NV]; MR] {
        let row = self.sweeps[1].sources() * self.x_pixel;
        // Neighbouring taps of neighbouring pixels are one run of numbers.
        let joined = across.tap_step == 1 && across.tap_advance == 1 && self.x_pixel == self.depth;
        let (segments, len) = match joined {
            true => (1, across.taps * self.depth),
            false => (across.taps, self.depth),
        };
        // SAFETY: the caller's.
        let x: [*const T; MR] = from.map(|from| unsafe { self.x.as_ptr().add(from) });
        for t in 0..down.taps {
            let tap = (down.tap + t * down.tap_step) * self.across + across.tap;
            for u in 0..segments {
                let tap = tap + u * across.tap_step;
                let offset = t * down.tap_advance * row + u * across.tap_advance * self.x_pixel;
                // SAFETY: the caller's, for x; `checked` has seen that there are rows for all taps.
                unsafe {
                    let w = self
                        .w
                        .as_ptr()
                        .add(tap * self.depth * self.w_stride + column);
                    for k in 0..len {
                        let mut row = [s.zero(); NV];
                        for j in 0..NV {
                            row[j] = s.load(w.add(k * self.w_stride + j * S::LANES));
                        }
                        for i in 0..MR {
                            let x = s.splat(*x[i].add(offset + k));
                            for j in 0..NV {
                                sums[i][j] = s.fma(x, row[j], sums[i][j]);
                            }
                        }
                    }
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn tiles<S: Simd<E = T>, const MR: usize>(&mut self, s: S) {
        let [down, across] = self.sweeps;
        let one_channel = self.x_pixel == 1 && down.is_dense() && across.is_dense();
        let together = together(1024, down.positions() * across.positions());
        for first in (0..self.samples).step_by(together) {
            let samples = first..(first + together).min(self.samples);
            for down in down {
                for across in across {
                    let mut column = 0;
                    let taps = (down.taps, across.taps);
                    if one_channel && (taps == (3, 3) || taps == (5, 5)) {
                        while column < self.columns {
                            let samples = samples.clone();
                            match taps {
                                (3, 3) => self.grid::<S, 3, 3>(s, samples, &down, &across, column),
                                _ => self.grid::<S, 5, 5>(s, samples, &down, &across, column),
                            }
                            column += S::LANES;
                        }
                        continue;
                    }
                    if !S::NARROW {
                        while column + 2 * S::LANES <= self.columns {
                            self.by_taps::<S, MR, 2>(s, &samples, [&down, &across], column);
                            column += 2 * S::LANES;
                        }
                    }
                    if S::ODD {
                        while column + S::LANES <= self.columns {
                            self.by_taps::<S, MR, 1>(s, &samples, [&down, &across], column);
                            column += S::LANES;
                        }
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for Correlate<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        lanes(self.columns)
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        if S::NARROW || S::ROWS == 8 {
            self.tiles::<S, 8>(s);
        } else if S::ROWS == 6 {
            self.tiles::<S, 6>(s);
        } else {
            self.tiles::<S, 4>(s);
        }
    }
}
