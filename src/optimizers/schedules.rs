//! Learning rates that depend on the step, by Keras' formulas.
//!
//! A schedule stands where a learning rate does. In what follows, t is the number of steps taken before
//! (0 in the first), counting those that only accumulate gradients.
//!
//! | schedule | rate |
//! | --- | --- |
//! | [`ExponentialDecay`] | `initial decay_rate^(t / decay_steps)` |
//! | [`InverseTimeDecay`] | `initial / (1 + decay_rate t / decay_steps)` |
//! | [`PolynomialDecay`] | `(initial - end) (1 - t / decay_steps)^power + end` |
//! | [`CosineDecay`] | `initial ((1 - alpha) (1 + cos(pi t / decay_steps)) / 2 + alpha)` |
//! | [`PiecewiseConstantDecay`] | one of a list |
//!
//! ```
//! use plywood::prelude::*;
//! let sgd = Sgd::new(ExponentialDecay::new(0.1, 1000, 0.96).staircase(true)).momentum(0.9);
//! let adam = Adam::new(CosineDecay::new(0.0, 10_000).warmup_target(0.001).warmup_steps(500));
//! ```

use super::{check, check_count, check_positive, settings};
use crate::error::Result;
use alloc::vec::Vec;
use core::f64::consts::PI;

/// A learning rate: a number, or a schedule.
#[derive(Clone, Debug, PartialEq)]
pub enum LearningRate {
    /// The same in all steps, until it is set.
    Constant(f64),
    /// See [`ExponentialDecay`].
    ExponentialDecay(ExponentialDecay),
    /// See [`InverseTimeDecay`].
    InverseTimeDecay(InverseTimeDecay),
    /// See [`PolynomialDecay`].
    PolynomialDecay(PolynomialDecay),
    /// See [`CosineDecay`].
    CosineDecay(CosineDecay),
    /// See [`PiecewiseConstantDecay`].
    PiecewiseConstantDecay(PiecewiseConstantDecay),
}

/// What an optimiser takes as its learning rate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a learning rate",
    label = "neither a number, such as `0.1`, nor a schedule, such as `ExponentialDecay`"
)]
pub trait IntoLearningRate {
    /// The same as a [`LearningRate`].
    fn into_learning_rate(self) -> LearningRate;
}

#[diagnostic::do_not_recommend]
impl IntoLearningRate for LearningRate {
    fn into_learning_rate(self) -> LearningRate {
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoLearningRate for f64 {
    fn into_learning_rate(self) -> LearningRate {
        LearningRate::Constant(self)
    }
}

macro_rules! learning_rates {
    ($($schedule:ident)*) => {
        impl LearningRate {
            /// The rate of the step before which so many have been taken.
            pub fn at(&self, steps: u64) -> f64 {
                match self {
                    Self::Constant(rate) => *rate,
                    $(Self::$schedule(schedule) => schedule.at(steps),)*
                }
            }

            pub(super) fn check(&self) -> Result<()> {
                match self {
                    Self::Constant(rate) => check_positive("learning_rate", *rate),
                    $(Self::$schedule(schedule) => schedule.check(),)*
                }
            }
        }
        $(
            #[diagnostic::do_not_recommend]
            impl IntoLearningRate for $schedule {
                fn into_learning_rate(self) -> LearningRate {
                    LearningRate::$schedule(self)
                }
            }
        )*
    };
}
learning_rates!(ExponentialDecay InverseTimeDecay PolynomialDecay CosineDecay PiecewiseConstantDecay);

/// Steps as a share of `decay_steps`; only whole ones, with `staircase`.
fn progress(steps: u64, decay_steps: u64, staircase: bool) -> f64 {
    let progress = steps as f64 / decay_steps as f64;
    if staircase {
        libm::floor(progress)
    } else {
        progress
    }
}

fn check_decay(initial: f64, decay_steps: u64) -> Result<()> {
    check_positive("initial_learning_rate", initial)?;
    check_count("decay_steps", decay_steps)
}

/// `initial decay_rate^(t / decay_steps)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExponentialDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    decay_rate: f64,
    staircase: bool,
}

impl ExponentialDecay {
    /// From `initial_learning_rate`, times `decay_rate` every `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64) -> Self {
        Self {
            initial_learning_rate,
            decay_steps,
            decay_rate,
            staircase: false,
        }
    }

    fn at(&self, steps: u64) -> f64 {
        let progress = progress(steps, self.decay_steps, self.staircase);
        self.initial_learning_rate * libm::pow(self.decay_rate, progress)
    }

    fn check(&self) -> Result<()> {
        check_decay(self.initial_learning_rate, self.decay_steps)?;
        check_positive("decay_rate", self.decay_rate)
    }
}

settings!(ExponentialDecay {
    /// Whether the rate stays the same for `decay_steps` steps each.
    staircase: bool,
});

/// `initial / (1 + decay_rate t / decay_steps)`.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseTimeDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    decay_rate: f64,
    staircase: bool,
}

impl InverseTimeDecay {
    /// From `initial_learning_rate`, to `1 / (1 + decay_rate)` of it after `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64) -> Self {
        Self {
            initial_learning_rate,
            decay_steps,
            decay_rate,
            staircase: false,
        }
    }

    fn at(&self, steps: u64) -> f64 {
        let progress = progress(steps, self.decay_steps, self.staircase);
        self.initial_learning_rate / (1.0 + self.decay_rate * progress)
    }

    fn check(&self) -> Result<()> {
        check_decay(self.initial_learning_rate, self.decay_steps)?;
        check_positive("decay_rate", self.decay_rate)
    }
}

