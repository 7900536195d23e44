//! A convolution with relu and the largest of two by two behind it, in one pass: what the pooling layer throws
//! away is never stored, and what its windows do not reach is never computed.
//!
//! The four positions of a window are rows of one tile, so their largest is found in registers.

#![allow(unsafe_code)] // pointers into arrays, whose sizes `new` and `Correlate::checked` check

use super::places::is_inside;
use super::{Conv, Correlate, PicksMut, Run, lanes, together};
use crate::kernels::channelwise::Channelwise;
use crate::kernels::tile::rectify;
use crate::kernels::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Window;
use core::ops::Range;

/// Weights that stay in a near cache while all positions pass by. (For others it pays to take tap after tap.)
const FEW: usize = 1 << 16;

/// Whether a convolution, with relu, can be done in one with a pooling layer behind it: one of two by two, whose
/// windows lie inside as its own do.
pub const fn joins(conv: &Conv, pool: &Channelwise) -> bool {
    let [down, across] = conv.windows;
    conv.groups == 1
        && conv.taps() * conv.channels * padded(conv.filters) <= FEW
        && is_inside(&down)
        && is_inside(&across)
        && pool.channels == conv.filters
        && is_halving(&pool.windows[0], &down)
        && is_halving(&pool.windows[1], &across)
}

/// Whether the windows of pooling are pairs of positions of a convolution.
const fn is_halving(pool: &Window, conv: &Window) -> bool {
    pool.kernel == 2
        && pool.stride == 2
        && pool.dilation == 1
        && pool.before == 0
        && pool.input == conv.output
        && pool.output > 0
        && 2 * pool.output <= pool.input
}

/// The pass as a `Kernel`.
pub struct Pooled<'a, T> {
    /// Only its sums are asked for: run by itself, it would write where the output has no room.
    pub(super) correlate: Correlate<'a, T>,
    kernel: [usize; 2],
    /// Windows of pooling down and across.
    pub(super) places: [usize; 2],
    pub(super) winners: &'a mut [T],
}

impl<'a, T: Real> Pooled<'a, T> {
    /// `y` = the largest numbers of `relu(x * w + bias)`, and which ones these are: the first one of equals.
    #[inline(always)]
    pub fn new(
        conv: &Conv,
        x: Rows<'a, T>,
        w: &'a [T],
        bias: Option<&'a [T]>,
        y: RowsMut<'a, T>,
        picks: PicksMut<'a, T>,
    ) -> Self {
        let PicksMut { pool, winners } = picks;
        assert!(joins(conv, &pool), "the sizes are others");
        let correlate = Correlate::picked(conv, x, w, bias, y, pool.outputs());
        assert!(
            winners.is_empty() || winners.len() >= correlate.samples * pool.outputs(),
            "the winners do not fit the images"
        );
        Self {
            correlate,
            kernel: conv.windows.map(|window| window.kernel),
            places: pool.windows.map(|window| window.output),
            winners,
        }
    }

    /// The windows of some samples, `N` at a time with `MR` = 4 `N` positions, for `NV` vectors of columns from
    /// `column` on.
    #[inline(always)]
    fn windows<S: Simd<E = T>, const N: usize, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        [down, across]: [&Run; 2],
        column: usize,
    ) {
        let ([rows, columns], pass) = (self.places, &mut self.correlate);
        let line = pass.sweeps[1].sources() * pass.x_pixel * down.advance;
        let step = across.advance * pass.x_pixel;
        let (pixel, y_stride) = (pass.y_pixel, pass.y.stride());
        let keeps = !self.winners.is_empty();
        let (mut sample, mut p, mut q) = (samples.start, 0, 0);
        let mut left = samples.len() * rows * columns;
        // SAFETY: the runs name positions inside the images, and there are twice as many as windows; `checked`
        // has seen that the samples hold them, `new` that there are winners for all windows.
        unsafe {
            let start = pass.start::<S, NV>(s, column);
            let (mut from, mut to, mut at) = ([0; MR], [0; N], [0; N]);
            while left > 0 {
                let count = left.min(N);
                // Behind the last one that one again.
                for i in 0..N {
                    let x = sample * pass.x_stride + 2 * p * line + 2 * q * step;
                    from[4 * i] = x;
                    from[4 * i + 1] = x + step;
                    from[4 * i + 2] = x + line;
                    from[4 * i + 3] = x + line + step;
                    let place = (p * columns + q) * pixel + column;
                    to[i] = sample * y_stride + place;
                    at[i] = sample * rows * columns * pixel + place;
                    if i + 1 < count || count == N {
                        q += 1;
                        if q == columns {
                            (p, q) = (p + 1, 0);
                        }
                        if p == rows {
                            (sample, p) = (sample + 1, 0);
                        }
                    }
                }
                let sums = pass.sums::<S, MR, NV>(s, &from, down, across, column, [start; MR]);
                for i in 0..N {
                    let four = [0, 1, 2, 3].map(|tap| sums[4 * i + tap]);
                    let found = largest(s, four);
                    for j in 0..NV {
                        let [best, winner] = found[j];
                        let y = pass.y.padded_data().as_mut_ptr();
                        s.store(best, y.add(to[i] + j * S::LANES));
                        if keeps {
                            let winners = self.winners.as_mut_ptr();
                            s.store(winner, winners.add(at[i] + j * S::LANES));
                        }
                    }
                }
                left -= count;
            }
        }
    }
}

