//! The sums that regularisers add to the loss, and their gradients.

use crate::kernels::Element;
use crate::math::Real;
use crate::simd::{Isa, Job};

/// What numbers w, such as those of a tensor, add to the loss: `l1 Σ |w| + l2 Σ w²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty {
    /// The factor of the absolute values.
    pub l1: f64,
    /// The factor of the squares.
    pub l2: f64,
}

impl Penalty {
    /// The same penalty, multiplied.
    pub(crate) fn scaled(self, by: f64) -> Self {
        Self {
            l1: self.l1 * by,
            l2: self.l2 * by,
        }
    }

    /// The penalty of some numbers. It is added up in `f64`, over 16 lanes, which are then halved: the
    /// same bits for all instruction sets.
    pub(crate) fn sum<T: Element, I: Isa>(self, isa: I, w: &[T]) -> f64 {
        isa.enter(Sum { penalty: self, w })
    }

    /// Adds its gradient, `l1 sign(w) + 2 l2 w`.
    pub(crate) fn add_gradient<T: Element, I: Isa>(self, isa: I, w: &[T], gradient: &mut [T]) {
        isa.enter(AddGradient {
            penalty: self,
            w,
            gradient,
        });
    }
}

struct Sum<'a, T> {
    penalty: Penalty,
    w: &'a [T],
}

impl<T: Element> Job for Sum<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let Penalty { l1, l2 } = self.penalty;
        let mut lanes = [0.0; 16];
        let add = |lane: &mut f64, w: &T| {
            let size = num_traits::Float::abs(w.as_f64());
            *lane = f64::fma(isa, size, f64::fma(isa, l2, size, l1), *lane);
        };
        let (chunks, rest) = self.w.as_chunks::<16>();
        for chunk in chunks {
            for (lane, w) in lanes.iter_mut().zip(chunk) {
                add(lane, w);
            }
        }
        for (lane, w) in lanes.iter_mut().zip(rest) {
            add(lane, w);
        }
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        lanes[0]
    }
}

struct AddGradient<'a, T> {
    penalty: Penalty,
    w: &'a [T],
    gradient: &'a mut [T],
}

impl<T: Element> Job for AddGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (l1, slope) = (T::of(self.penalty.l1), T::of(2.0 * self.penalty.l2));
        for (g, &w) in self.gradient.iter_mut().zip(self.w) {
            let up = if w > T::zero() { l1 } else { T::zero() };
            let down = if w < T::zero() { l1 } else { T::zero() };
            *g += T::fma(isa, slope, w, up - down);
        }
    }
}
