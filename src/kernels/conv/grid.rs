//! Convolutions of an image of one channel with a small kernel: all its weights stay in registers while
//! the positions go by. With pooling behind, too: see [`pooled`](super::pooled).

#![allow(unsafe_code)] // pointers into arrays, whose sizes `Correlate::checked` and `Pooled::new` have seen

use super::pooled::{Pooled, largest};
use super::{Correlate, Run};
use crate::kernels::tile::rectify;
use crate::kernels::vector::Simd;
use crate::math::Real;
use core::ops::Range;

impl<T: Real> Correlate<'_, T> {
    /// The positions of two runs with these many taps over an image of one channel: all weights of a column
    /// stay in registers.
    #[inline(always)]
    pub(super) fn grid<S: Simd<E = T>, const KH: usize, const KW: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        down: &Run,
        across: &Run,
        column: usize,
    ) {
        const MR: usize = 4;
        let (x_row, y_row) = (self.sweeps[1].sources(), self.sweeps[1].positions());
        // SAFETY: there are rows of weights for all taps, and biases for all columns; the runs name
        // sources and positions inside the images, and `checked` has seen that the samples hold them.
        unsafe {
            let [start] = self.start::<S, 1>(s, column);
            let w = self.weights::<S, KH, KW>(s, [down.tap, across.tap], column);
            for sample in samples {
                for a in 0..down.count {
                    let source = (down.source + a) * x_row + across.source;
                    let x = self.x.as_ptr().add(sample * self.x_stride + source);
                    let position = (down.first + a) * y_row + across.first;
                    let to = sample * self.y.stride() + position * self.y_pixel + column;
                    let y = self.y.padded_data().as_mut_ptr().add(to);
                    let mut b = 0;
                    while b + MR <= across.count {
                        let mut sums = window::<S, KH, KW, MR>(s, x.add(b), x_row, &w, start);
                        rectify(s, self.rectifies, &mut sums);
                        for i in 0..MR {
                            s.store(sums[i], y.add((b + i) * self.y_pixel));
                        }
                        b += MR;
                    }
                    while b < across.count {
                        let mut sums = window::<S, KH, KW, 1>(s, x.add(b), x_row, &w, start);
                        rectify(s, self.rectifies, &mut sums);
                        s.store(sums[0], y.add(b * self.y_pixel));
                        b += 1;
                    }
                }
            }
        }
    }

    /// The weights of these many taps from the first ones on: at a border they are not the kernel's first.
    ///
    /// # Safety
    /// There must be so many taps and columns.
    #[inline(always)]
    unsafe fn weights<S: Simd<E = T>, const KH: usize, const KW: usize>(
        &self,
        s: S,
        [down, across]: [usize; 2],
        column: usize,
    ) -> [[S::V; KW]; KH] {
        let mut w = [[s.zero(); KW]; KH];
        for i in 0..KH {
            for j in 0..KW {
                let at = ((down + i) * self.across + across + j) * self.w_stride + column;
                // SAFETY: the caller's; `checked` has seen that there are rows for all taps.
                w[i][j] = unsafe { s.load(self.w.as_ptr().add(at)) };
            }
        }
        w
    }
}

impl<T: Real> Pooled<'_, T> {
    /// The same with a kernel of `K` by `K` and pooling behind it, for all of some samples: two windows of two
    /// by two at a time if there are registers enough.
    #[inline(always)]
    pub(super) fn grid<S: Simd<E = T>, const K: usize>(
        &mut self,
        s: S,
        samples: Range<usize>,
        column: usize,
    ) {
        let ([down, across], pass) = (self.places, &mut self.correlate);
        let (line, pixel) = (pass.sweeps[1].sources(), pass.y_pixel);
        let keeps = !self.winners.is_empty();
        // SAFETY: as above, and `new` has seen that there are winners for all windows.
        unsafe {
            let [start] = pass.start::<S, 1>(s, column);
            let w = pass.weights::<S, K, K>(s, [0, 0], column);
            for sample in samples {
                for p in 0..down {
                    let x = pass.x.as_ptr().add(sample * pass.x_stride + 2 * p * line);
                    let to = sample * pass.y.stride() + p * across * pixel + column;
                    let y = pass.y.padded_data().as_mut_ptr().add(to);
                    let at = (sample * down + p) * across * pixel + column;
                    let winners = self.winners.as_mut_ptr().wrapping_add(at);
                    let store = |q: usize, [best, winner]: [S::V; 2]| {
                        s.store(best, y.add(q * pixel));
                        if keeps {
                            s.store(winner, winners.add(q * pixel));
                        }
                    };
                    let mut q = 0;
                    while const { K <= 3 } && q + 2 <= across {
                        let sums = pairs::<S, K, 4>(s, x.add(2 * q), line, &w, start);
                        let [[a, b, c, d], [e, f, g, h]] = sums;
                        store(q, largest(s, [[a], [b], [e], [f]])[0]);
                        store(q + 1, largest(s, [[c], [d], [g], [h]])[0]);
                        q += 2;
                    }
                    while q < across {
                        let sums = pairs::<S, K, 2>(s, x.add(2 * q), line, &w, start);
                        let [[a, b], [c, d]] = sums;
                        store(q, largest(s, [[a], [b], [c], [d]])[0]);
                        q += 1;
                    }
                }
            }
        }
    }
}

/// The windows of `MR` neighbouring positions: `x` is the first number of the first one, a line of the image
/// is `line` long.
///
/// # Safety
/// All windows must be readable.
#[inline(always)]
unsafe fn window<S: Simd, const KH: usize, const KW: usize, const MR: usize>(
    s: S,
    x: *const S::E,
    line: usize,
    w: &[[S::V; KW]; KH],
    start: S::V,
) -> [S::V; MR] {
    let mut sums = [start; MR];
    for i in 0..KH {
        for j in 0..KW {
            for p in 0..MR {
                // SAFETY: the caller's.
                let x = s.splat(unsafe { *x.add(i * line + j + p) });
                sums[p] = s.fma(x, w[i][j], sums[p]);
            }
        }
    }
    sums
}

/// The windows of two lines of `MR` neighbouring positions, as above: each number is read once, for all
/// positions that see it.
///
/// # Safety
/// All windows must be readable.
#[inline(always)]
unsafe fn pairs<S: Simd, const K: usize, const MR: usize>(
    s: S,
    x: *const S::E,
    line: usize,
    w: &[[S::V; K]; K],
    start: S::V,
) -> [[S::V; MR]; 2] {
    let mut sums = [[start; MR]; 2];
    for i in 0..K + 1 {
        for j in 0..K + MR - 1 {
            // SAFETY: the caller's.
            let x = s.splat(unsafe { *x.add(i * line + j) });
            for a in 0..2 {
                for p in 0..MR {
                    if i >= a && i - a < K && j >= p && j - p < K {
                        sums[a][p] = s.fma(x, w[i - a][j - p], sums[a][p]);
                    }
                }
            }
        }
    }
    sums
}