/// Of four positions with relu behind them the largest number, and which one it is. If there is NaN, it is that,
/// and any of them.
#[inline(always)]
pub(super) fn largest<S: Simd, const NV: usize>(
    s: S,
    mut four: [[S::V; NV]; 4],
) -> [[S::V; 2]; NV] {
    rectify(s, true, four.as_flattened_mut());
    let mut found = [[s.zero(); 2]; NV];
    for j in 0..NV {
        let (mut best, mut winner) = (four[0][j], s.zero());
        for tap in 1..4 {
            let number = s.splat(S::E::of(tap as f64));
            winner = s.where_above(four[tap][j], best, number, winner);
            best = s.max(four[tap][j], best);
        }
        // None of them is below 0, so their sum is at least the largest, and NaN only if one of them is.
        let all = s.add(s.add(four[0][j], four[1][j]), s.add(four[2][j], four[3][j]));
        found[j] = [s.min(best, all), winner];
    }
    found
}

impl<T: Real> Pooled<'_, T> {
    /// How large the kernel is where all its weights stay in registers, see [`Square`].
    #[inline(always)]
    pub fn side(&self) -> usize {
        let [down, across] = self.correlate.sweeps;
        let one_channel = self.correlate.x_pixel == 1 && down.is_dense() && across.is_dense();
        match self.kernel {
            [3, 3] if one_channel => 3,
            [5, 5] if one_channel => 5,
            _ => 0,
        }
    }
}

impl<T: Real> Kernel<T> for Pooled<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        lanes(self.correlate.columns)
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(self, s: S) {
        match self.side() {
            3 => Square::<_, 3>(self).run(s),
            5 => Square::<_, 5>(self).run(s),
            _ => Square::<_, 0>(self).run(s),
        }
    }
}

/// The same for kernels of one size: of `K` by `K` over one channel, or of any if K is 0. (Unoptimised, all of
/// them in one function take more stack than a thread may have.)
pub struct Square<'a, T, const K: usize>(pub Pooled<'a, T>);

impl<T: Real, const K: usize> Kernel<T> for Square<'_, T, K> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.0.stride()
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(self, s: S) {
        let mut pooled = self.0;
        assert!(pooled.side() == K, "the kernel has another size");
        let pass = &pooled.correlate;
        let [mut down, mut across] = pass.sweeps;
        let (Some(down), Some(across)) = (down.next(), across.next()) else {
            return;
        };
        let (count, columns) = (pass.samples, pass.columns);
        let together = together(1024, down.count * across.count);
        for first in (0..count).step_by(together) {
            let mut column = 0;
            while column + S::LANES <= columns {
                let samples = first..(first + together).min(count);
                let runs = [&down, &across];
                let two = K == 0 && !S::NARROW && column + 2 * S::LANES <= columns;
                if const { K > 0 } {
                    pooled.grid::<S, K>(s, samples, column);
                } else if !two {
                    pooled.windows::<S, 2, 8, 1>(s, samples, runs, column);
                } else if S::ROWS == 8 {
                    pooled.windows::<S, 2, 8, 2>(s, samples, runs, column);
                } else {
                    pooled.windows::<S, 1, 4, 2>(s, samples, runs, column);
                }
                column += if two { 2 * S::LANES } else { S::LANES };
            }
        }
    }
}
