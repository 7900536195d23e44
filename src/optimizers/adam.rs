//! Adam, and Adam with weight decay.

use super::{Common, Optimizer, check_epsilon, check_share, has_common, optimizer, power};
use crate::error::Result;
use crate::kernels::rule::{self, Fused, Rule, settles};
use crate::math::Real;

optimizer! {
    /// Adam (Kingma and Ba, 2014), in Keras' form:
    /// `m += (1 - beta_1)(g - m)`, `v += (1 - beta_2)(g^2 - v)`,
    /// `w -= rate sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)` at step t.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let adam = Adam::new(0.001).beta_1(0.9).beta_2(0.999).epsilon(1e-7);
    /// ```
    Adam(learning_rate = 0.001, weight_decay = 0.0) {
        /// How much of the mean gradient is kept; 0.9 by default.
        beta_1: f64 = 0.9,
        /// How much of the mean square is kept; 0.999 by default.
        beta_2: f64 = 0.999,
        /// Keeps the quotient finite; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

optimizer! {
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2017), 0.004 by default.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// let adamw = AdamW::new(0.001).weight_decay(0.01);
    /// ```
    AdamW(learning_rate = 0.001, weight_decay = 0.004) {
        /// How much of the mean gradient is kept; 0.9 by default.
        beta_1: f64 = 0.9,
        /// How much of the mean square is kept; 0.999 by default.
        beta_2: f64 = 0.999,
        /// Keeps the quotient finite; 1e-7 by default.
        epsilon: f64 = 1e-7,
    }
}

fn rule<T: Real>(common: &Common, betas: [f64; 2], epsilon: f64, update: u64) -> Rule<T> {
    let (rate, keep) = common.rate_and_keep(update);
    let [unseen_1, unseen_2] = betas.map(|beta| 1.0 - power(beta, update));
    let correction = num_traits::Float::sqrt(unseen_2) / unseen_1;
    Rule::Fused(Fused::Adam(rule::Adam {
        rate: T::of(rate * correction),
        fade_1: T::of(1.0 - betas[0]),
        fade_2: T::of(1.0 - betas[1]),
        epsilon: T::of(epsilon),
        keep: T::of(keep),
        settles: settles(update),
    }))
}

macro_rules! adam {
    ($name:ident) => {
        #[diagnostic::do_not_recommend]
        impl Optimizer for $name {
            has_common!();

            fn rule<T: Real>(&self, update: u64) -> Rule<T> {
                let betas = [self.beta_1, self.beta_2];
                rule(&self.common, betas, self.epsilon, update)
            }

            fn check_own(&self) -> Result<()> {
                check_share("beta_1", self.beta_1)?;
                check_share("beta_2", self.beta_2)?;
                check_epsilon(self.epsilon)
            }
        }
    };
}
adam!(Adam);
adam!(AdamW);
