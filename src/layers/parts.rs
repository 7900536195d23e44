//! Parts of a sample that are normalised, each by its own mean and variance.
//!
//! A part is a slice of the features of one place, or of every place. `LayerNormalization` and
//! `RMSNormalization` take each place by itself, `GroupNormalization` a group of features over all
//! places.

use super::features::{features, places};
use crate::kernels::Element;
use crate::layer::Kept;
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use core::ops::Range;

/// How a sample is divided.
#[derive(Clone, Copy)]
pub struct Parts {
    /// How many parts there are.
    pub count: usize,
    /// How many numbers of a part lie side by side.
    slice: usize,
    /// How many such slices a part has.
    slices: usize,
    /// How far apart the slices of a part begin.
    apart: usize,
    /// How many features there are.
    features: usize,
    /// Whether the mean is taken away; otherwise only the size is normalised.
    centred: bool,
    /// Is added to the variance.
    epsilon: f64,
}

impl Parts {
    /// Each place by itself.
    pub const fn places<In: Shape>(centred: bool, epsilon: f64) -> Self {
        Parts {
            count: places::<In>(),
            slice: features::<In>(),
            slices: 1,
            apart: 0,
            features: features::<In>(),
            centred,
            epsilon,
        }
    }

    /// So many groups of features, each over all places.
    pub const fn groups<In: Shape>(groups: usize, epsilon: f64) -> Self {
        Parts {
            count: groups,
            slice: features::<In>() / groups,
            slices: places::<In>(),
            apart: features::<In>(),
            features: features::<In>(),
            centred: true,
            epsilon,
        }
    }

    /// How many numbers are kept for a sample: two for each part.
    pub const fn cache(&self) -> usize {
        2 * self.count
    }

    /// Where the slices of a part lie.
    #[inline(always)]
    fn slices(self, part: usize) -> impl Iterator<Item = Range<usize>> {
        let first = part * self.slice;
        (0..self.slices).map(move |i| {
            let start = first + i * self.apart;
            start..start + self.slice
        })
    }

    /// The features of a part.
    #[inline(always)]
    fn features(self, part: usize) -> Range<usize> {
        let first = (part * self.slice) % self.features;
        first..first + self.slice
    }

    /// `1 / n` of a part of n numbers.
    #[inline(always)]
    fn share<T: Element>(self) -> T {
        T::of(1.0 / (self.slice * self.slices) as f64)
    }

    /// Mean and inverse deviation of a part.
    #[inline(always)]
    fn statistics<T: Element>(self, part: usize, x: &[T]) -> (T, T) {
        let share = self.share::<T>();
        let mut mean = T::zero();
        if self.centred {
            for slice in self.slices(part) {
                mean += sum(&x[slice], |x| x);
            }
            mean *= share;
        }
        let mut variance = T::zero();
        for slice in self.slices(part) {
            variance += sum(&x[slice], |x| (x - mean) * (x - mean));
        }
        (
            mean,
            T::one() / (variance * share + T::of(self.epsilon)).sqrt(),
        )
    }

