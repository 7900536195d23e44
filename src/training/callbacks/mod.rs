//! What happens before, between and after the epochs of a training.

#[cfg(feature = "std")]
mod backup_and_restore;
#[cfg(feature = "std")]
mod csv_logger;
mod early_stopping;
mod lambda;
mod learning_rate_scheduler;
#[cfg(feature = "std")]
mod model_checkpoint;
mod model_weights;
mod monitor;
mod reduce_lr_on_plateau;
mod terminate_on_nan;

#[cfg(feature = "std")]
pub use backup_and_restore::BackupAndRestore;
#[cfg(feature = "std")]
pub use csv_logger::CsvLogger;
pub use early_stopping::EarlyStopping;
pub use lambda::LambdaCallback;
pub use learning_rate_scheduler::LearningRateScheduler;
#[cfg(feature = "std")]
pub use model_checkpoint::ModelCheckpoint;
pub use model_weights::{ModelWeights, SavedWeights};
pub use monitor::Mode;
pub use reduce_lr_on_plateau::ReduceLrOnPlateau;
pub use terminate_on_nan::TerminateOnNan;

use super::History;
#[cfg(feature = "std")]
use super::{StateReader, StateWriter};
use crate::error::{Error, Result};
use alloc::string::String;

/// Something to call as a training goes on. A closure `|end: &mut EpochEnd<'_>| ...` is one, too: it
/// is called at the end of each epoch.
///
/// Whatever a method does not return as `Ok` ends the training, and is what `fit` returns. The model
/// keeps the weights that it has at that moment. Callbacks are called in the order in which they were
/// given.
///
/// ```
/// use plywood::prelude::*;
/// use plywood::training::{Callback, EpochEnd};
///
/// /// Stops when the loss is low enough.
/// struct Enough(f64);
/// impl Callback for Enough {
///     fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> plywood::Result<()> {
///         if end.history.loss.last().is_some_and(|&loss| loss < self.0) {
///             end.stop = true;
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Callback {
    /// The training begins.
    ///
    /// # Errors
    /// Any: `fit` ends with it before the first step.
    fn on_train_begin(&mut self, _begin: &mut TrainBegin<'_>) -> Result<()> {
        Ok(())
    }

    /// An epoch begins.
    ///
    /// # Errors
    /// Any: `fit` ends with it.
    fn on_epoch_begin(&mut self, _begin: &mut EpochBegin<'_>) -> Result<()> {
        Ok(())
    }

    /// An epoch is over, and validated.
    ///
    /// # Errors
    /// Any: `fit` ends with it.
    fn on_epoch_end(&mut self, _end: &mut EpochEnd<'_>) -> Result<()> {
        Ok(())
    }

    /// The loss has become NaN or infinite, and the model is back at its last good weights. With
    /// `true` the training ends as if it were complete, with `false` (unless another callback says
    /// `true`) with this error, an [`Error::NonFiniteLoss`].
    fn on_non_finite_loss(&mut self, _error: &Error) -> bool {
        false
    }

    /// The training is over. (It is not called if it ends with an error.)
    ///
    /// # Errors
    /// Any: `fit` ends with it.
    fn on_train_end(&mut self, _model: &mut ModelWeights<'_>) -> Result<()> {
        Ok(())
    }

    /// Writes down what it knows, for a checkpoint of [`BackupAndRestore`]. It is asked when an epoch
    /// begins. A callback that writes nothing is not asked to
    /// [`load_state`](Self::load_state) either.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// use plywood::training::{Callback, EpochEnd, StateReader, StateWriter};
    ///
    /// /// Stops after so many epochs that were worse than the one before.
    /// struct Worse { left: u64, last: f64 }
    /// impl Callback for Worse {
    ///     fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> plywood::Result<()> {
    ///         let loss = end.value("loss").unwrap_or(f64::NAN);
    ///         self.left -= u64::from(loss > self.last && self.left > 0);
    ///         self.last = loss;
    ///         end.stop = self.left == 0;
    ///         Ok(())
    ///     }
    ///     fn save_state(&self, state: &mut StateWriter) -> plywood::Result<()> {
    ///         state.u64(self.left);
    ///         state.f64(self.last);
    ///         Ok(())
    ///     }
    ///     fn load_state(&mut self, state: &mut StateReader<'_>) -> plywood::Result<()> {
    ///         self.left = state.u64()?;
    ///         self.last = state.f64()?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any: `fit` ends with it.
    #[cfg(feature = "std")]
    fn save_state(&self, _state: &mut StateWriter) -> Result<()> {
        Ok(())
    }

    /// Reads what [`save_state`](Self::save_state) of the same callback has written, all of it and in
    /// the same order. It is called after [`on_train_begin`](Self::on_train_begin), when `fit` goes on
    /// from a checkpoint.
    ///
    /// # Errors
    /// Any, such as one of [`StateReader::refuse`]: `fit` ends with it, before anything has changed.
    #[cfg(feature = "std")]
    fn load_state(&mut self, _state: &mut StateReader<'_>) -> Result<()> {
        Ok(())
    }

    /// If it is one, the [`BackupAndRestore`]: all of its work is done by `fit`.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn backup(&self) -> Option<&BackupAndRestore> {
        None
    }

    /// The name of its type.
    #[doc(hidden)]
    fn type_name(&self) -> &'static str {
        core::any::type_name::<Self>()
    }
}

