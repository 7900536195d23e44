//! The gradient by the weights of a convolution.
//!
//! The tile holds weights: its rows are taps and their channels, its columns filters, its steps
//! positions of the image. The sums stay in registers while a run of positions goes by, in all samples
//! of a chunk, and are added to what the array holds.

#![allow(unsafe_code)] // pointers into three arrays, whose sizes `new` checks

use super::weight_picks::can_be_looked_up;
use super::weight_tables::{LINE, reach};
use super::{Conv, Picks, Run, Sweep, lanes, together};
use crate::kernels::tile::tile;
use crate::kernels::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, padded};
use core::ops::Range;

/// `dw += ...` for one group as a `Kernel`.
pub struct ConvWeightGrad<'a, T> {
    pub(super) samples: usize,
    pub(super) sweeps: [Sweep; 2],
    pub(super) x: &'a [T],
    pub(super) x_stride: usize,
    pub(super) x_pixel: usize,
    pub(super) x_first: usize,
    pub(super) depth: usize,
    pub(super) across: usize,
    pub(super) dz: &'a [T],
    pub(super) dz_stride: usize,
    pub(super) dz_pixel: usize,
    pub(super) dz_first: usize,
    pub(super) columns: usize,
    /// The rows of the matrix that `dw` holds.
    pub(super) rows: Range<usize>,
    /// What was picked, if `dz` is the gradient by that.
    pub(super) picks: Option<Picks<'a, T>>,
    /// See [`reach`]; 0 if nothing was picked.
    pub(super) reach: usize,
    pub(super) dw: &'a mut [T],
    pub(super) dw_stride: usize,
}

/// How many rows of a tile at a time read numbers that lie side by side, or look them up in the same table,
/// where something was picked: three if there are nine, of 3x3 taps over one channel.
pub(super) const fn grouped(rows: usize) -> usize {
    if rows == 9 { 3 } else { 1 }
}

impl<'a, T: Real> ConvWeightGrad<'a, T> {
    /// Adds the gradient by the rows of the weights from `first` on that are in `dw`, for one group.
    #[inline(always)]
    pub fn new(
        conv: &Conv,
        group: usize,
        x: Rows<'a, T>,
        first: usize,
        dz: Rows<'a, T>,
        picks: Option<Picks<'a, T>>,
        dw: &'a mut [T],
    ) -> Self {
        let (depth, breadth) = (conv.depth(), conv.breadth());
        let [down, across] = conv.windows;
        let (samples, stride) = (x.len().min(dz.len()), padded(conv.filters));
        let x_len = down.input * across.input * conv.channels;
        let mut dz_len = down.output * across.output * conv.filters;
        if let Some(picks) = picks {
            dz_len = picks.pool.outputs();
            assert!(
                conv.groups == 1
                    && picks.pool.windows.map(|window| window.input)
                        == [down.output, across.output]
                    && picks.pool.channels == conv.filters
                    && can_be_looked_up(&picks.pool)
                    && picks.winners.len() >= samples * dz_len,
                "the picks do not fit the images"
            );
        }
        assert!(
            (group + 1) * depth <= conv.channels && (group + 1) * breadth <= conv.filters,
            "the groups do not fit the channels"
        );
        assert!(
            samples == 0
                || x.padded_data().len() >= (samples - 1) * x.stride() + x_len
                    && dz.padded_data().len() >= (samples - 1) * dz.stride() + dz_len,
            "the images do not fit the rows"
        );
        Self {
            samples,
            sweeps: conv.windows.map(Sweep::forward),
            x: x.padded_data(),
            x_stride: x.stride(),
            x_pixel: conv.channels,
            x_first: group * depth,
            depth,
            across: across.kernel,
            dz: dz.padded_data(),
            dz_stride: dz.stride(),
            dz_pixel: conv.filters,
            dz_first: group * breadth,
            columns: breadth,
            rows: first..first + dw.len() / stride,
            picks,
            reach: picks.map_or(0, |picks| reach(conv, &picks.pool)),
            dw,
            dw_stride: stride,
        }
    }

    /// In which way it is computed.
    #[inline(always)]
    pub fn way(&self) -> usize {
        match self.picks {
            None => ALL,
            Some(_) if self.reach == 0 => PICKED,
            Some(_) => HALVED,
        }
    }

