//! A learning rate that falls when nothing gets better any more.

use super::monitor::{Monitor, monitor_settings};
use super::{Callback, EpochEnd, TrainBegin};
use crate::error::{Error, Result};
#[cfg(feature = "std")]
use crate::training::{StateReader, StateWriter};
use alloc::string::ToString;

/// Multiplies the learning rate by a factor whenever a value has not become better for some epochs:
/// Keras' `ReduceLROnPlateau`.
///
/// ```
/// use plywood::prelude::*;
/// let callback = ReduceLrOnPlateau::new().factor(0.2).patience(5).min_lr(1e-5);
/// ```
#[doc(alias = "ReduceLROnPlateau")]
#[derive(Clone, Debug)]
pub struct ReduceLrOnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    waited: usize,
    /// Epochs that are left of the last cooldown.
    cooling: usize,
}

impl ReduceLrOnPlateau {
    /// Watches `val_loss`, or `loss` if nothing is validated: a factor of 0.1 after 10 epochs that
    /// were not better by 1e-4, no cooldown, and no least rate.
    pub fn new() -> Self {
        Self {
            monitor: Monitor::new(1e-4),
            factor: 0.1,
            patience: 10,
            cooldown: 0,
            min_lr: 0.0,
            waited: 0,
            cooling: 0,
        }
    }

    /// What the rate is multiplied by: at least 0 and below 1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// After how many epochs without getting better the rate falls.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// For how many epochs after that nothing is counted.
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The rate never falls below this one.
    pub fn min_lr(mut self, rate: f64) -> Self {
        self.min_lr = rate;
        self
    }
}

monitor_settings!(ReduceLrOnPlateau);

impl Default for ReduceLrOnPlateau {
    fn default() -> Self {
        Self::new()
    }
}

impl Callback for ReduceLrOnPlateau {
    fn on_train_begin(&mut self, begin: &mut TrainBegin<'_>) -> Result<()> {
        (self.waited, self.cooling) = (0, 0);
        let bad = |name, expected, found: f64| {
            Err(Error::BadArgument {
                name,
                expected,
                found: found.to_string(),
            })
        };
        if !(0.0..1.0).contains(&self.factor) {
            return bad("factor", "at least 0 and below 1", self.factor);
        }
        if !(self.min_lr.is_finite() && self.min_lr >= 0.0) {
            return bad("min_lr", "a finite number, 0 or more", self.min_lr);
        }
        self.monitor.begin("ReduceLrOnPlateau", begin)
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<()> {
        if self.cooling > 0 {
            self.cooling -= 1;
            self.waited = 0;
        }
        if self.monitor.is_better(end) {
            self.waited = 0;
        } else if self.cooling == 0 {
            // (A checkpoint may say any number.)
            self.waited = self.waited.saturating_add(1);
            if self.waited >= self.patience && end.learning_rate > self.min_lr {
                end.learning_rate = (end.learning_rate * self.factor).max(self.min_lr);
                self.cooling = self.cooldown;
                self.waited = 0;
            }
        }
        Ok(())
    }

    #[cfg(feature = "std")]
    fn save_state(&self, state: &mut StateWriter) -> Result<()> {
        self.monitor.save_state(state);
        state.u64(self.waited as u64);
        state.u64(self.cooling as u64);
        Ok(())
    }

    #[cfg(feature = "std")]
    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<()> {
        self.monitor.load_state(state)?;
        self.waited = state.count()?;
        self.cooling = state.count()?;
        Ok(())
    }
}
