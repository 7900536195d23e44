//! The gradient by the weights of a convolution, where a pooling layer behind has picked some outputs: each
//! number of `dZ` is looked up among its gradients while the sums go by, and never stored. (Windows of two by
//! two that lie inside go to `weight_tables`.)

#![allow(unsafe_code)] // pointers into arrays, whose sizes `ConvWeightGrad::new` checks

use super::weight_grad::grouped;
use super::{ConvWeightGrad, Picks, Run};
use crate::kernels::channelwise::Channelwise;
use crate::kernels::vector::Simd;
use crate::math::Real;
use crate::shape::Window;
use core::ops::Range;

/// Whether each position is tap of at most one window, and easily found.
pub const fn can_be_looked_up(pool: &Channelwise) -> bool {
    let [down, across] = pool.windows;
    down.is_apart() && across.is_apart() && down.dilation == 1 && across.dilation == 1
}

/// The windows on a dimension, one after another, and which of their taps are among some positions.
struct Places {
    window: Window,
    /// The next position, and the end.
    next: usize,
    end: usize,
    place: usize,
    tap: usize,
}

impl Places {
    #[inline(always)]
    fn new(window: Window, positions: Range<usize>) -> Self {
        let at = positions.start + window.before;
        Self {
            window,
            next: positions.start,
            end: positions.end,
            place: at / window.stride,
            tap: at % window.stride,
        }
    }
}

impl Iterator for Places {
    /// A place, the first of its taps, and the positions that are this and the following ones.
    type Item = (usize, usize, Range<usize>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (place, tap, first) = (self.place, self.tap, self.next);
        if first >= self.end || place >= self.window.output {
            return None;
        }
        let end = (first + self.window.kernel.saturating_sub(tap)).min(self.end);
        (self.place, self.tap) = (place + 1, 0);
        self.next = first + self.window.stride - tap;
        Some((place, tap, first..end))
    }
}

impl<T: Real> ConvWeightGrad<'_, T> {
    /// Adds what the positions of two runs give, in some samples, to the sums of some rows, whose x lie at
    /// these offsets from the first tap, and of the columns from the third number of `runs` on.
    ///
    /// # Safety
    /// The columns must be among those of the group, and the runs, with these offsets, inside the images.
    #[inline(always)]
    pub(super) unsafe fn picked<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &self,
        s: S,
        samples: Range<usize>,
        picks: &Picks<T>,
        (down, across, column): (&Run, &Run, usize),
        offsets: &[usize; MR],
        mut sums: [[S::V; NV]; MR],
    ) -> [[S::V; NV]; MR] {
        let group = const { grouped(MR) };
        let ([pool_down, pool_across], len) = (picks.pool.windows, picks.pool.outputs());
        let (x_row, x_step) = (self.sweeps[1].sources(), across.advance * self.x_pixel);
        let one = s.splat(T::one());
        for sample in samples {
            for (p, i, rows) in Places::new(pool_down, down.first..down.first + down.count) {
                for (a, row) in rows.enumerate() {
                    let source = (down.source + (row - down.first) * down.advance) * x_row;
                    let x = sample * self.x_stride
                        + (source + across.source) * self.x_pixel
                        + self.x_first;
                    let first = s.splat(T::of(((i + a) * pool_across.kernel) as f64));
                    let columns = across.first..across.first + across.count;
                    let places = Places::new(pool_across, columns);
                    let at = (p * pool_across.output + places.place) * self.dz_pixel
                        + self.dz_first
                        + column;
                    // (Behind the last window, pointers only point.)
                    let mut dz = (self.dz.as_ptr()).wrapping_add(sample * self.dz_stride + at);
                    let mut winners = picks.winners.as_ptr().wrapping_add(sample * len + at);
                    // SAFETY: the caller's.
                    let line = unsafe { self.x.as_ptr().add(x) };
                    for (_, j, columns) in places {
                        let mut tap = first;
                        for _ in 0..j {
                            tap = s.add(tap, one);
                        }
                        // SAFETY: the caller's for x; the places are the pooling layer's, for which `new` has
                        // seen that there are gradients and winners.
                        unsafe {
                            let (mut winner, mut all) = ([s.zero(); NV], [s.zero(); NV]);
                            for v in 0..NV {
                                winner[v] = s.load(winners.add(v * S::LANES));
                                all[v] = s.load(dz.add(v * S::LANES));
                            }
                            let mut x = line.add((columns.start - across.first) * x_step);
                            for _ in columns {
                                let mut row = [s.zero(); NV];
                                for v in 0..NV {
                                    row[v] = s.where_equal(winner[v], tap, all[v]);
                                }
                                for i in 0..MR {
                                    let number = offsets[i / group * group] + i % group;
                                    let x = s.splat(*x.add(number));
                                    for v in 0..NV {
                                        sums[i][v] = s.fma(x, row[v], sums[i][v]);
                                    }
                                }
                                tap = s.add(tap, one);
                                x = x.wrapping_add(x_step);
                            }
                        }
                        dz = dz.wrapping_add(self.dz_pixel);
                        winners = winners.wrapping_add(self.dz_pixel);
                    }
                }
            }
        }
        sums
    }
}