settings!(InverseTimeDecay {
    /// Whether the rate stays the same for `decay_steps` steps each.
    staircase: bool,
});

/// `(initial - end) (1 - t / decay_steps)^power + end`, and `end` after `decay_steps` steps.
#[derive(Clone, Debug, PartialEq)]
pub struct PolynomialDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    end_learning_rate: f64,
    power: f64,
    cycle: bool,
}

impl PolynomialDecay {
    /// From `initial_learning_rate`, in a line down to 0.0001 after `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64) -> Self {
        Self {
            initial_learning_rate,
            decay_steps,
            end_learning_rate: 0.0001,
            power: 1.0,
            cycle: false,
        }
    }

    fn at(&self, steps: u64) -> f64 {
        let decay_steps = self.decay_steps as f64;
        let progress = if self.cycle {
            // As many times as long as it takes to hold all steps so far.
            let times = steps.div_ceil(self.decay_steps).max(1);
            steps as f64 / (decay_steps * times as f64)
        } else {
            steps.min(self.decay_steps) as f64 / decay_steps
        };
        let span = self.initial_learning_rate - self.end_learning_rate;
        span * libm::pow(1.0 - progress, self.power) + self.end_learning_rate
    }

    fn check(&self) -> Result<()> {
        check_decay(self.initial_learning_rate, self.decay_steps)?;
        check_positive("end_learning_rate", self.end_learning_rate)?;
        check_positive("power", self.power)
    }
}

settings!(PolynomialDecay {
    /// The rate after `decay_steps` steps; 0.0001 by default.
    end_learning_rate: f64,
    /// 1, a line, by default.
    power: f64,
    /// Whether it begins anew after `decay_steps` steps, each time for one more of `decay_steps`, as if
    /// it had been so long from the beginning.
    cycle: bool,
});

/// `initial ((1 - alpha) (1 + cos(pi t / decay_steps)) / 2 + alpha)`, and `alpha initial` after
/// `decay_steps` steps (Loshchilov and Hutter, 2016).
///
/// With a [`warmup_target`](Self::warmup_target), the rate first goes in a line from `initial` to that
/// target, in `warmup_steps` steps, and decays from there.
#[derive(Clone, Debug, PartialEq)]
pub struct CosineDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    alpha: f64,
    warmup_target: Option<f64>,
    warmup_steps: u64,
}

impl CosineDecay {
    /// From `initial_learning_rate`, down to 0 in `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64) -> Self {
        Self {
            initial_learning_rate,
            decay_steps,
            alpha: 0.0,
            warmup_target: None,
            warmup_steps: 0,
        }
    }

    /// Where the warm-up ends and the decay begins.
    pub fn warmup_target(mut self, rate: f64) -> Self {
        self.warmup_target = Some(rate);
        self
    }

    fn at(&self, steps: u64) -> f64 {
        let initial = self.initial_learning_rate;
        let (peak, steps) = match self.warmup_target {
            None => (initial, steps),
            Some(target) if steps < self.warmup_steps => {
                return (target - initial) * (steps as f64 / self.warmup_steps as f64) + initial;
            }
            Some(target) => (target, steps - self.warmup_steps),
        };
        let progress = steps.min(self.decay_steps) as f64 / self.decay_steps as f64;
        let decayed = 0.5 * (1.0 + libm::cos(PI * progress));
        peak * ((1.0 - self.alpha) * decayed + self.alpha)
    }

    fn check(&self) -> Result<()> {
        check_decay(self.initial_learning_rate, self.decay_steps)?;
        check_positive("alpha", self.alpha)?;
        check_positive("warmup_target", self.warmup_target.unwrap_or(0.0))
    }
}

settings!(CosineDecay {
    /// The share of the rate that is left in the end; 0 by default.
    alpha: f64,
    /// How many steps the warm-up takes, if there is a [`warmup_target`](Self::warmup_target).
    warmup_steps: u64,
});

/// The first value as long as t is at most the first boundary, then the second, ..., and the last
/// value after the last boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct PiecewiseConstantDecay {
    boundaries: Vec<u64>,
    values: Vec<f64>,
}

impl PiecewiseConstantDecay {
    /// One value more than there are boundaries, which ascend.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// // 0.1 for t up to 1000, 0.01 up to 5000, 0.001 from there on.
    /// let rate = PiecewiseConstantDecay::new([1000, 5000], [0.1, 0.01, 0.001]);
    /// let sgd = Sgd::new(rate);
    /// ```
    pub fn new(boundaries: impl Into<Vec<u64>>, values: impl Into<Vec<f64>>) -> Self {
        Self {
            boundaries: boundaries.into(),
            values: values.into(),
        }
    }

    fn at(&self, steps: u64) -> f64 {
        let index = self
            .boundaries
            .partition_point(|&boundary| boundary < steps);
        self.values.get(index).copied().unwrap_or(0.0)
    }

    fn check(&self) -> Result<()> {
        let expected = "one more than there are boundaries";
        let count = self.values.len();
        let fits = count == self.boundaries.len() + 1;
        check("the number of values", expected, count, fits)?;
        for pair in self.boundaries.windows(2) {
            let expected = "above the boundary before it";
            check("a boundary", expected, pair[1], pair[0] < pair[1])?;
        }
        self.values
            .iter()
            .try_for_each(|&value| check_positive("learning_rate", value))
    }
}
