//! Gradient descent, with or without momentum.

use super::{Optimizer, check_positive, check_rate, check_share, settings};
use crate::error::Result;
use crate::kernels::rule::{self, Rule};
use crate::math::Real;

/// Stochastic gradient descent: `v = momentum v - rate g; w += v`, with Nesterov's look-ahead
/// `w += momentum v - rate g`.
///
/// ```
/// use plywood::prelude::*;
/// let sgd = Sgd::new(0.01).momentum(0.9).nesterov(true).weight_decay(1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct Sgd {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    l2: f64,
}

impl Sgd {
    /// With this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            rate: learning_rate,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            l2: 0.0,
        }
    }
}

impl Default for Sgd {
    fn default() -> Self {
        Self::new(0.01)
    }
}

settings!(Sgd {
    /// How much of the last step is kept; 0 by default.
    momentum: f64,
    /// Whether to look ahead; needs momentum.
    nesterov: bool,
    /// Decoupled weight decay: every step takes `rate * weight_decay` of each weight.
    weight_decay: f64,
    /// Coupled penalty: the gradient grows by `l2 * w`.
    l2: f64,
});

#[diagnostic::do_not_recommend]
impl Optimizer for Sgd {
    #[inline(always)]
    fn rule<T: Real>(&self, _: u64) -> Rule<T> {
        let (rate, l2) = (T::of(self.rate), T::of(self.l2));
        let keep = T::of(1.0 - self.rate * self.weight_decay);
        if self.momentum == 0.0 {
            Rule::Sgd(rule::Sgd { rate, l2, keep })
        } else {
            Rule::Momentum(rule::Momentum {
                rate,
                momentum: T::of(self.momentum),
                nesterov: self.nesterov,
                l2,
                keep,
            })
        }
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn check(&self) -> Result<()> {
        check_rate(self.rate)?;
        check_share("momentum", self.momentum)?;
        check_positive("weight_decay", self.weight_decay)?;
        check_positive("l2", self.l2)
    }
}
