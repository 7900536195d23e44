//! What an optimiser does with a gradient, as plain numbers that a kernel can take along.
//!
//! The arithmetic is written once, for any vector ([`Rule::step`]); which rule it is, is decided
//! once for a whole block of gradients.

#![allow(unsafe_code)] // a block is described by pointers: the kernels have checked its bounds

use super::scalar::Scalar;
use super::vector::Simd;
use crate::math::Real;
use crate::simd::Isa;

/// One optimiser step for one weight `w` with gradient `g`. All learning rates and corrections of
/// the step are already worked in, so that nothing here depends on the number of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule<T> {
    /// Stores the gradient in slot 0 and leaves the weight alone.
    Store,
    /// `g += l2 w; w = keep w - rate g`.
    Sgd {
        /// Learning rate.
        rate: T,
        /// Coupled L2 penalty.
        l2: T,
        /// 1 minus the decoupled weight decay of a step.
        keep: T,
    },
    /// `g += l2 w; v = momentum v - rate g; w = keep w + v`, or with Nesterov's look-ahead
    /// `w = keep w + momentum v - rate g`. Slot 0 is v.
    Momentum {
        /// Learning rate.
        rate: T,
        /// Share of the last velocity that is kept.
        momentum: T,
        /// Whether to look ahead.
        nesterov: bool,
        /// Coupled L2 penalty.
        l2: T,
        /// 1 minus the decoupled weight decay of a step.
        keep: T,
    },
    /// `m += (1 - beta_1)(g - m); v += (1 - beta_2)(g^2 - v); w = keep w - rate m / (sqrt(v) + epsilon)`.
    /// Slot 0 is m, slot 1 is v.
    Adam {
        /// Learning rate, corrected for the bias of the first steps.
        rate: T,
        /// 1 - beta_1.
        fade_1: T,
        /// 1 - beta_2.
        fade_2: T,
        /// Keeps the quotient finite.
        epsilon: T,
        /// 1 minus the decoupled weight decay of a step.
        keep: T,
    },
    /// `v = rho v + (1 - rho) g^2; s = rate g / sqrt(v + epsilon); w = keep w - s`, with momentum
    /// `u = momentum u + s; w = keep w - u`. Slot 0 is v, slot 1 is u.
    RmsProp {
        /// Learning rate.
        rate: T,
        /// Share of the last mean square that is kept.
        rho: T,
        /// Share of the last step that is kept.
        momentum: T,
        /// Keeps the quotient finite.
        epsilon: T,
        /// 1 minus the decoupled weight decay of a step.
        keep: T,
    },
}

impl<T: Real> Rule<T> {
    /// How many numbers the rule keeps for each weight.
    pub const fn slots(&self) -> usize {
        match self {
            Rule::Sgd { .. } => 0,
            Rule::Store | Rule::Momentum { .. } => 1,
            Rule::Adam { .. } | Rule::RmsProp { .. } => 2,
        }
    }

    /// The learning rate, if the rule is `w = w - rate g` and nothing else.
    #[inline(always)]
    pub(super) fn descent(&self) -> Option<T> {
        match *self {
            Rule::Sgd { rate, l2, keep } if l2 == T::zero() && keep == T::one() => Some(rate),
            _ => None,
        }
    }

    /// Applies the rule to all weights of a tensor, whose slots lie one after another.
    #[inline(always)]
    pub fn apply_to<I: Isa>(&self, isa: I, w: &mut [T], g: &[T], slots: &mut [T]) {
        let len = w.len();
        for (i, (w, &g)) in w.iter_mut().zip(g).enumerate() {
            self.apply(isa, w, g, |slot| slot * len + i, slots);
        }
    }

    /// Applies the rule to one weight; `at(s)` is where its number of slot s lies in `slots`.
    #[inline(always)]
    pub fn apply<I: Isa>(
        &self,
        isa: I,
        w: &mut T,
        g: T,
        at: impl Fn(usize) -> usize,
        slots: &mut [T],
    ) {
        let mut state = [T::zero(); 2];
        for (slot, state) in state.iter_mut().enumerate().take(self.slots()) {
            *state = slots[at(slot)];
        }
        let (new, state) = self.step(Scalar::new(isa), g, *w, state);
        *w = new;
        for (slot, state) in state.iter().enumerate().take(self.slots()) {
            slots[at(slot)] = *state;
        }
    }

