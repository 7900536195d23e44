//! Adam, and Adam with weight decay.

use super::{Optimizer, check_epsilon, check_positive, check_rate, check_share, settings};
use crate::error::Result;
use crate::kernels::rule::{self, Rule};
use crate::math::Real;

/// Adam (Kingma and Ba, 2014), in Keras' form:
/// `m += (1 - beta_1)(g - m)`, `v += (1 - beta_2)(g^2 - v)`,
/// `w -= rate sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)` at step t.
///
/// ```
/// use plywood::prelude::*;
/// let adam = Adam::new(0.001).beta_1(0.9).beta_2(0.999).epsilon(1e-7);
/// ```
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    weight_decay: f64,
}

impl Adam {
    /// With this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            rate: learning_rate,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.0,
        }
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Adam {
    /// How much of the mean gradient is kept; 0.9 by default.
    beta_1: f64,
    /// How much of the mean square is kept; 0.999 by default.
    beta_2: f64,
    /// Keeps the quotient finite; 1e-7 by default.
    epsilon: f64,
    /// Decoupled weight decay; 0 by default.
    weight_decay: f64,
});

/// `x^n`, by squaring: the same bits everywhere.
fn power(mut x: f64, mut n: u64) -> f64 {
    let mut result = 1.0;
    while n > 0 {
        if n & 1 == 1 {
            result *= x;
        }
        x *= x;
        n >>= 1;
    }
    result
}

#[diagnostic::do_not_recommend]
impl Optimizer for Adam {
    fn rule<T: Real>(&self, step: u64) -> Rule<T> {
        let correction = num_traits::Float::sqrt(1.0 - power(self.beta_2, step))
            / (1.0 - power(self.beta_1, step));
        Rule::Adam(rule::Adam {
            rate: T::of(self.rate * correction),
            fade_1: T::of(1.0 - self.beta_1),
            fade_2: T::of(1.0 - self.beta_2),
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
        check_share("beta_1", self.beta_1)?;
        check_share("beta_2", self.beta_2)?;
        check_epsilon(self.epsilon)?;
        check_positive("weight_decay", self.weight_decay)
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2017), 0.004 by default.
///
/// ```
/// use plywood::prelude::*;
/// let adamw = AdamW::new(0.001).weight_decay(0.01);
/// ```
#[derive(Clone, Debug)]
pub struct AdamW(Adam);

impl AdamW {
    /// With this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self(Adam::new(learning_rate).weight_decay(0.004))
    }

    /// How much of the mean gradient is kept; 0.9 by default.
    pub fn beta_1(self, beta_1: f64) -> Self {
        Self(self.0.beta_1(beta_1))
    }

    /// How much of the mean square is kept; 0.999 by default.
    pub fn beta_2(self, beta_2: f64) -> Self {
        Self(self.0.beta_2(beta_2))
    }

    /// Keeps the quotient finite; 1e-7 by default.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Self(self.0.epsilon(epsilon))
    }

    /// Decoupled weight decay: every step takes `rate * weight_decay` of each weight.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self(self.0.weight_decay(weight_decay))
    }
}

impl Default for AdamW {
    fn default() -> Self {
        Self::new(0.001)
    }
}

#[diagnostic::do_not_recommend]
impl Optimizer for AdamW {
    fn rule<T: Real>(&self, step: u64) -> Rule<T> {
        self.0.rule(step)
    }

    fn learning_rate(&self) -> f64 {
        self.0.learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.0.set_learning_rate(rate);
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }
}
