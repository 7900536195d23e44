//! The sign of a mean of gradients.

use super::step::{Step, decayed};
use crate::kernels::vector::Simd;
use crate::math::Real;

/// `w = keep w - rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g`. Slot 0 is m.
/// (What is smaller than the smallest normal number has less than a whole sign.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion<T> {
    /// Learning rate.
    pub rate: T,
    /// 1 - beta_1.
    pub fade_1: T,
    /// 1 - beta_2.
    pub fade_2: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
    /// Whether what is kept is [settled](super::settles) behind the step.
    pub settles: bool,
}

impl<T: Real> Step<T> for Lion<T> {
    const SLOTS: usize = 1;
    fn settles(self) -> bool {
        self.settles
    }

    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let toward = |fade| s.fma(s.splat(fade), s.sub(g, m), m);
        let large = s.mul(s.splat(T::one() / T::MIN_NORMAL), toward(self.fade_1));
        let step = s.mul(s.splat(-self.rate), s.clamp(T::one(), large));
        (decayed(s, self.keep, w, step), [toward(self.fade_2), v])
    }
}