    /// One vector of weights and of what the slots hold for them, after the step.
    #[inline(always)]
    fn step<S: Simd<E = T>>(&self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        match *self {
            Rule::Store => (w, [g, v]),
            Rule::Sgd { rate, l2, keep } => {
                if self.descent().is_some() {
                    return (s.fma(s.splat(-rate), g, w), [m, v]);
                }
                let g = s.fma(s.splat(l2), w, g);
                let w = s.fma(s.splat(-rate), g, s.mul(s.splat(keep), w));
                (w, [m, v])
            }
            Rule::Momentum {
                rate,
                momentum,
                nesterov,
                l2,
                keep,
            } => {
                let (down, momentum, keep) = (s.splat(-rate), s.splat(momentum), s.splat(keep));
                let g = s.fma(s.splat(l2), w, g);
                let m = s.fma(down, g, s.mul(momentum, m));
                let w = if nesterov {
                    s.fma(momentum, m, s.fma(down, g, s.mul(keep, w)))
                } else {
                    s.fma(keep, w, m)
                };
                (w, [m, v])
            }
            Rule::Adam {
                rate,
                fade_1,
                fade_2,
                epsilon,
                keep,
            } => {
                let m = s.fma(s.splat(fade_1), s.sub(g, m), m);
                let v = s.fma(s.splat(fade_2), s.fma(g, g, s.neg(v)), v);
                let scale = s.add(s.sqrt(v), s.splat(epsilon));
                let step = s.div(s.mul(s.splat(-rate), m), scale);
                (s.fma(s.splat(keep), w, step), [m, v])
            }
            Rule::RmsProp {
                rate,
                rho,
                momentum,
                epsilon,
                keep,
            } => {
                let (u, v) = (v, m);
                let fade = s.splat(T::one() - rho);
                let v = s.fma(s.splat(rho), v, s.mul(fade, s.mul(g, g)));
                let scale = s.sqrt(s.add(v, s.splat(epsilon)));
                let step = s.div(s.mul(s.splat(rate), g), scale);
                let u = s.fma(s.splat(momentum), u, step);
                (s.fma(s.splat(keep), w, s.neg(u)), [v, u])
            }
        }
    }
}

/// A block of gradients in the registers or on the stack, and the weights they belong to.
pub(super) struct Block<T> {
    /// `rows` times `vectors` vectors, close together.
    pub g: *const T,
    pub rows: usize,
    pub vectors: usize,
    /// The first weight; rows are `stride` apart.
    pub w: *mut T,
    /// The first weight's number in slot 0; slots are `slot` apart.
    pub slots: *mut T,
    pub slot: usize,
    pub stride: usize,
}

impl<T: Real> Block<T> {
    /// Applies a rule to all of it.
    ///
    /// # Safety
    /// The gradients must be readable, the weights and the rule's slots writable.
    #[inline(always)]
    pub unsafe fn apply<S: Simd<E = T>>(self, s: S, rule: &Rule<T>) {
        // A rule that is named in the call is known while its loop is compiled.
        // SAFETY: the caller's.
        unsafe {
            match *rule {
                Rule::Store => self.each(s, Rule::Store),
                Rule::Sgd { rate, l2, keep } => self.each(s, Rule::Sgd { rate, l2, keep }),
                Rule::Momentum {
                    rate,
                    momentum,
                    nesterov,
                    l2,
                    keep,
                } => self.each(
                    s,
                    Rule::Momentum {
                        rate,
                        momentum,
                        nesterov,
                        l2,
                        keep,
                    },
                ),
                Rule::Adam {
                    rate,
                    fade_1,
                    fade_2,
                    epsilon,
                    keep,
                } => self.each(
                    s,
                    Rule::Adam {
                        rate,
                        fade_1,
                        fade_2,
                        epsilon,
                        keep,
                    },
                ),
                Rule::RmsProp {
                    rate,
                    rho,
                    momentum,
                    epsilon,
                    keep,
                } => self.each(
                    s,
                    Rule::RmsProp {
                        rate,
                        rho,
                        momentum,
                        epsilon,
                        keep,
                    },
                ),
            }
        }
    }

    /// # Safety
    /// As for `apply`.
    #[inline(always)]
    unsafe fn each<S: Simd<E = T>>(&self, s: S, rule: Rule<T>) {
        let slots = rule.slots();
        for row in 0..self.rows {
            for v in 0..self.vectors {
                let at = row * self.stride + v * S::LANES;
                // SAFETY: the caller vouches for gradients, weights and slots of the whole block.
                unsafe {
                    let g = s.load(self.g.add((row * self.vectors + v) * S::LANES));
                    let w = self.w.add(at);
                    let mut state = [s.zero(); 2];
                    for slot in 0..slots {
                        state[slot] = s.load(self.slots.add(slot * self.slot + at));
                    }
                    let (new, state) = rule.step(s, g, s.load(w), state);
                    if !matches!(rule, Rule::Store) {
                        s.store(new, w);
                    }
                    for slot in 0..slots {
                        s.store(state[slot], self.slots.add(slot * self.slot + at));
                    }
                }
            }
        }
    }
}
