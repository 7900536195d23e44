//! Groups of channels that are normalised, each by its own mean and variance over all pixels.
//!
//! Vectors run along the channels. Small groups that fill a block of sixteen channels go through it
//! together; of a larger one channels sixteen apart share a lane. Lanes become groups at the end, in order.

use super::{apart, block, in_blocks};
use crate::math::Real;

/// The lanes that a group's sums run in, or those of all groups of a block.
type Lanes<T> = [T; 16];

/// How the channels of an image are divided.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    /// Channels of the image.
    pub channels: usize,
    /// Channels of a group.
    pub size: usize,
    /// Pixels of the image.
    pub pixels: usize,
    /// Is added to the variances.
    pub epsilon: f64,
}

/// Sums over all pixels for a block of channels: pixel i goes into sum i modulo `$ways`. The body knows
/// where the pixel's channels begin, and its sum.
macro_rules! over_pixels {
    ($groups:expr, $c:ident, $zero:expr, $ways:literal; $at:ident, $sum:ident => $body:block) => {{
        let mut sums = [$zero; $ways];
        let whole = $groups.pixels / $ways;
        for several in 0..whole {
            for (way, $sum) in sums.iter_mut().enumerate() {
                let $at = ($ways * several + way) * $groups.channels + $c;
                $body
            }
        }
        for (way, $sum) in sums.iter_mut().enumerate() {
            if $ways * whole + way < $groups.pixels {
                let $at = ($ways * whole + way) * $groups.channels + $c;
                $body
            }
        }
        sums
    }};
}

impl Groups {
    /// How many groups there are.
    pub const fn count(&self) -> usize {
        self.channels / self.size
    }

    /// How many channels go together: those of a group, or of all groups of a block.
    #[inline(always)]
    const fn together(&self) -> usize {
        if self.size < 16 && 16 % self.size == 0 && self.channels.is_multiple_of(16) {
            16
        } else {
            self.size
        }
    }

    /// Puts the sum of all lanes of a group, times the share of a number, in each of them.
    #[inline(always)]
    fn spread<T: Real>(&self, lanes: Lanes<T>) -> Lanes<T> {
        let share = T::of(1.0 / (self.size * self.pixels) as f64);
        let mut spread = [T::zero(); 16];
        for (of, to) in lanes.chunks(self.size).zip(spread.chunks_mut(self.size)) {
            let mut sum = T::zero();
            for &lane in of {
                sum += lane;
            }
            to.fill(sum * share);
        }
        spread
    }

    /// Means and inverse deviations of the groups of some channels, in each of their lanes.
    #[inline(always)]
    fn statistics<T: Real>(&self, first: usize, x: &[T]) -> [Lanes<T>; 2] {
        let range = first..first + self.together();
        let mut lanes = [T::zero(); 16];
        in_blocks!(range, c, N => {
                let c = apart(c);
            let [a, b, d, e] = over_pixels!(self, c, [T::zero(); N], 4; at, sum => {
                let x = block::<T, N>(x, at);
                for i in 0..N {
                    sum[i] += x[i];
                }
            });
            let lanes = &mut lanes[(c - first) % 16..][..N];
            for i in 0..N {
                lanes[i] += (a[i] + b[i]) + (d[i] + e[i]);
            }
        });
        let means = self.spread(lanes);
        lanes = [T::zero(); 16];
        in_blocks!(range, c, N => {
                let c = apart(c);
            let mean = block::<T, N>(&means, (c - first) % 16);
            let [a, b, d, e] = over_pixels!(self, c, [T::zero(); N], 4; at, sum => {
                let x = block::<T, N>(x, at);
                for i in 0..N {
                    sum[i] += (x[i] - mean[i]) * (x[i] - mean[i]);
                }
            });
            let lanes = &mut lanes[(c - first) % 16..][..N];
            for i in 0..N {
                lanes[i] += (a[i] + b[i]) + (d[i] + e[i]);
            }
        });
        let mut inverses = self.spread(lanes);
        for inverse in &mut inverses {
            *inverse = T::one() / (*inverse + T::of(self.epsilon)).sqrt();
        }
        [means, inverses]
    }

