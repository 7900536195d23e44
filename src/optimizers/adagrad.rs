//! Adagrad.

use super::{Optimizer, check_epsilon, check_positive, has_common, optimizer};
use crate::error::Result;
use crate::kernels::rule::{self, Rule};
use crate::math::Real;

optimizer! {
    /// Adagrad (Duchi, Hazan and Singer, 2011), in Keras' form: `v += g^2`,
    /// `w -= rate g / sqrt(v + epsilon)`, where v begins with `initial_accumulator_value`.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let adagrad = Adagrad::new(0.1).initial_accumulator_value(0.0);
    /// ```
    Adagrad(learning_rate = 0.001, weight_decay = 0.0) {
        /// The sum of squares before the first step; 0.1 by default.
        initial_accumulator_value: f64 = 0.1,
        /// Keeps the quotient finite; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for Adagrad {
    has_common!();

    fn rule<T: Real>(&self, update: u64) -> Rule<T> {
        let (rate, keep) = self.common.rate_and_keep(update);
        Rule::Adagrad(rule::Adagrad {
            rate: T::of(rate),
            epsilon: T::of(self.initial_accumulator_value + self.epsilon),
            keep: T::of(keep),
        })
    }

    fn check_own(&self) -> Result<()> {
        let value = self.initial_accumulator_value;
        check_positive("initial_accumulator_value", value)?;
        check_epsilon(self.epsilon)
    }
}
