//! A learning rate that follows a plan.

use super::{Callback, EpochBegin};
use crate::error::Result;

/// Sets the learning rate of each epoch when it begins: Keras' `LearningRateScheduler`.
///
/// ```
/// use plywood::prelude::*;
/// // Half as fast every ten epochs.
/// let halve = |epoch, rate| if epoch > 0 && epoch % 10 == 0 { rate / 2.0 } else { rate };
/// let callback = LearningRateScheduler::new(halve);
/// ```
#[derive(Clone, Debug)]
pub struct LearningRateScheduler<F>(F);

impl<F: FnMut(usize, f64) -> f64> LearningRateScheduler<F> {
    /// `schedule(epoch, rate)` gives the rate of an epoch, counted from 0 as in Keras, before which
    /// `rate` was the rate.
    pub fn new(schedule: F) -> Self {
        Self(schedule)
    }
}

impl<F: FnMut(usize, f64) -> f64> Callback for LearningRateScheduler<F> {
    fn on_epoch_begin(&mut self, begin: &mut EpochBegin<'_>) -> Result<()> {
        begin.learning_rate = (self.0)(begin.epoch - 1, begin.learning_rate);
        Ok(())
    }
}