impl<F, R: Outcome> Callback for F
where
    F: FnMut(&mut EpochEnd<'_>) -> R,
{
    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<()> {
        self(end).result()
    }
}

/// What the closure of a callback may return: nothing, or a `plywood::Result<()>`.
#[diagnostic::on_unimplemented(
    message = "a callback returns nothing or a `plywood::Result<()>`, not `{Self}`"
)]
pub trait Outcome {
    /// It as a result.
    ///
    /// # Errors
    /// Its own, if it has one.
    fn result(self) -> Result<()>;
}

impl Outcome for () {
    fn result(self) -> Result<()> {
        Ok(())
    }
}

impl Outcome for Result<()> {
    fn result(self) -> Result<()> {
        self
    }
}

/// The beginning of a training.
pub struct TrainBegin<'a> {
    /// How many epochs it is to have.
    pub epochs: usize,
    /// What will be measured in each epoch: `loss` and the metrics, and the same of the validation
    /// data, if there is any, with `val_` before.
    pub names: &'a [String],
    /// Whether it goes on from a checkpoint: then a callback with a state gets it next.
    pub resumes: bool,
    /// The model's weights.
    pub model: ModelWeights<'a>,
}

/// The beginning of an epoch.
pub struct EpochBegin<'a> {
    /// Its number, from 1.
    pub epoch: usize,
    /// The learning rate of the next step; change it for this epoch and the next ones, unless a
    /// schedule gives it: then `fit` ends with an error.
    pub learning_rate: f64,
    /// The model's weights.
    pub model: ModelWeights<'a>,
}

/// The end of an epoch.
pub struct EpochEnd<'a> {
    /// Its number, from 1.
    pub epoch: usize,
    /// Everything so far, this epoch included.
    pub history: &'a History,
    /// The learning rate of the next step; change it for the next epochs, unless a schedule gives it:
    /// then `fit` ends with an error.
    pub learning_rate: f64,
    /// The model's weights.
    pub model: ModelWeights<'a>,
    /// Set it to end the training.
    pub stop: bool,
}

impl EpochEnd<'_> {
    /// The value of `loss`, `val_loss`, a metric or `learning_rate` in this epoch.
    pub fn value(&self, name: &str) -> Option<f64> {
        let values = match name {
            "loss" => &self.history.loss[..],
            "val_loss" => &self.history.val_loss[..],
            "learning_rate" => &self.history.learning_rate[..],
            metric => self.history.metric(metric)?,
        };
        values.last().copied()
    }
}
