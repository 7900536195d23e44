//! Means of gradients over a measure of their size.

#![allow(unsafe_code)] // vectors are read and written through pointers, as `Simd` asks

use super::step::{Step, decayed};
use crate::kernels::vector::Simd;
use crate::math::Real;

/// `m += (1 - beta_1)(g - m); v += (1 - beta_2)(g^2 - v); w = keep w - rate m / (sqrt(v) + epsilon)`.
/// Slot 0 is m, slot 1 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T> {
    /// Learning rate, corrected for the bias of the first steps.
    pub rate: T,
    /// 1 - beta_1.
    pub fade_1: T,
    /// 1 - beta_2.
    pub fade_2: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Adam<T> {
    /// The mean.
    #[inline(always)]
    fn mean<S: Simd<E = T>>(self, s: S, g: S::V, m: S::V) -> S::V {
        s.fma(s.splat(self.fade_1), s.sub(g, m), m)
    }

    /// The mean of squares.
    #[inline(always)]
    fn mean_square<S: Simd<E = T>>(self, s: S, g: S::V, v: S::V) -> S::V {
        s.fma(s.splat(self.fade_2), s.fma(g, g, s.neg(v)), v)
    }

    /// The weights after the step.
    #[inline(always)]
    fn moved<S: Simd<E = T>>(self, s: S, w: S::V, m: S::V, root: S::V) -> S::V {
        let scale = s.add(root, s.splat(self.epsilon));
        let step = s.div(s.mul(s.splat(-self.rate), m), scale);
        decayed(s, self.keep, w, step)
    }
}

impl<T: Real> Step<T> for Adam<T> {
    const SLOTS: usize = 2;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, slots: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (m, v) = (self.mean(s, g, slots[0]), self.mean_square(s, g, slots[1]));
        (self.moved(s, w, m, s.sqrt(v)), [m, v])
    }

    #[inline(always)]
    unsafe fn begin<S: Simd<E = T>>(
        self,
        s: S,
        g: S::V,
        _: *mut T,
        slots: *mut T,
        apart: usize,
    ) -> [S::V; 2] {
        // One mean after the other: beside products few registers are free.
        // SAFETY: the caller's.
        unsafe {
            let other = slots.add(apart);
            let m = self.mean(s, g, s.load(slots));
            s.store(m, slots);
            let v = self.mean_square(s, g, s.load(other));
            s.store(v, other);
            [m, s.sqrt(v)]
        }
    }

    #[inline(always)]
    unsafe fn finish<S: Simd<E = T>>(self, s: S, [m, root]: [S::V; 2], w: *mut T) {
        // SAFETY: the caller's.
        unsafe { s.store(self.moved(s, s.load(w), m, root), w) };
    }
}

/// `m += (1 - beta_1)(g - m); u = max(beta_2 u, |g|); w = keep w - rate m / (u + epsilon)`.
/// Slot 0 is m, slot 1 is u.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamax<T> {
    /// Learning rate, corrected for the bias of the first steps.
    pub rate: T,
    /// 1 - beta_1.
    pub fade: T,
    /// beta_2.
    pub beta: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Step<T> for Adamax<T> {
    const SLOTS: usize = 2;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = s.fma(s.splat(self.fade), s.sub(g, m), m);
        let u = s.max(s.mul(s.splat(self.beta), u), s.max(g, s.neg(g)));
        let scale = s.add(u, s.splat(self.epsilon));
        let step = s.div(s.mul(s.splat(-self.rate), m), scale);
        (decayed(s, self.keep, w, step), [m, u])
    }
}

/// `m += (1 - beta_1)(g - m); v += (1 - beta_2)(g^2 - v);
/// w = keep w - (rate_m m + rate_g g) / (sqrt(v) + epsilon)`. Slot 0 is m, slot 1 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nadam<T> {
    /// Learning rate of the mean gradient, corrected for the bias of the first steps.
    pub rate_m: T,
    /// Learning rate of the gradient itself.
    pub rate_g: T,
    /// 1 - beta_1.
    pub fade_1: T,
    /// 1 - beta_2.
    pub fade_2: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Step<T> for Nadam<T> {
    const SLOTS: usize = 2;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = s.fma(s.splat(self.fade_1), s.sub(g, m), m);
        let v = s.fma(s.splat(self.fade_2), s.fma(g, g, s.neg(v)), v);
        let ahead = s.fma(s.splat(-self.rate_m), m, s.mul(s.splat(-self.rate_g), g));
        let step = s.div(ahead, s.add(s.sqrt(v), s.splat(self.epsilon)));
        (decayed(s, self.keep, w, step), [m, v])
    }
}