    /// Adds what the positions of two runs give, in all of some samples, to the rows of their taps.
    #[inline(always)]
    fn runs<S: Simd<E = T>, const MR: usize, const WAY: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        down: &Run,
        across: &Run,
    ) {
        // Rows of the weights that are wanted, and where their x lies as seen from the first tap.
        let (mut rows, mut offsets, mut count) = ([0; MR], [0; MR], 0);
        let line = self.sweeps[1].sources() * self.x_pixel;
        for t in 0..down.taps {
            for u in 0..across.taps {
                let tap =
                    (down.tap + t * down.tap_step) * self.across + across.tap + u * across.tap_step;
                let offset = t * down.tap_advance * line + u * across.tap_advance * self.x_pixel;
                for c in 0..self.depth {
                    let row = tap * self.depth + c;
                    if !self.rows.contains(&row) {
                        continue;
                    }
                    (rows[count], offsets[count]) = (row, offset + c);
                    count += 1;
                    if count == MR {
                        self.columns::<S, MR, WAY>(
                            s,
                            samples.clone(),
                            down,
                            across,
                            &rows,
                            &offsets,
                        );
                        count = 0;
                    }
                }
            }
        }
        let mut done = 0;
        while done < count {
            // What is left over goes in fours, the last row several times.
            let mut four = [[0; 4]; 2];
            for i in 0..4 {
                let i_row = (done + i).min(count - 1);
                (four[0][i], four[1][i]) = (rows[i_row], offsets[i_row]);
            }
            self.columns::<S, 4, WAY>(s, samples.clone(), down, across, &four[0], &four[1]);
            done += 4;
        }
    }

    #[inline(always)]
    fn columns<S: Simd<E = T>, const MR: usize, const WAY: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        down: &Run,
        across: &Run,
        rows: &[usize; MR],
        offsets: &[usize; MR],
    ) {
        let mut column = 0;
        if !S::NARROW && MR < 16 {
            while column + 2 * S::LANES <= self.columns {
                self.weights::<S, MR, 2, WAY>(
                    s,
                    samples.clone(),
                    down,
                    across,
                    rows,
                    offsets,
                    column,
                );
                column += 2 * S::LANES;
            }
        }
        if S::ODD {
            while column + S::LANES <= self.columns {
                self.weights::<S, MR, 1, WAY>(
                    s,
                    samples.clone(),
                    down,
                    across,
                    rows,
                    offsets,
                    column,
                );
                column += S::LANES;
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // positions, rows and columns of a tile
    fn weights<S: Simd<E = T>, const MR: usize, const NV: usize, const WAY: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        down: &Run,
        across: &Run,
        rows: &[usize; MR],
        offsets: &[usize; MR],
        column: usize,
    ) {
        let (first, start) = (self.rows.start, self.dz_first + column);
        let dw = self.dw.as_mut_ptr();
        let at = |row: usize, j: usize| (row - first) * self.dw_stride + start + j * S::LANES;
        let (mut sums, runs) = ([[s.zero(); NV]; MR], (down, across, column));
        // SAFETY: the rows are among those of `dw`, the columns among those of the group; the runs name
        // sources and positions inside the images, and `new` has seen that the samples hold them.
        unsafe {
            for i in 0..MR {
                for j in 0..NV {
                    sums[i][j] = s.load(dw.add(at(rows[i], j)));
                }
            }
            sums = match (WAY, &self.picks) {
                (PICKED, Some(picks)) => self.picked(s, samples, picks, runs, offsets, sums),
                (HALVED, Some(picks)) => self.halved(s, samples, picks, runs, offsets, sums),
                _ => self.all(s, samples, runs, offsets, sums),
            };
            for i in 0..MR {
                for j in 0..NV {
                    s.store(sums[i][j], dw.add(at(rows[i], j)));
                }
            }
        }
    }

    /// Adds what the positions of two runs give, in some samples, to the sums of some rows, whose x lie at
    /// these offsets from the first tap, and of the columns from the third number of `runs` on.
    ///
    /// # Safety
    /// The columns must be among those of the group, and the runs, with these offsets, inside the images.
    #[inline(always)]
    unsafe fn all<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &self,
        s: S,
        samples: Range<usize>,
        (down, across, column): (&Run, &Run, usize),
        offsets: &[usize; MR],
        mut sums: [[S::V; NV]; MR],
    ) -> [[S::V; NV]; MR] {
        let (x_row, dz_row) = (self.sweeps[1].sources(), self.sweeps[1].positions());
        let (x_step, dz_step) = (across.advance * self.x_pixel, across.step * self.dz_pixel);
        // One pointer does for numbers that lie side by side.
        let mut side_by_side = true;
        for i in 0..MR {
            side_by_side &= offsets[i] == offsets[0] + i;
        }
        for sample in samples {
            for a in 0..down.count {
                let source = (down.source + a * down.advance) * x_row + across.source;
                let x = sample * self.x_stride + source * self.x_pixel + self.x_first;
                let position = (down.first + a * down.step) * dz_row + across.first;
                let dz = position * self.dz_pixel + self.dz_first + column;
                // SAFETY: the caller's.
                unsafe {
                    let x = self.x.as_ptr().add(x);
                    let dz = self.dz.as_ptr().add(sample * self.dz_stride + dz);
                    if side_by_side {
                        let x = x.add(offsets[0]);
                        tile::<S, MR, NV>(s, across.count, x, 1, x_step, dz, dz_step, &mut sums);
                        continue;
                    }
                    let lines = offsets.map(|offset| x.add(offset));
                    for b in 0..across.count {
                        let mut row = [s.zero(); NV];
                        for j in 0..NV {
                            row[j] = s.load(dz.add(b * dz_step + j * S::LANES));
                        }
                        for i in 0..MR {
                            let x = s.splat(*lines[i].add(b * x_step));
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
    fn tiles<S: Simd<E = T>, const MR: usize, const WAY: usize>(&mut self, s: S) {
        let [down, across] = self.sweeps;
        // Each time all sums are loaded and stored. Behind windows that lie inside, where the order of a sum
        // does not depend on it, more samples go together: what they read comes from the second cache.
        let most = const { if WAY == HALVED { 1 << 14 } else { 512 } };
        let together = together(most, down.positions() * across.positions());
        for first in (0..self.samples).step_by(together) {
            let samples = first..(first + together).min(self.samples);
            for down in down {
                for across in across {
                    // 3x3 taps over one channel are one tile, in which a way may count on what `grouped` says.
                    let is_nine = (down.taps, across.taps, self.depth) == (3, 3, 1)
                        && (WAY == ALL
                            || across.tap_advance == 1 && matches!(self.reach, 0 | LINE));
                    if (S::NARROW || S::ROWS == 8) && is_nine {
                        self.runs::<S, 9, WAY>(s, samples.clone(), &down, &across);
                        continue;
                    }
                    if const { WAY == ALL && S::LANES == 16 } && self.columns == 16 {
                        // One vector of filters must serve twice as many rows as two do, or reading
                        // takes longer than the products.
                        self.runs::<S, 16, WAY>(s, samples.clone(), &down, &across);
                        continue;
                    }
                    self.runs::<S, MR, WAY>(s, samples.clone(), &down, &across);
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for ConvWeightGrad<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        lanes(self.columns)
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(self, s: S) {
        match self.way() {
            ALL => OneWay::<_, ALL>(self).run(s),
            PICKED => OneWay::<_, PICKED>(self).run(s),
            _ => OneWay::<_, HALVED>(self).run(s),
        }
    }
}

/// All numbers of dz are there.
pub const ALL: usize = 0;
/// They are looked up among what was picked.
pub const PICKED: usize = 1;
/// They are not looked up, but the numbers of x that they meet: see `weight_tables`.
pub const HALVED: usize = 2;

/// The same in one of three ways: unoptimised, all of them in one function take more stack than a thread
/// may have.
pub struct OneWay<'a, T, const WAY: usize>(pub ConvWeightGrad<'a, T>);

impl<T: Real, const WAY: usize> Kernel<T> for OneWay<'_, T, WAY> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.0.stride()
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        assert!(self.0.way() == WAY, "it is computed in another way");
        if S::NARROW || S::ROWS == 8 {
            self.0.tiles::<S, 8, WAY>(s);
        } else if S::ROWS == 6 {
            self.0.tiles::<S, 6, WAY>(s);
        } else {
            self.0.tiles::<S, 4, WAY>(s);
        }
    }
}
