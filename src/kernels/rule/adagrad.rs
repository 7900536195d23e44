//! Gradients over the root of their squares.

use super::step::{Step, decayed};
use crate::kernels::vector::Simd;
use crate::math::Real;

/// `v += g^2; w = keep w - rate g / sqrt(v + epsilon)`. Slot 0 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad<T> {
    /// Learning rate.
    pub rate: T,
    /// Keeps the quotient finite; what v would begin with joins it, so that slots begin with zero.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

impl<T: Real> Step<T> for Adagrad<T> {
    const SLOTS: usize = 1;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let v = s.fma(g, g, v);
        let scale = s.sqrt(s.add(v, s.splat(self.epsilon)));
        let step = s.div(s.mul(s.splat(-self.rate), g), scale);
        (decayed(s, self.keep, w, step), [v, u])
    }
}

/// `v = rho v + (1 - rho) g^2; s = rate g / sqrt(v + epsilon); w = keep w - s`, with momentum
/// `u = momentum u + s; w = keep w - u`. Slot 0 is v, slot 1 is u.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp<T> {
    /// Learning rate.
    pub rate: T,
    /// Share of the last mean square that is kept.
    pub rho: T,
    /// Share of the last step that is kept.
    pub momentum: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Step<T> for RmsProp<T> {
    const SLOTS: usize = 2;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let fade = s.splat(T::one() - self.rho);
        let v = s.fma(s.splat(self.rho), v, s.mul(fade, s.mul(g, g)));
        let scale = s.sqrt(s.add(v, s.splat(self.epsilon)));
        let step = s.div(s.mul(s.splat(self.rate), g), scale);
        let u = s.fma(s.splat(self.momentum), u, step);
        (decayed(s, self.keep, w, s.neg(u)), [v, u])
    }
}

/// `v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) g;
/// u = rho u + (1 - rho) d^2; w = keep w - rate d`. Slot 0 is v, slot 1 is u.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adadelta<T> {
    /// Learning rate.
    pub rate: T,
    /// Share of the last mean squares that is kept.
    pub rho: T,
    /// Keeps the quotient finite, and lets the first steps begin.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Step<T> for Adadelta<T> {
    const SLOTS: usize = 2;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (rho, fade) = (s.splat(self.rho), s.splat(T::one() - self.rho));
        let root = |x| s.sqrt(s.add(x, s.splat(self.epsilon)));
        let v = s.fma(rho, v, s.mul(fade, s.mul(g, g)));
        let d = s.div(s.mul(root(u), g), root(v));
        let u = s.fma(rho, u, s.mul(fade, s.mul(d, d)));
        let step = s.mul(s.splat(-self.rate), d);
        (decayed(s, self.keep, w, step), [v, u])
    }
}