    /// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, row by row, without the gamma or the beta
    /// that is empty; `see` is shown the row, the part, and its mean and inverse deviation.
    #[inline(always)]
    pub fn forward<T: Element>(
        self,
        [gamma, beta]: [&[T]; 2],
        x: Rows<T>,
        mut y: RowsMut<T>,
        mut see: impl FnMut(usize, usize, [T; 2]),
    ) {
        for (row, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
            for part in 0..self.count {
                let (mean, inverse) = self.statistics(part, x);
                see(row, part, [mean, inverse]);
                let features = self.features(part);
                for slice in self.slices(part) {
                    let (x, y) = (&x[slice.clone()], &mut y[slice]);
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = (x - mean) * inverse;
                    }
                    if !gamma.is_empty() {
                        for (y, &gamma) in y.iter_mut().zip(&gamma[features.clone()]) {
                            *y *= gamma;
                        }
                    }
                    if !beta.is_empty() {
                        for (y, &beta) in y.iter_mut().zip(&beta[features.clone()]) {
                            *y += beta;
                        }
                    }
                }
            }
        }
    }

    /// The same in training, for rows of which mean and inverse deviation of every part are kept.
    #[inline(always)]
    pub fn forward_training<T: Element>(
        self,
        weights: [&[T]; 2],
        x: Rows<T>,
        y: RowsMut<T>,
        cache: &mut [T],
    ) {
        self.forward(weights, x, y, |row, part, kept| {
            let at = 2 * (row * self.count + part);
            cache[at..at + 2].copy_from_slice(&kept);
        });
    }

    /// From `dy` to `dx`.
    #[inline(always)]
    pub fn backward<T: Element>(
        self,
        gamma: &[T],
        x: Rows<T>,
        cache: &[T],
        dy: Rows<T>,
        mut dx: RowsMut<T>,
    ) {
        let share = self.share::<T>();
        let mut kept = cache.chunks_exact(2);
        for ((x, dy), dx) in x.iter().zip(dy.iter()).zip(dx.iter_mut()) {
            for part in 0..self.count {
                let Some(&[mean, inverse]) = kept.next() else {
                    return;
                };
                // dx holds gamma dy for a while.
                let (mut mean_dy, mut slope) = (T::zero(), T::zero());
                for slice in self.slices(part) {
                    let (x, dx) = (&x[slice.clone()], &mut dx[slice.clone()]);
                    dx.copy_from_slice(&dy[slice]);
                    if !gamma.is_empty() {
                        for (dx, &gamma) in dx.iter_mut().zip(&gamma[self.features(part)]) {
                            *dx *= gamma;
                        }
                    }
                    if self.centred {
                        mean_dy += sum(dx, |dy| dy);
                    }
                    slope += sum_of_two(dx, x, |dy, x| dy * (x - mean));
                }
                mean_dy *= share;
                slope *= share * inverse * inverse;
                for slice in self.slices(part) {
                    let (x, dx) = (&x[slice.clone()], &mut dx[slice]);
                    for (dx, &x) in dx.iter_mut().zip(x) {
                        *dx = inverse * (*dx - mean_dy - slope * (x - mean));
                    }
                }
            }
        }
    }

    /// Adds the gradient by gamma.
    #[inline(always)]
    pub fn add_gamma<T: Element>(self, kept: Kept<T>, gradient: &mut [T]) {
        let mut statistics = kept.cache.chunks_exact(2);
        for (x, dy) in kept.x.iter().zip(kept.dz.iter()) {
            for part in 0..self.count {
                let Some(&[mean, inverse]) = statistics.next() else {
                    return;
                };
                let gradient = &mut gradient[self.features(part)];
                for slice in self.slices(part) {
                    let (x, dy) = (&x[slice.clone()], &dy[slice]);
                    for ((gradient, &x), &dy) in gradient.iter_mut().zip(x).zip(dy) {
                        *gradient += dy * ((x - mean) * inverse);
                    }
                }
            }
        }
    }
}

/// The sum of a function of the numbers: sixteen sums side by side, which become vector code, or one if
/// there are fewer numbers.
#[inline(always)]
fn sum<T: Element>(x: &[T], f: impl Fn(T) -> T) -> T {
    sum_of_two(x, x, |x, _| f(x))
}

/// The same of pairs of numbers.
#[inline(always)]
fn sum_of_two<T: Element>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
    if a.len() < 16 {
        let pairs = a.iter().zip(b);
        return pairs.fold(T::zero(), |sum, (&a, &b)| sum + f(a, b));
    }
    let mut sums = [T::zero(); 16];
    let (mut a, mut b) = (a.chunks_exact(16), b.chunks_exact(16));
    for (a, b) in (&mut a).zip(&mut b) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f(a, b);
        }
    }
    for (sum, (&a, &b)) in sums.iter_mut().zip(a.remainder().iter().zip(b.remainder())) {
        *sum += f(a, b);
    }
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            let other = sums[i + half];
            sums[i] += other;
        }
    }
    sums[0]
}
