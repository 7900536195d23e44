//! RMSprop.

use super::{Optimizer, check_epsilon, check_positive, check_rate, check_share, settings};
use crate::error::Result;
use crate::kernels::rule::{self, Rule};
use crate::math::Real;

/// RMSprop (Hinton, 2012), in Keras' form: `v = rho v + (1 - rho) g^2`,
/// `u = momentum u + rate g / sqrt(v + epsilon)`, `w -= u`.
///
/// ```
/// use plywood::prelude::*;
/// let rms_prop = RmsProp::new(0.001).rho(0.9).momentum(0.5);
/// ```
#[derive(Clone, Debug)]
pub struct RmsProp {
    rate: f64,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    weight_decay: f64,
}

impl RmsProp {
    /// With this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            rate: learning_rate,
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
            weight_decay: 0.0,
        }
    }
}

impl Default for RmsProp {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(RmsProp {
    /// How much of the mean square is kept; 0.9 by default.
    rho: f64,
    /// How much of the last step is kept; 0 by default.
    momentum: f64,
    /// Keeps the quotient finite; 1e-7 by default.
    epsilon: f64,
    /// Decoupled weight decay; 0 by default.
    weight_decay: f64,
});

#[diagnostic::do_not_recommend]
impl Optimizer for RmsProp {
    fn rule<T: Real>(&self, _: u64) -> Rule<T> {
        Rule::RmsProp(rule::RmsProp {
            rate: T::of(self.rate),
            rho: T::of(self.rho),
            momentum: T::of(self.momentum),
            epsilon: T::of(self.epsilon),
            keep: T::of(1.0 - self.rate * self.weight_decay),
        })
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn check(&self) -> Result<()> {
        check_rate(self.rate)?;
        check_share("rho", self.rho)?;
        check_share("momentum", self.momentum)?;
        check_epsilon(self.epsilon)?;
        check_positive("weight_decay", self.weight_decay)
    }
}
