//! What an optimiser makes of gradients that were stored: each is scaled and clipped, then handed to the
//! rule.

#![allow(unsafe_code)] // pointers into the rows, whose sizes `new` checks

use super::rule::{Rule, Step};
use super::vector::{Kernel, Simd};
use crate::math::Real;

/// What becomes of a stored gradient before the rule sees it: it is multiplied by `scale`, and then
/// kept between `-limit` and `limit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjust<T> {
    /// The factor.
    pub scale: T,
    /// The largest size; infinity for none.
    pub limit: T,
}

impl<T: Real> Adjust<T> {
    /// Leaves gradients as they are.
    pub fn nothing() -> Self {
        Self {
            scale: T::one(),
            limit: T::INFINITY,
        }
    }

    #[inline(always)]
    pub(super) fn of<S: Simd<E = T>>(self, s: S, g: S::V) -> S::V {
        s.clamp(self.limit, s.mul(s.splat(self.scale), g))
    }
}

/// The update of rows of weights.
pub struct Apply<'a, T> {
    rule: Rule<T>,
    adjust: Adjust<T>,
    stride: usize,
    g: &'a [T],
    w: &'a mut [T],
    slots: &'a mut [T],
}

impl<'a, T: Real> Apply<'a, T> {
    #[inline(always)]
    pub fn new(
        rule: Rule<T>,
        adjust: Adjust<T>,
        stride: usize,
        g: &'a [T],
        w: &'a mut [T],
        slots: &'a mut [T],
    ) -> Self {
        assert!(
            w.len().is_multiple_of(stride),
            "the weights are not whole rows"
        );
        assert!(g.len() >= w.len(), "the gradient does not fit the weights");
        assert!(
            slots.len() >= rule.slots() * w.len(),
            "the optimiser's numbers do not fit the weights"
        );
        Self {
            rule,
            adjust,
            stride,
            g,
            w,
            slots,
        }
    }

    /// How long its vectors may be. (Only x86-64 has registers of two lengths.)
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The rule.
    #[inline(always)]
    pub fn rule(&self) -> Rule<T> {
        self.rule
    }
}

/// The update by this rule, as a [`Kernel`].
pub struct Applied<'a, T, R>(pub Apply<'a, T>, pub R);

impl<T: Real, R: Step<T>> Kernel<T> for Applied<'_, T, R> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.0.stride
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(self, s: S) {
        let Applied(work, rule) = self;
        let (w, slots) = (work.w.as_mut_ptr(), work.slots.as_mut_ptr());
        for first in (0..work.w.len()).step_by(work.stride) {
            for column in (0..work.stride).step_by(S::LANES) {
                let at = first + column;
                // SAFETY: a row is a whole number of vectors, and `new` has checked that there are
                // weights, gradients and slots for all rows.
                unsafe {
                    let g = work.adjust.of(s, s.load(work.g.as_ptr().add(at)));
                    let slots = slots.wrapping_add(first * R::SLOTS + column);
                    rule.take(s, g, w.add(at), slots, work.stride);
                }
            }
        }
        rule.settle(work.slots, work.w.len());
    }
}
