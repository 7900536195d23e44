//! Gradient descent, with and without momentum.

use super::step::{Step, decayed, penalized};
use crate::kernels::vector::Simd;
use crate::math::Real;

/// `w = w + g`: what is left of plain gradient descent where gradients have been multiplied by the
/// negative learning rate from the beginning, see `Rule::taken_along`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Add;

impl<T> Step<T> for Add {
    const SLOTS: usize = 0;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        (s.add(w, g), state)
    }
}

/// `w = w - rate g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd<T> {
    /// Learning rate.
    pub rate: T,
}

impl<T: Real> Step<T> for Sgd<T> {
    const SLOTS: usize = 0;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        (s.fma(s.splat(-self.rate), g, w), state)
    }
}

/// `g += l2 w; w = keep w - rate g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decayed<T> {
    /// Learning rate.
    pub rate: T,
    /// Coupled L2 penalty.
    pub l2: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

impl<T: Real> Step<T> for Decayed<T> {
    const SLOTS: usize = 0;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let g = penalized(s, self.l2, w, g);
        let w = s.mul(s.splat(self.keep), w);
        (s.fma(s.splat(-self.rate), g, w), state)
    }
}

/// `g += l2 w; v = momentum v - rate g; w = keep w + v`, or with Nesterov's look-ahead
/// `w = keep w + momentum v - rate g`. Slot 0 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum<T> {
    /// Learning rate.
    pub rate: T,
    /// Share of the last velocity that is kept.
    pub momentum: T,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// Coupled L2 penalty.
    pub l2: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Step<T> for Momentum<T> {
    const SLOTS: usize = 1;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (down, momentum) = (s.splat(-self.rate), s.splat(self.momentum));
        let g = penalized(s, self.l2, w, g);
        let m = s.fma(down, g, s.mul(momentum, m));
        let w = if self.nesterov {
            s.fma(momentum, m, s.fma(down, g, s.mul(s.splat(self.keep), w)))
        } else {
            decayed(s, self.keep, w, m)
        };
        (w, [m, v])
    }
}
