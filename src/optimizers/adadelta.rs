//! Adadelta.

use super::{Optimizer, check_epsilon, check_share, has_common, optimizer};
use crate::error::Result;
use crate::kernels::rule::{self, Rule, settles};
use crate::math::Real;

optimizer! {
    /// Adadelta (Zeiler, 2012), in Keras' form: `v = rho v + (1 - rho) g^2`,
    /// `d = sqrt(u + epsilon) / sqrt(v + epsilon) g`, `u = rho u + (1 - rho) d^2`, `w -= rate d`.
    ///
    /// A learning rate of 1 is the paper's; 0.001 is Keras'.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let adadelta = Adadelta::new(1.0).rho(0.95);
    /// ```
    Adadelta(learning_rate = 0.001, weight_decay = 0.0) {
        /// How much of the mean squares is kept; 0.95 by default.
        rho: f64 = 0.95,
        /// Keeps the quotient finite, and lets the first steps begin; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for Adadelta {
    has_common!();

    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        Rule::Adadelta(rule::Adadelta {
            rate: T::of(rate),
            rho: T::of(self.rho),
            epsilon: T::of(self.epsilon),
            keep: T::of(keep),
            settles: settles(update),
        })
    }

    fn check_own(&self) -> Result<()> {
        check_share("rho", self.rho)?;
        check_epsilon(self.epsilon)
    }
}
