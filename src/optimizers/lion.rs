//! Lion.

use super::{Optimizer, check, check_share, has_common, optimizer};
use crate::error::Result;
use crate::kernels::rule::{self, Rule, settles};
use crate::math::Real;

optimizer! {
    /// Lion (Chen et al., 2023), in Keras' form: `w -= rate sign(beta_1 m + (1 - beta_1) g)`, then
    /// `m = beta_2 m + (1 - beta_2) g`.
    ///
    /// All its steps are equally long: its learning rate should be some 3 to 10 times smaller than
    /// Adam's, its weight decay so much larger.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let lion = Lion::new(1e-4).weight_decay(0.1);
    /// ```
    Lion(learning_rate = 0.001, weight_decay = 0.0) {
        /// How much the mean gradient counts for the direction; 0.9 by default.
        beta_1: f64 = 0.9,
        /// How much of the mean gradient is kept; 0.99 by default.
        beta_2: f64 = 0.99,
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for Lion {
    has_common!();

    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        Rule::Lion(rule::Lion {
            rate: T::of(rate),
            fade_1: T::of(1.0 - self.beta_1),
            fade_2: T::of(1.0 - self.beta_2),
            keep: T::of(keep),
            settles: settles(update),
        })
    }

    fn check_own(&self) -> Result<()> {
        let ok = self.beta_1 > 0.0 && self.beta_1 <= 1.0;
        check("beta_1", "above 0 and at most 1", self.beta_1, ok)?;
        check_share("beta_2", self.beta_2)
    }
}
