//! RMSprop.

use super::{Optimizer, check_epsilon, check_share, has_common, optimizer};
use crate::error::Result;
use crate::kernels::rule::{self, Rule, settles};
use crate::math::Real;

optimizer! {
    /// RMSprop (Hinton, 2012), in Keras' form: `v = rho v + (1 - rho) g^2`,
    /// `u = momentum u + rate g / sqrt(v + epsilon)`, `w -= u`.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let rms_prop = RmsProp::new(0.001).rho(0.9).momentum(0.5);
    /// ```
    RmsProp(learning_rate = 0.001, weight_decay = 0.0) {
        /// How much of the mean square is kept; 0.9 by default.
        rho: f64 = 0.9,
        /// How much of the last step is kept; 0 by default.
        momentum: f64 = 0.0,
        /// Keeps the quotient finite; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for RmsProp {
    has_common!();

    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        Rule::RmsProp(rule::RmsProp {
            rate: T::of(rate),
            rho: T::of(self.rho),
            momentum: T::of(self.momentum),
            epsilon: T::of(self.epsilon),
            keep: T::of(keep),
            settles: settles(update),
        })
    }

    fn check_own(&self) -> Result<()> {
        check_share("rho", self.rho)?;
        check_share("momentum", self.momentum)?;
        check_epsilon(self.epsilon)
    }
}