    /// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, without the gamma or the beta that is
    /// empty, for one sample. In `kept`, unless it is empty, mean and inverse deviation of each group.
    #[inline(always)]
    pub fn forward<T: Real>(&self, [gamma, beta]: [&[T]; 2], x: &[T], y: &mut [T], kept: &mut [T]) {
        for first in (0..self.channels).step_by(self.together()) {
            let [means, inverses] = self.statistics(first, x);
            if !kept.is_empty() {
                let groups = first / self.size..(first + self.together()) / self.size;
                for (i, group) in groups.enumerate() {
                    kept[2 * group] = means[(i * self.size) % 16];
                    kept[2 * group + 1] = inverses[(i * self.size) % 16];
                }
            }
            in_blocks!(first..first + self.together(), c, N => {
                let c = apart(c);
                let lane = (c - first) % 16;
                let (mean, inverse) = (block::<T, N>(&means, lane), block::<T, N>(&inverses, lane));
                let gamma = of_channels::<T, N>(gamma, c, T::one());
                let beta = of_channels::<T, N>(beta, c, T::zero());
                for pixel in 0..self.pixels {
                    let at = apart(pixel * self.channels + c);
                    let mut x = block::<T, N>(x, at);
                    for i in 0..N {
                        x[i] = ((x[i] - mean[i]) * inverse[i]) * gamma[i] + beta[i];
                    }
                    y[at..at + N].copy_from_slice(&x);
                }
            });
        }
    }

    /// What was kept, in each lane of some channels.
    #[inline(always)]
    fn lanes<T: Real>(&self, first: usize, kept: &[T]) -> [Lanes<T>; 2] {
        let mut lanes = [[T::zero(); 16]; 2];
        for i in 0..self.together().min(16) {
            let group = (first + i) / self.size;
            lanes[0][i] = kept[2 * group];
            lanes[1][i] = kept[2 * group + 1];
        }
        lanes
    }

    /// From `dy` to `dx`, for one sample.
    #[inline(always)]
    pub fn backward<T: Real>(&self, gamma: &[T], x: &[T], kept: &[T], dy: &[T], dx: &mut [T]) {
        for first in (0..self.channels).step_by(self.together()) {
            let range = first..first + self.together();
            let [means, inverses] = self.lanes(first, kept);
            let (mut sums, mut products) = ([T::zero(); 16], [T::zero(); 16]);
            in_blocks!(range, c, N => {
                let c = apart(c);
                let gamma = of_channels::<T, N>(gamma, c, T::one());
                let mean = block::<T, N>(&means, (c - first) % 16);
                let [a, b] = over_pixels!(self, c, [[T::zero(); N]; 2], 2; at, both => {
                    let (x, dy) = (block::<T, N>(x, at), block::<T, N>(dy, at));
                    for i in 0..N {
                        let dy = dy[i] * gamma[i];
                        both[0][i] += dy;
                        both[1][i] += dy * (x[i] - mean[i]);
                    }
                });
                let lane = (c - first) % 16;
                for i in 0..N {
                    sums[lane + i] += a[0][i] + b[0][i];
                    products[lane + i] += a[1][i] + b[1][i];
                }
            });
            let (mean_dy, mut slopes) = (self.spread(sums), self.spread(products));
            for i in 0..16 {
                slopes[i] *= inverses[i] * inverses[i];
            }
            in_blocks!(range, c, N => {
                let c = apart(c);
                let lane = (c - first) % 16;
                let gamma = of_channels::<T, N>(gamma, c, T::one());
                let [mean, inverse, mean_dy, slope] =
                    [&means, &inverses, &mean_dy, &slopes].map(|of| block::<T, N>(of, lane));
                for pixel in 0..self.pixels {
                    let at = apart(pixel * self.channels + c);
                    let (x, mut dy) = (block::<T, N>(x, at), block::<T, N>(dy, at));
                    for i in 0..N {
                        let left = dy[i] * gamma[i] - mean_dy[i];
                        dy[i] = inverse[i] * (left - slope[i] * (x[i] - mean[i]));
                    }
                    dx[at..at + N].copy_from_slice(&dy);
                }
            });
        }
    }

    /// Adds the gradient by gamma, of one sample.
    #[inline(always)]
    pub fn add_gamma<T: Real>(&self, x: &[T], kept: &[T], dy: &[T], gradient: &mut [T]) {
        for first in (0..self.channels).step_by(self.together()) {
            let [means, inverses] = self.lanes(first, kept);
            in_blocks!(first..first + self.together(), c, N => {
                let c = apart(c);
                let lane = (c - first) % 16;
                let (mean, inverse) = (block::<T, N>(&means, lane), block::<T, N>(&inverses, lane));
                let [a, b] = over_pixels!(self, c, [T::zero(); N], 2; at, sum => {
                    let (x, dy) = (block::<T, N>(x, at), block::<T, N>(dy, at));
                    for i in 0..N {
                        sum[i] += dy[i] * ((x[i] - mean[i]) * inverse[i]);
                    }
                });
                let gradient = &mut gradient[c..c + N];
                for i in 0..N {
                    gradient[i] += a[i] + b[i];
                }
            });
        }
    }
}

/// The numbers of some channels, or another number if there are none.
#[inline(always)]
fn of_channels<T: Real, const N: usize>(numbers: &[T], c: usize, other: T) -> [T; N] {
    if numbers.is_empty() {
        [other; N]
    } else {
        block(numbers, c)
    }
}
