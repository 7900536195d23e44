//! The gradient by the weights of a convolution of few channels behind which a pooling layer has picked one
//! of two by two outputs: a weight meets one of four numbers of the input there, and all of them lie in a
//! table of eight, two lines of four. One look-up is done for a window, in place of four products.

#![allow(unsafe_code)] // pointers into arrays, whose sizes `ConvWeightGrad::new` checks

use super::places::is_inside;
use super::weight_grad::grouped;
use super::{Conv, ConvWeightGrad, Picks, Run};
use crate::kernels::channelwise::Channelwise;
use crate::kernels::vector::Simd;
use crate::math::Real;
use crate::shape::Window;
use core::ops::Range;

/// Numbers of a line of a table.
pub(super) const LINE: usize = 4;

/// How many numbers of a line of the image the taps of a window of the pooling layer meet, if there are such
/// tables: all windows lie inside, those of the pooling layer have at most two taps each way, what a weight
/// meets there lies in lines of four, and there are as many numbers to fill one. Otherwise 0.
pub const fn reach(conv: &Conv, pool: &Channelwise) -> usize {
    let ([conv_down, conv_across], [down, across]) = (conv.windows, pool.windows);
    let last = (across.kernel - 1) * conv_across.stride * conv.channels;
    let reach = conv_across.extent() * conv.channels + last;
    let has_tables = conv.groups == 1
        && is_inside(&conv_down)
        && is_inside(&conv_across)
        && halves(&down)
        && halves(&across)
        && last < LINE
        && reach >= LINE;
    if has_tables { reach } else { 0 }
}

/// Whether all windows of a pooling layer lie inside, with at most two taps.
const fn halves(window: &Window) -> bool {
    window.kernel <= 2 && window.dilation == 1 && is_inside(window)
}

impl<T: Real> ConvWeightGrad<'_, T> {
    /// As `picked`, where there are tables: window by window.
    ///
    /// # Safety
    /// As for `picked`; there must be tables, so that the runs are all positions.
    #[inline(always)]
    pub(super) unsafe fn halved<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &self,
        s: S,
        samples: Range<usize>,
        picks: &Picks<T>,
        (down, across, column): (&Run, &Run, usize),
        offsets: &[usize; MR],
        mut sums: [[S::V; NV]; MR],
    ) -> [[S::V; NV]; MR] {
        let line = self.sweeps[1].sources() * self.x_pixel;
        // Where the first line of a row's table begins, and the place in it that the first tap meets.
        let tables = offsets.map(|offset| {
            let at = offset % line;
            let first = at.min(self.reach - LINE);
            (offset - at + first, at - first)
        });
        let group = const { grouped(MR) };
        let ([pool_down, pool_across], len) = (picks.pool.windows, picks.pool.outputs());
        let step = across.advance * self.x_pixel;
        let next = (pool_down.kernel - 1) * down.advance * line;
        // How far a tap's place lies behind that of the one before, and what is added in the second line.
        let steps = match pool_across.kernel {
            1 => [LINE as f64, 0.0],
            _ => [step as f64, LINE as f64 - 2.0 * step as f64],
        };
        let [tap_step, line_step] = steps.map(|step| s.splat(T::of(step)));
        let (zero, one, whole) = (s.zero(), s.splat(T::one()), s.splat(T::WHOLE));
        let places = tables.map(|(_, place)| s.splat(T::of(place as f64)));
        for sample in samples {
            for p in 0..pool_down.output {
                // (The first window begins with the image.)
                let x = sample * self.x_stride + p * pool_down.stride * down.advance * line;
                let at = p * pool_across.output * self.dz_pixel + self.dz_first + column;
                // SAFETY: the caller's for x, where tables reach no further than the windows; `new` has seen
                // that there are gradients and winners. (Behind the last, pointers only point.)
                unsafe {
                    let mut x = self.x.as_ptr().add(x);
                    let mut dz = self.dz.as_ptr().add(sample * self.dz_stride + at);
                    let mut winners = picks.winners.as_ptr().add(sample * len + at);
                    for _ in 0..pool_across.output {
                        let (mut first, mut all) = ([zero; NV], [zero; NV]);
                        for v in 0..NV {
                            let tap = s.load(winners.add(v * S::LANES));
                            let is_below = s.min(s.max(s.sub(tap, one), zero), one);
                            first[v] = s.fma(is_below, line_step, s.fma(tap, tap_step, whole));
                            all[v] = s.load(dz.add(v * S::LANES));
                        }
                        for i in 0..MR {
                            let low = x.add(tables[i / group * group].0);
                            let place = places[if group == 1 { i } else { i % group }];
                            for v in 0..NV {
                                let at = s.add(first[v], place);
                                let x = s.look_up(low, low.add(next), at);
                                sums[i][v] = s.fma(x, all[v], sums[i][v]);
                            }
                        }
                        x = x.wrapping_add(pool_across.stride * step);
                        dz = dz.wrapping_add(self.dz_pixel);
                        winners = winners.wrapping_add(self.dz_pixel);
                    }
                }
            }
        }
        sums
    }
}
