//! Gradient descent, with or without momentum.

use super::{Optimizer, check_positive, check_share, has_common, optimizer};
use crate::error::Result;
use crate::kernels::rule::{self, Fused, Rule, settles};
use crate::math::Real;

optimizer! {
    /// Stochastic gradient descent: `v = momentum v - rate g; w += v`, with Nesterov's look-ahead
    /// `w += momentum v - rate g`.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let sgd = Sgd::new(0.01).momentum(0.9).nesterov(true).weight_decay(1e-4);
    /// ```
    Sgd(learning_rate = 0.01, weight_decay = 0.0) {
        /// How much of the last step is kept; 0 by default.
        momentum: f64 = 0.0,
        /// Whether to look ahead; needs momentum.
        nesterov: bool = false,
        /// Coupled penalty: the gradient grows by `l2 * w`.
        l2: f64 = 0.0,
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for Sgd {
    has_common!();

    #[inline(always)]
    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        let (rate, keep, l2) = (T::of(rate), T::of(keep), T::of(self.l2));
        if self.momentum != 0.0 {
            return Rule::Fused(Fused::Momentum(rule::Momentum {
                rate,
                momentum: T::of(self.momentum),
                nesterov: self.nesterov,
                l2,
                keep,
                settles: settles(update),
            }));
        }
        // (By the settings, which stay, and not by what they make of this step.)
        if self.l2 == 0.0 && self.common.weight_decay == 0.0 {
            return Rule::Sgd(rule::Sgd { rate });
        }
        Rule::Decayed(rule::Decayed { rate, l2, keep })
    }

    fn lasting_rule<T: Real>(&self) -> Option<Rule<T>> {
        let lasts = self.momentum == 0.0 && !self.common.follows_schedule();
        lasts.then(|| self.rule(1))
    }

    fn check_own(&self) -> Result<()> {
        check_share("momentum", self.momentum)?;
        check_positive("l2", self.l2)
    }
}
