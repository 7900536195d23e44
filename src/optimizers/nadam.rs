//! Nadam.

use super::{Optimizer, check_epsilon, check_share, has_common, optimizer, power};
use crate::error::Result;
use crate::kernels::rule::{self, Rule, settles};
use crate::math::Real;

optimizer! {
    /// Nadam (Dozat, 2015), Adam with Nesterov's look-ahead, in Keras' form. At step t the momentum is
    /// `u_t = beta_1 (1 - 0.96^t / 2)`, and `p_t = u_1 u_2 ... u_t`:
    /// `m += (1 - beta_1)(g - m)`, `v += (1 - beta_2)(g^2 - v)`,
    /// `n = u_(t+1) m / (1 - p_(t+1)) + (1 - u_t) g / (1 - p_t)`,
    /// `w -= rate n / (sqrt(v / (1 - beta_2^t)) + epsilon)`.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let nadam = Nadam::new(0.001).beta_1(0.9).beta_2(0.999);
    /// ```
    Nadam(learning_rate = 0.001, weight_decay = 0.0) {
        /// How much of the mean gradient is kept in the end; 0.9 by default.
        beta_1: f64 = 0.9,
        /// How much of the mean square is kept; 0.999 by default.
        beta_2: f64 = 0.999,
        /// Keeps the quotient finite; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

/// `(1 - 0.96^1 / 2) (1 - 0.96^2 / 2) ... (1 - 0.96^t / 2)`. From some step on, the factors are 1.
fn warmth(t: u64) -> f64 {
    let (mut product, mut fading) = (1.0, 0.5);
    for _ in 0..t.min(1000) {
        fading *= 0.96;
        product *= 1.0 - fading;
    }
    product
}

impl Nadam {
    /// `u_t`.
    fn momentum(&self, t: u64) -> f64 {
        self.beta_1 * (1.0 - 0.5 * power(0.96, t))
    }

    /// `p_t`.
    fn product(&self, t: u64) -> f64 {
        match power(self.beta_1, t) {
            // What is so small vanishes beside the 1 that it is taken from: a long training does not
            // make long products.
            small if small < 1e-18 => 0.0,
            power => power * warmth(t),
        }
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for Nadam {
    has_common!();

    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        let (now, next) = (self.momentum(update), self.momentum(update + 1));
        let product = self.product(update);
        // sqrt(v / c^2) + epsilon is (sqrt(v) + c epsilon) / c.
        let c = num_traits::Float::sqrt(1.0 - power(self.beta_2, update));
        Rule::Nadam(rule::Nadam {
            rate_m: T::of(c * rate * next / (1.0 - product * next)),
            rate_g: T::of(c * rate * (1.0 - now) / (1.0 - product)),
            fade_1: T::of(1.0 - self.beta_1),
            fade_2: T::of(1.0 - self.beta_2),
            epsilon: T::of(c * self.epsilon),
            keep: T::of(keep),
            settles: settles(update),
        })
    }

    fn check_own(&self) -> Result<()> {
        check_share("beta_1", self.beta_1)?;
        check_share("beta_2", self.beta_2)?;
        check_epsilon(self.epsilon)
    }
}
