//! Adamax.

use super::{Optimizer, check_epsilon, check_share, has_common, optimizer, power};
use crate::error::Result;
use crate::kernels::rule::{self, Rule, settles};
use crate::math::Real;

optimizer! {
    /// Adamax (Kingma and Ba, 2014), Adam by the largest gradient instead of the mean square, in Keras'
    /// form: `m += (1 - beta_1)(g - m)`, `u = max(beta_2 u, |g|)`,
    /// `w -= rate / (1 - beta_1^t) * m / (u + epsilon)` at step t.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let adamax = Adamax::new(0.001).beta_1(0.9).beta_2(0.999);
    /// ```
    Adamax(learning_rate = 0.001, weight_decay = 0.0) {
        /// How much of the mean gradient is kept; 0.9 by default.
        beta_1: f64 = 0.9,
        /// How much of the largest gradient is kept; 0.999 by default.
        beta_2: f64 = 0.999,
        /// Keeps the quotient finite; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for Adamax {
    has_common!();

    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        Rule::Adamax(rule::Adamax {
            rate: T::of(rate / (1.0 - power(self.beta_1, update))),
            fade: T::of(1.0 - self.beta_1),
            beta: T::of(self.beta_2),
            epsilon: T::of(self.epsilon),
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
