//! Optimisers, by Keras' formulas and defaults.
//!
//! | optimiser | defaults | a step |
//! | --- | --- | --- |
//! | [`Sgd`] | learning rate 0.01, momentum 0 | `v = momentum v - rate g; w += v` |
//! | [`Adam`] | 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7 | `w -= rate_t m / (sqrt(v) + epsilon)` |
//! | [`AdamW`] | the same, weight_decay 0.004 | the same, with decay |
//! | [`Adamax`] | as Adam | `w -= rate_t m / (u + epsilon)`, u the largest gradient, fading |
//! | [`Nadam`] | as Adam | Adam with Nesterov's look-ahead |
//! | [`RmsProp`] | 0.001, rho 0.9, momentum 0, epsilon 1e-7 | `w -= rate g / sqrt(v + epsilon)` |
//! | [`Adagrad`] | 0.001, initial_accumulator_value 0.1, epsilon 1e-7 | `v += g^2; w -= rate g / sqrt(v + epsilon)` |
//! | [`Adadelta`] | 0.001, rho 0.95, epsilon 1e-7 | `w -= rate d`, d as long as steps were lately |
//! | [`Lion`] | 0.001, beta_1 0.9, beta_2 0.99 | `w -= rate sign(beta_1 m + (1 - beta_1) g)` |
//!
//! A learning rate is a number, or one of the [`schedules`], which gives it for every step.
//!
//! # What all of them can do
//!
//! | setting | meaning |
//! | --- | --- |
//! | `weight_decay(d)` | Keras' decoupled one: before each step, every weight loses `rate d` of itself |
//! | `clipvalue(v)` | gradients are kept between `-v` and `v` |
//! | `clipnorm(n)` | the gradient of each tensor is made shorter where it is longer than n |
//! | `global_clipnorm(n)` | the same for the gradient of all tensors together |
//! | `gradient_accumulation_steps(n)` | weights move every n steps, by the mean of n gradients |
//! | `use_ema(true)` | a training ends with a moving average of the weights |
//!
//! Without one of the last five, a gradient meets the optimiser in registers, and is never written to
//! memory. With one of them, a step stores all gradients first; it takes a number more for each weight,
//! and another one for the moving average.
//!
//! `Sgd::l2(c)` is the coupled decay, PyTorch's `weight_decay`: `g += c w`, after clipping.

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod common;
mod lion;
mod nadam;
mod rms_prop;
pub mod schedules;
mod sgd;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub use common::Common;
pub use lion::Lion;
pub use nadam::Nadam;
pub use rms_prop::RmsProp;
pub use schedules::{IntoLearningRate, LearningRate};
pub use sgd::Sgd;

use crate::error::{Result, check, check_share};
use crate::kernels::rule::Rule;
use crate::math::Real;
use core::fmt::Debug;

/// An optimiser: settings that make a [`Rule`] for every update. Checkpoints know it by what its `Debug`
/// says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimiser",
    label = "not an optimiser, such as `Sgd::new(0.1)`"
)]
pub trait Optimizer: Send + Debug {
    /// The rule of update `update` of the weights, counted from 1: always the same one, with other
    /// numbers. (An update is a step, unless gradients are accumulated.)
    fn rule<T: Real>(&self, update: u64) -> Rule<T>;
    /// The rule of all updates, where it is the same for all of them: then it need not be made anew for
    /// each.
    fn lasting_rule<T: Real>(&self) -> Option<Rule<T>> {
        None
    }
    /// The settings that all optimisers have.
    fn common(&self) -> &Common;
    /// The same, to be changed.
    fn common_mut(&mut self) -> &mut Common;
    /// Whether its own settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for the first one that is not.
    fn check_own(&self) -> Result<()>;

    /// Whether all settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for the first one that is not.
    fn check(&self) -> Result<()> {
        self.common().check()?;
        self.check_own()
    }
}

fn check_positive(name: &'static str, x: f64) -> Result<()> {
    let ok = x.is_finite() && x >= 0.0;
    check(name, "a finite number, 0 or more", x, ok)
}

fn check_above_zero(name: &'static str, x: f64) -> Result<()> {
    let ok = x.is_finite() && x > 0.0;
    check(name, "a finite number above 0", x, ok)
}

/// (With 0, weights whose gradient is always 0 would become NaN.)
fn check_epsilon(epsilon: f64) -> Result<()> {
    check_above_zero("epsilon", epsilon)
}

fn check_count(name: &'static str, count: u64) -> Result<()> {
    check(name, "at least 1", count, count > 0)
}

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

/// A method for each setting.
macro_rules! settings {
    ($owner:ident { $($(#[$doc:meta])* $name:ident: $t:ty),* $(,)? }) => {
        impl $owner {
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

/// An optimiser's struct, with its defaults and the methods for its settings: its own ones, and
/// those that all optimisers have.
macro_rules! optimizer {
    (
        $(#[$doc:meta])*
        $name:ident(learning_rate = $rate:literal, weight_decay = $decay:literal) {
            $($(#[$field_doc:meta])* $field:ident: $t:ty = $default:expr,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            common: $crate::optimizers::Common,
            $($field: $t,)*
        }

        impl $name {
            /// With this learning rate, or one of the [`schedules`](crate::optimizers::schedules).
            pub fn new(learning_rate: impl $crate::optimizers::IntoLearningRate) -> Self {
                let learning_rate = learning_rate.into_learning_rate();
                let common = $crate::optimizers::Common::new(learning_rate, $decay);
                Self { common, $($field: $default,)* }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new($rate)
            }
        }

        $crate::optimizers::settings!($name { $($(#[$field_doc])* $field: $t,)* });
        $crate::optimizers::common::settings!($name);
    };
}
use optimizer;

/// How an optimiser gives its [`Common`] settings, inside `impl Optimizer`.
macro_rules! has_common {
    () => {
        #[inline(always)]
        fn common(&self) -> &$crate::optimizers::Common {
            &self.common
        }

        fn common_mut(&mut self) -> &mut $crate::optimizers::Common {
            &mut self.common
        }
    };
}
use has_common;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::exact;

    /// What is left of too small a number behind this update, whose gradient is zero.
    fn left(optimizer: &impl Optimizer, update: u64) -> [f32; 2] {
        let (mut w, mut slots) = ([0.0], [1e-32; 2]);
        let rule = optimizer.rule::<f32>(update);
        rule.apply(exact(), &mut w, &[0.0], &mut slots, 1);
        [0, 1].map(|slot| {
            if slot < rule.slots() {
                slots[slot]
            } else {
                0.0
            }
        })
    }

    fn settles_now_and_then(optimizer: impl Optimizer) {
        for update in [1, 63, 65, 100] {
            assert_ne!(
                left(&optimizer, update),
                [0.0; 2],
                "{update}, {optimizer:?}"
            );
        }
        for update in [64, 128, 6400] {
            assert_eq!(
                left(&optimizer, update),
                [0.0; 2],
                "{update}, {optimizer:?}"
            );
        }
        assert!(optimizer.lasting_rule::<f32>().is_none(), "{optimizer:?}");
    }

    #[test]
    fn what_fades_settles_now_and_then() {
        settles_now_and_then(Sgd::new(0.1).momentum(0.9));
        settles_now_and_then(Adam::new(0.1));
        settles_now_and_then(AdamW::new(0.1));
        settles_now_and_then(Adamax::new(0.1));
        settles_now_and_then(Nadam::new(0.1));
        settles_now_and_then(RmsProp::new(0.1).momentum(0.9));
        settles_now_and_then(Adadelta::new(0.1));
        settles_now_and_then(Lion::new(0.1));
    }
}
