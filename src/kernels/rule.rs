//! What an optimiser does with a gradient, as plain numbers that a kernel can take along.

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
    pub fn apply<I: Isa>(&self, isa: I, w: &mut T, g: T, at: impl Fn(usize) -> usize, slots: &mut [T]) {
        match *self {
            Rule::Store => slots[at(0)] = g,
            Rule::Sgd { rate, l2, keep } => {
                let g = T::fma(isa, l2, *w, g);
                *w = T::fma(isa, -rate, g, keep * *w);
            }
            Rule::Momentum { rate, momentum, nesterov, l2, keep } => {
                let g = T::fma(isa, l2, *w, g);
                let v = &mut slots[at(0)];
                *v = T::fma(isa, -rate, g, momentum * *v);
                *w = if nesterov {
                    T::fma(isa, momentum, *v, T::fma(isa, -rate, g, keep * *w))
                } else {
                    T::fma(isa, keep, *w, *v)
                };
            }
            Rule::Adam { rate, fade_1, fade_2, epsilon, keep } => {
                let m = &mut slots[at(0)];
                *m = T::fma(isa, fade_1, g - *m, *m);
                let m = *m;
                let v = &mut slots[at(1)];
                *v = T::fma(isa, fade_2, T::fma(isa, g, g, -*v), *v);
                *w = keep * *w - rate * m / (v.sqrt() + epsilon);
            }
            Rule::RmsProp { rate, rho, momentum, epsilon, keep } => {
                let v = &mut slots[at(0)];
                *v = T::fma(isa, T::one() - rho, g * g, rho * *v);
                let step = rate * g / (*v + epsilon).sqrt();
                let u = &mut slots[at(1)];
                *u = T::fma(isa, momentum, *u, step);
                *w = keep * *w - *u;
            }
        }
    }
}
