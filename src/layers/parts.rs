//! Places of a sample that are normalised, each by its own mean and variance: what `LayerNormalization`
//! and `RMSNormalization` do.

use super::axis::Together;
use super::features::at_least_one;
use crate::kernels::Element;
use crate::kernels::channelwise::{self, place};
use crate::lanes::{Sum, Take, in_order, in_sixteen};
use crate::layer::Kept;
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use crate::simd::Isa;
use typenum::Unsigned;

/// How many places go through a pass together: their roots and divisions are made side by side.
const TOGETHER: usize = 16;

/// How the places of a sample are normalised.
#[derive(Clone, Copy)]
pub struct Parts {
    /// How many places there are.
    places: usize,
    /// How many features each has.
    features: usize,
    /// Whether the mean is taken away; otherwise only the size is normalised.
    centred: bool,
    /// Is added to the variance.
    epsilon: f64,
}

/// Squares of distances from a mean.
struct Squares<T>(T);
impl<T: Real> Take<T> for Squares<T> {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, x: T, _: T) -> T {
        lane + (x - self.0) * (x - self.0)
    }
}

/// Products of gradients with distances from a mean.
struct Slope<T>(T);
impl<T: Real> Take<T> for Slope<T> {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, dy: T, x: T) -> T {
        lane + dy * (x - self.0)
    }
}

/// A sum over the features of a place: in order if they do not fill sixteen lanes.
#[inline(always)]
fn sum<T: Real, I: Isa>(isa: I, what: &impl Take<T>, a: &[T], b: &[T]) -> T {
    if a.len() < 16 {
        in_order(isa, what, T::zero(), a, b)
    } else {
        in_sixteen(isa, what, T::zero(), a, b)
    }
}

impl Parts {
    /// The places of samples of shape `In`, by the axes that are normalised together.
    pub const fn of<In: Shape, A: Together<In>>(centred: bool, epsilon: f64) -> Self {
        let features = at_least_one(A::Features::USIZE);
        Parts {
            places: In::SIZE / features,
            features,
            centred,
            epsilon,
        }
    }

    /// How many numbers are kept for a sample: mean and inverse deviation of each place.
    pub const fn cache(&self) -> usize {
        2 * self.places
    }

    /// `1 / n` of n features.
    #[inline(always)]
    fn share<T: Element>(self) -> T {
        T::of(1.0 / self.features as f64)
    }

    /// Means and inverse deviations of some places.
    #[inline(always)]
    fn statistics<T: Element, I: Isa>(
        self,
        isa: I,
        x: &[T],
        means: &mut [T; TOGETHER],
        inverses: &mut [T; TOGETHER],
    ) {
        let (n, share) = (self.features, self.share::<T>());
        let count = x.len() / n;
        if self.centred {
            for i in 0..count {
                let x = &x[place::start(i, n)..][..n];
                means[i] = sum(isa, &Sum, x, x) * share;
            }
        }
        for i in 0..count {
            let x = &x[place::start(i, n)..][..n];
            inverses[i] = sum(isa, &Squares(means[i]), x, x);
        }
        let epsilon = T::of(self.epsilon);
        for inverse in &mut inverses[..count] {
            *inverse = T::one() / (*inverse * share + epsilon).sqrt();
        }
    }

    /// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, row by row, without the gamma or the beta
    /// that is empty. Means and inverse deviations are kept, unless there is no room.
    #[inline(always)]
    pub fn forward<T: Element, I: Isa>(
        self,
        isa: I,
        [gamma, beta]: [&[T]; 2],
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
    ) {
        let n = self.features;
        let (mut means, mut inverses) = ([T::zero(); TOGETHER], [T::zero(); TOGETHER]);
        let mut at = 0;
        for (x, y) in x.iter().zip(y.iter_mut()) {
            let blocks = x.chunks(TOGETHER * n).zip(y.chunks_mut(TOGETHER * n));
            for (x, y) in blocks {
                self.statistics(isa, x, &mut means, &mut inverses);
                let count = x.len() / n;
                for i in 0..count {
                    let at = place::start(i, n);
                    let (x, y) = (&x[at..at + n], &mut y[at..at + n]);
                    let (mean, inverse) = (means[i], inverses[i]);
                    place::normalise(x, [mean, inverse], [gamma, beta], y);
                }
                if !cache.is_empty() {
                    let kept = &mut cache[at..][..2 * count];
                    kept[..count].copy_from_slice(&means[..count]);
                    kept[count..].copy_from_slice(&inverses[..count]);
                    at += 2 * count;
                }
            }
        }
    }

    /// From `dy` to `dx`.
    #[inline(always)]
    pub fn backward<T: Element, I: Isa>(
        self,
        isa: I,
        gamma: &[T],
        x: Rows<T>,
        cache: &[T],
        dy: Rows<T>,
        mut dx: RowsMut<T>,
    ) {
        let (n, share) = (self.features, self.share::<T>());
        let mut at = 0;
        for ((x, dy), dx) in x.iter().zip(dy.iter()).zip(dx.iter_mut()) {
            let blocks = x.chunks(TOGETHER * n).zip(dy.chunks(TOGETHER * n));
            for ((x, dy), dx) in blocks.zip(dx.chunks_mut(TOGETHER * n)) {
                let count = x.len() / n;
                let (means, inverses) = cache[at..][..2 * count].split_at(count);
                at += 2 * count;
                for i in 0..count {
                    let at = place::start(i, n);
                    let (x, dy, dx) = (&x[at..at + n], &dy[at..at + n], &mut dx[at..at + n]);
                    let (mean, inverse) = (means[i], inverses[i]);
                    // dx holds gamma dy for a while.
                    place::scale(dy, gamma, dx);
                    let mean_dy = if self.centred {
                        sum(isa, &Sum, dx, dx) * share
                    } else {
                        T::zero()
                    };
                    let slope = sum(isa, &Slope(mean), dx, x) * (share * inverse * inverse);
                    place::turn_back(x, [mean, inverse, mean_dy, slope], dx);
                }
            }
        }
    }

    /// Adds the gradient by gamma.
    #[inline(always)]
    pub fn add_gamma<T: Element>(self, kept: Kept<T>, gradient: &mut [T]) {
        let n = self.features;
        let mut at = 0;
        for (x, dy) in kept.x.iter().zip(kept.dz.iter()) {
            let blocks = x.chunks(TOGETHER * n).zip(dy.chunks(TOGETHER * n));
            for (x, dy) in blocks {
                let count = x.len() / n;
                let (means, inverses) = kept.cache[at..][..2 * count].split_at(count);
                at += 2 * count;
                channelwise::add_normalised(n, [x, dy], [means, inverses], gradient);
            }
        }
    }
}
