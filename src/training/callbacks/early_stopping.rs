//! The end of a training that no longer gets better.

use super::monitor::{Monitor, monitor_settings};
use super::{Callback, EpochEnd, ModelWeights, SavedWeights, TrainBegin};
use crate::error::Result;
#[cfg(feature = "std")]
use crate::training::{StateReader, StateWriter};

/// Ends a training that no longer gets better: Keras' `EarlyStopping`.
///
/// ```
/// use plywood::prelude::*;
/// let callback = EarlyStopping::new().monitor("val_accuracy").patience(3).restore_best_weights(true);
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    restore_best_weights: bool,
    saved: Option<SavedWeights>,
    waited: usize,
}

impl EarlyStopping {
    /// Watches `val_loss`, or `loss` if nothing is validated, with no patience.
    pub fn new() -> Self {
        Self {
            monitor: Monitor::new(0.0),
            patience: 0,
            restore_best_weights: false,
            saved: None,
            waited: 0,
        }
    }

    /// How many epochs may pass without getting better.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Whether the model ends with the weights of its best epoch.
    pub fn restore_best_weights(mut self, restore: bool) -> Self {
        self.restore_best_weights = restore;
        self
    }
}

monitor_settings!(EarlyStopping);

impl Default for EarlyStopping {
    fn default() -> Self {
        Self::new()
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, begin: &mut TrainBegin<'_>) -> Result<()> {
        self.saved = None;
        self.waited = 0;
        self.monitor.begin("EarlyStopping", begin)
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<()> {
        if self.monitor.is_better(end) {
            self.waited = 0;
            if self.restore_best_weights {
                self.saved = Some(end.model.save());
            }
            return Ok(());
        }
        // (A checkpoint may say any number.)
        self.waited = self.waited.saturating_add(1);
        if self.waited >= self.patience {
            end.stop = true;
        }
        Ok(())
    }

    fn on_train_end(&mut self, model: &mut ModelWeights<'_>) -> Result<()> {
        if let Some(saved) = &self.saved {
            model.restore(saved);
        }
        Ok(())
    }

    #[cfg(feature = "std")]
    fn save_state(&self, state: &mut StateWriter) -> Result<()> {
        self.monitor.save_state(state);
        state.u64(self.waited as u64);
        state.weights(self.saved.as_ref());
        Ok(())
    }

    #[cfg(feature = "std")]
    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<()> {
        self.monitor.load_state(state)?;
        self.waited = state.count()?;
        self.saved = state.weights()?;
        Ok(())
    }
}
