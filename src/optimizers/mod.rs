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

mod adam;
mod rms_prop;
mod sgd;

pub use adam::{Adam, AdamW};
pub use rms_prop::RmsProp;
pub use sgd::Sgd;

use crate::error::{Result, check, check_share};
use crate::kernels::rule::Rule;
use crate::math::Real;

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
    /// [`Error::BadArgument`](crate::Error::BadArgument) for the first one that is not.
    fn check(&self) -> Result<()>;
}

fn check_rate(rate: f64) -> Result<()> {
    let ok = rate.is_finite() && rate >= 0.0;
    check("learning_rate", "a finite number, 0 or more", rate, ok)
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
use settings;
