//! Optimisers, by Keras' formulas and defaults.
//!
//! | optimiser | defaults | a step |
//! | --- | --- | --- |
//! | [`Sgd`] | learning rate 0.01, momentum 0 | `v = momentum v - rate g; w += v` |
//! | [`Adam`] | 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7 | `w -= rate_t m / (sqrt(v) + epsilon)` |
//! | [`AdamW`] | the same, weight_decay 0.004 | the same, with decay |
//! | [`RmsProp`] | 0.001, rho 0.9, momentum 0, epsilon 1e-7 | `w -= rate g / sqrt(v + epsilon)` |
//!
//! `weight_decay(d)` is Keras' decoupled one: before each step, every weight loses `rate d` of itself.
//! `Sgd::l2(c)` is the coupled one, PyTorch's `weight_decay`: `g += c w`.

use crate::error::{Error, Result};
use crate::kernels::Rule;
use crate::math::Real;
use alloc::string::ToString;

/// An optimiser: settings that make a [`Rule`] for every step.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimiser",
    label = "not an optimiser, such as `Sgd::new(0.1)`"
)]
pub trait Optimizer: Send {
    /// The rule of step `step`, counted from 1.
    fn rule<T: Real>(&self, step: u64) -> Rule<T>;
    /// The learning rate.
    fn learning_rate(&self) -> f64;
    /// Changes the learning rate, for a schedule.
    fn set_learning_rate(&mut self, rate: f64);
    /// Whether all settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for the first one that is not.
    fn check(&self) -> Result<()>;
}

fn check(name: &'static str, expected: &'static str, found: f64, ok: bool) -> Result<()> {
    if ok {
        Ok(())
    } else {
        Err(Error::BadArgument {
            name,
            expected,
            found: found.to_string(),
        })
    }
}

fn check_rate(rate: f64) -> Result<()> {
    let ok = rate.is_finite() && rate >= 0.0;
    check("learning_rate", "a finite number, 0 or more", rate, ok)
}

fn check_share(name: &'static str, share: f64) -> Result<()> {
    check(
        name,
        "at least 0 and below 1",
        share,
        (0.0..1.0).contains(&share),
    )
}

fn check_positive(name: &'static str, x: f64) -> Result<()> {
    let ok = x.is_finite() && x >= 0.0;
    check(name, "a finite number, 0 or more", x, ok)
}

/// (With 0, weights whose gradient is always 0 would become NaN.)
fn check_epsilon(epsilon: f64) -> Result<()> {
    let ok = epsilon.is_finite() && epsilon > 0.0;
    check("epsilon", "a finite number above 0", epsilon, ok)
}

macro_rules! settings {
    ($optimizer:ident { $($(#[$doc:meta])* $name:ident: $t:ty),* $(,)? }) => {
        impl $optimizer {
            $(
                $(#[$doc])*
                pub fn $name(mut self, $name: $t) -> Self {
                    self.$name = $name;
                    self
                }
            )*
        }
    };
}

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
            Rule::Sgd { rate, l2, keep }
        } else {
            Rule::Momentum {
                rate,
                momentum: T::of(self.momentum),
                nesterov: self.nesterov,
                l2,
                keep,
            }
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
        Rule::Adam {
            rate: T::of(self.rate * correction),
            fade_1: T::of(1.0 - self.beta_1),
            fade_2: T::of(1.0 - self.beta_2),
            epsilon: T::of(self.epsilon),
            keep: T::of(1.0 - self.rate * self.weight_decay),
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

/// Keras' spelling of [`RmsProp`].
pub use self::RmsProp as RMSprop;

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
        Rule::RmsProp {
            rate: T::of(self.rate),
            rho: T::of(self.rho),
            momentum: T::of(self.momentum),
            epsilon: T::of(self.epsilon),
            keep: T::of(1.0 - self.rate * self.weight_decay),
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
        check_share("rho", self.rho)?;
        check_share("momentum", self.momentum)?;
        check_epsilon(self.epsilon)?;
        check_positive("weight_decay", self.weight_decay)
    }
}
