//! Convolutions of an image of one channel with a small kernel: all its weights stay in registers while
//! the positions go by.

#![allow(unsafe_code)] // pointers into three arrays, whose sizes `Correlate::checked` has seen

use super::correlate::rectified;
use super::{Correlate, Run};
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
            let mut start = s.zero();
            if !self.bias.is_empty() {
                start = s.load(self.bias.as_ptr().add(column));
            }
            let mut w = [[start; KW]; KH];
            for i in 0..KH {
                for j in 0..KW {
                    // At a border they are not the kernel's first ones.
                    let tap = (down.tap + i) * self.across + across.tap + j;
                    let row = tap * self.w_stride;
                    w[i][j] = s.load(self.w.as_ptr().add(row + column));
                }
            }
            for sample in samples {
                for a in 0..down.count {
                    let source = (down.source + a) * x_row + across.source;
                    let x = self.x.as_ptr().add(sample * self.x_stride + source);
                    let position = (down.first + a) * y_row + across.first;
                    let to = sample * self.y.stride() + position * self.y_pixel + column;
                    let y = self.y.padded_data().as_mut_ptr().add(to);
                    let mut b = 0;
                    while b + MR <= across.count {
                        let sums = window::<S, KH, KW, MR>(s, x.add(b), x_row, &w, start);
                        let [sums] = rectified(s, self.rectifies, [sums]);
                        for i in 0..MR {
                            s.store(sums[i], y.add((b + i) * self.y_pixel));
                        }
                        b += MR;
                    }
                    while b < across.count {
                        let sums = window::<S, KH, KW, 1>(s, x.add(b), x_row, &w, start);
                        let [[sum]] = rectified(s, self.rectifies, [sums]);
                        s.store(sum, y.add(b * self.y_pixel));
                        b += 1;
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
