//! The settings that all optimisers have.

use super::{LearningRate, check, check_above_zero, check_count, check_positive};
use crate::error::{Error, Result};

/// What all optimisers have: a learning rate, weight decay, and what happens to gradients before and to
/// weights after a step.
#[derive(Clone, Debug)]
pub struct Common {
    pub(super) learning_rate: LearningRate,
    pub(super) weight_decay: f64,
    pub(super) clipvalue: Option<f64>,
    pub(super) clipnorm: Option<f64>,
    pub(super) global_clipnorm: Option<f64>,
    pub(super) gradient_accumulation_steps: u64,
    pub(super) use_ema: bool,
    pub(super) ema_momentum: f64,
    pub(super) ema_overwrite_frequency: Option<u64>,
}

impl Common {
    /// Nothing but these two.
    pub fn new(learning_rate: LearningRate, weight_decay: f64) -> Self {
        Self {
            learning_rate,
            weight_decay,
            clipvalue: None,
            clipnorm: None,
            global_clipnorm: None,
            gradient_accumulation_steps: 1,
            use_ema: false,
            ema_momentum: 0.99,
            ema_overwrite_frequency: None,
        }
    }

    /// The learning rate of a step, counted from 1.
    pub fn learning_rate(&self, step: u64) -> f64 {
        self.learning_rate.at(step.saturating_sub(1))
    }

    /// Whether the learning rate is not the same for all steps.
    pub(crate) fn follows_schedule(&self) -> bool {
        !matches!(self.learning_rate, LearningRate::Constant(_))
    }

    /// Changes the learning rate.
    ///
    /// # Errors
    /// [`Error::ScheduledLearningRate`] if a schedule gives it, [`Error::BadArgument`] for a number
    /// that is none; it is then what it was.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        let LearningRate::Constant(own) = &mut self.learning_rate else {
            return Err(Error::ScheduledLearningRate { rate });
        };
        check_positive("learning_rate", rate)?;
        *own = rate;
        Ok(())
    }

    /// The learning rate of update `update`, counted from 1, and what it leaves of each weight: 1
    /// minus the weight decay.
    #[inline(always)]
    pub fn rate_and_keep(&self, update: u64) -> (f64, f64) {
        let rate = match self.learning_rate {
            LearningRate::Constant(rate) => rate,
            _ => self.learning_rate(update * self.gradient_accumulation_steps),
        };
        (rate, 1.0 - rate * self.weight_decay)
    }

    /// Whether gradients must be stored before weights can change.
    pub(crate) fn stores(&self) -> bool {
        self.clipvalue.is_some()
            || self.clipnorm.is_some()
            || self.global_clipnorm.is_some()
            || self.gradient_accumulation_steps > 1
            || self.use_ema
    }

    /// How many steps make an update.
    pub(crate) fn steps_an_update(&self) -> u64 {
        self.gradient_accumulation_steps
    }

    /// The largest size of a gradient.
    pub(crate) fn clipvalue(&self) -> f64 {
        self.clipvalue.unwrap_or(f64::INFINITY)
    }

    /// The longest gradient of a tensor.
    pub(crate) fn clipnorm(&self) -> Option<f64> {
        self.clipnorm
    }

    /// The longest gradient of all tensors together.
    pub(crate) fn global_clipnorm(&self) -> Option<f64> {
        self.global_clipnorm
    }

    /// Whether there is a moving average of the weights.
    pub(crate) fn uses_ema(&self) -> bool {
        self.use_ema
    }

    /// How much of the average is kept in a step whose weights are those of update `update`, counted
    /// from 1: nothing of the first one's.
    pub(crate) fn ema_momentum(&self, update: u64) -> f64 {
        if update > 1 { self.ema_momentum } else { 0.0 }
    }

    /// Whether the average then replaces the weights.
    pub(crate) fn overwrites(&self, update: u64) -> bool {
        let every = self.ema_overwrite_frequency;
        every.is_some_and(|every| update.is_multiple_of(every))
    }

    /// Whether all of them are in their ranges.
    pub(super) fn check(&self) -> Result<()> {
        self.learning_rate.check()?;
        check_positive("weight_decay", self.weight_decay)?;
        let clips = [
            ("clipvalue", self.clipvalue),
            ("clipnorm", self.clipnorm),
            ("global_clipnorm", self.global_clipnorm),
        ];
        let mut given = None;
        for (name, clip) in clips {
            let Some(clip) = clip else { continue };
            check_above_zero(name, clip)?;
            let expected = "the only one of clipvalue, clipnorm and global_clipnorm";
            check(name, expected, clip, given.is_none())?;
            given = Some(name);
        }
        check_count(
            "gradient_accumulation_steps",
            self.gradient_accumulation_steps,
        )?;
        let share = (0.0..=1.0).contains(&self.ema_momentum);
        check("ema_momentum", "from 0 to 1", self.ema_momentum, share)?;
        match self.ema_overwrite_frequency {
            Some(every) => check_count("ema_overwrite_frequency", every),
            None => Ok(()),
        }
    }
}

/// The methods of an optimiser for these settings.
macro_rules! settings {
    ($name:ident) => {
        impl $name {
            /// Decoupled weight decay: every step takes `rate * weight_decay` of each weight.
            pub fn weight_decay(mut self, weight_decay: f64) -> Self {
                self.common.weight_decay = weight_decay;
                self
            }

            /// Keeps every gradient between `-clipvalue` and `clipvalue`.
            pub fn clipvalue(mut self, clipvalue: f64) -> Self {
                self.common.clipvalue = Some(clipvalue);
                self
            }

            /// Shortens the gradient of each tensor to this length where it is longer:
            /// `g clipnorm / max(|g|, clipnorm)`.
            pub fn clipnorm(mut self, clipnorm: f64) -> Self {
                self.common.clipnorm = Some(clipnorm);
                self
            }

            /// Shortens the gradient of all tensors together to this length if it is longer.
            pub fn global_clipnorm(mut self, global_clipnorm: f64) -> Self {
                self.common.global_clipnorm = Some(global_clipnorm);
                self
            }

            /// Weights move only every so many steps, by the mean of their gradients: as one batch so
            /// many times as large would move them. 1 by default. Schedules go on with every step.
            pub fn gradient_accumulation_steps(mut self, steps: u64) -> Self {
                self.common.gradient_accumulation_steps = steps;
                self
            }

            /// Whether to keep an exponential moving average of the weights, which takes their place
            /// at the end of `fit`. It begins with the weights after the first update.
            pub fn use_ema(mut self, use_ema: bool) -> Self {
                self.common.use_ema = use_ema;
                self
            }

            /// How much of the average is kept in a step, with [`use_ema`](Self::use_ema):
            /// `average = ema_momentum average + (1 - ema_momentum) w`. 0.99 by default.
            pub fn ema_momentum(mut self, ema_momentum: f64) -> Self {
                self.common.ema_momentum = ema_momentum;
                self
            }

            /// Puts the average into the model every so many updates, too.
            pub fn ema_overwrite_frequency(mut self, updates: u64) -> Self {
                self.common.ema_overwrite_frequency = Some(updates);
                self
            }
        }
    };
}
pub(super) use settings;
