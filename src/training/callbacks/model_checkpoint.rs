//! Weights in files as a training goes on.

use super::monitor::{Monitor, monitor_settings};
use super::{Callback, EpochEnd, TrainBegin};
use crate::error::Result;
use crate::training::{StateReader, StateWriter};
use std::path::{Path, PathBuf};
use std::string::ToString;

/// Saves the model's weights at the end of each epoch, or of those that were better than all before:
/// Keras' `ModelCheckpoint`. (Whoever wants to go on with a training that was killed takes
/// [`BackupAndRestore`](crate::training::BackupAndRestore).)
///
/// The name says the format, as for `save_weights`: see [`files`](crate::files). `{epoch}` in it stands for
/// the number of the epoch, from 1 on; without it, each file takes the place of the last one, as a
/// whole.
///
/// ```
/// use plywood::prelude::*;
/// sequential! { struct Line: [1] => [1] { Dense(1) } }
///
/// # fn main() -> plywood::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("plywood-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("best.safetensors");
/// let mut model = Line::new(1);
/// let settings = Fit::new()
///     .epochs(3)
///     .validation_data(&[[3.0]], &[[6.0]])
///     .callback(ModelCheckpoint::new(&path).monitor("val_loss").save_best_only(true));
/// model.compile(Sgd::new(0.1), MeanSquaredError).fit(&[[1.0], [2.0]], &[[2.0], [4.0]], settings)?;
/// model.load_weights(&path)?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    path: PathBuf,
    monitor: Monitor,
    save_best_only: bool,
}

impl ModelCheckpoint {
    /// Saves to this file after every epoch.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            monitor: Monitor::new(0.0),
            save_best_only: false,
        }
    }

    /// Whether only those epochs count whose value was better than all before: that of `val_loss`, or of
    /// `loss` if nothing is validated, unless [`monitor`](Self::monitor) names another one.
    pub fn save_best_only(mut self, best: bool) -> Self {
        self.save_best_only = best;
        self
    }

    /// The file of an epoch.
    fn file(&self, epoch: usize) -> PathBuf {
        match self.path.to_str() {
            Some(path) => path.replace("{epoch}", &epoch.to_string()).into(),
            None => self.path.clone(),
        }
    }
}

monitor_settings!(ModelCheckpoint);

impl Callback for ModelCheckpoint {
    fn on_train_begin(&mut self, begin: &mut TrainBegin<'_>) -> Result<()> {
        // Now, and not after an hour.
        crate::files::check_name(&self.path)?;
        self.monitor.begin("ModelCheckpoint", begin)
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<()> {
        let better = self.monitor.is_better(end);
        if better || !self.save_best_only {
            end.model.save_to(&self.file(end.epoch))?;
        }
        Ok(())
    }

    fn save_state(&self, state: &mut StateWriter) -> Result<()> {
        self.monitor.save_state(state);
        Ok(())
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<()> {
        self.monitor.load_state(state)
    }
}
