//! What happens between epochs.

use super::{History, NamedWeight, get_weights, restore, save};
use crate::kernels::Element;
use crate::layer::Weights;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Something to call between epochs. A closure `|end: &mut EpochEnd<'_>| ...` is one, too.
///
/// ```
/// use plywood::prelude::*;
/// use plywood::training::{Callback, EpochEnd};
///
/// /// Stops when the loss is low enough.
/// struct Enough(f64);
/// impl Callback for Enough {
///     fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) {
///         if end.history.loss.last().is_some_and(|&loss| loss < self.0) {
///             end.stop = true;
///         }
///     }
/// }
/// ```
pub trait Callback {
    /// An epoch is over, and validated.
    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>);
    /// The training is over.
    fn on_train_end(&mut self, _model: &mut ModelWeights<'_>) {}
}

impl<F: FnMut(&mut EpochEnd<'_>)> Callback for F {
    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) {
        self(end);
    }
}

/// The end of an epoch.
pub struct EpochEnd<'a> {
    /// Its number, from 1.
    pub epoch: usize,
    /// Everything so far, this epoch included.
    pub history: &'a History,
    /// The learning rate; change it for the next epochs.
    pub learning_rate: f64,
    /// The model's weights.
    pub model: ModelWeights<'a>,
    /// Set it to end the training.
    pub stop: bool,
}

impl EpochEnd<'_> {
    /// The last value of `loss`, `val_loss` or a metric.
    pub fn value(&self, name: &str) -> Option<f64> {
        let values = match name {
            "loss" => &self.history.loss[..],
            "val_loss" => &self.history.val_loss[..],
            metric => self.history.metric(metric)?,
        };
        values.last().copied()
    }
}

/// The weights of the model in training, whatever its type.
pub struct ModelWeights<'a>(Box<dyn AnyWeights + 'a>);

trait AnyWeights {
    fn get(&self) -> Vec<NamedWeight<f64>>;
    fn save(&self) -> Vec<f64>;
    fn restore(&mut self, saved: &[f64]);
}

struct Of<'a, T, W>(&'a mut W, core::marker::PhantomData<T>);

impl<T: Element, W: Weights<T>> AnyWeights for Of<'_, T, W> {
    fn get(&self) -> Vec<NamedWeight<f64>> {
        let widen = |w: NamedWeight<T>| NamedWeight {
            name: w.name,
            shape: w.shape,
            values: w.values.into_iter().map(T::as_f64).collect(),
        };
        get_weights(&*self.0).into_iter().map(widen).collect()
    }

    fn save(&self) -> Vec<f64> {
        let mut list = Vec::new();
        save(&*self.0, &mut list);
        list.into_iter().map(T::as_f64).collect()
    }

    fn restore(&mut self, saved: &[f64]) {
        let list: Vec<T> = saved.iter().map(|&w| T::of(w)).collect();
        restore(&mut *self.0, &list);
    }
}

impl<'a> ModelWeights<'a> {
    pub(super) fn of<T: Element, W: Weights<T>>(weights: &'a mut W) -> Self {
        Self(Box::new(Of(weights, core::marker::PhantomData)))
    }

    /// All weights by name, as `f64`, which holds every `f32` exactly.
    pub fn get(&self) -> Vec<NamedWeight<f64>> {
        self.0.get()
    }

    /// All weights, to be restored later.
    pub fn save(&self) -> SavedWeights {
        SavedWeights(self.0.save())
    }

    /// Sets all weights to what they were when they were saved, from the same model.
    pub fn restore(&mut self, saved: &SavedWeights) {
        self.0.restore(&saved.0);
    }
}

/// What [`ModelWeights::save`] gives.
#[derive(Clone, Debug)]
pub struct SavedWeights(Vec<f64>);

/// Ends a training that no longer gets better: Keras' `EarlyStopping`.
///
/// ```
/// use plywood::prelude::*;
/// let callback = EarlyStopping::new().monitor("val_accuracy").patience(3).restore_best_weights(true);
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    monitor: &'static str,
    min_delta: f64,
    patience: usize,
    restore_best_weights: bool,
    best: Option<f64>,
    saved: Option<SavedWeights>,
    waited: usize,
}

impl EarlyStopping {
    /// Watches `val_loss`, or `loss` if nothing is validated, with no patience.
    pub fn new() -> Self {
        Self {
            monitor: "val_loss",
            min_delta: 0.0,
            patience: 0,
            restore_best_weights: false,
            best: None,
            saved: None,
            waited: 0,
        }
    }

    /// What to watch: `loss`, `val_loss`, or a metric. Losses should fall, and metrics of which a
    /// small value is a good one (they know); everything else should rise.
    pub fn monitor(mut self, name: &'static str) -> Self {
        self.monitor = name;
        self
    }

    /// By how much a value must be better to count as better.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.min_delta = min_delta;
        self
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

impl Default for EarlyStopping {
    fn default() -> Self {
        Self::new()
    }
}

impl Callback for EarlyStopping {
    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) {
        let fallback = if self.monitor == "val_loss" {
            end.value("loss")
        } else {
            None
        };
        let Some(value) = end.value(self.monitor).or(fallback) else {
            return;
        };
        let falls = end.history.lower_is_better(self.monitor);
        let better = self.best.is_none_or(|best| {
            if falls {
                value < best - self.min_delta
            } else {
                value > best + self.min_delta
            }
        });
        if better {
            self.best = Some(value);
            self.waited = 0;
            if self.restore_best_weights {
                self.saved = Some(end.model.save());
            }
            return;
        }
        self.waited += 1;
        if self.waited > self.patience.max(1) - 1 {
            end.stop = true;
        }
    }

    fn on_train_end(&mut self, model: &mut ModelWeights<'_>) {
        if let Some(saved) = &self.saved {
            model.restore(saved);
        }
    }
}

/// Sets the learning rate of each epoch: Keras' `LearningRateScheduler`.
///
/// ```
/// use plywood::prelude::*;
/// // Half as fast every ten epochs.
/// let callback = LearningRateScheduler::new(|epoch, rate| if epoch % 10 == 0 { rate / 2.0 } else { rate });
/// ```
#[derive(Clone, Debug)]
pub struct LearningRateScheduler<F>(F);

impl<F: FnMut(usize, f64) -> f64> LearningRateScheduler<F> {
    /// `schedule(epoch, rate)` gives the rate for the epochs after `epoch` (from 1 on), of which
    /// `rate` was the rate.
    pub fn new(schedule: F) -> Self {
        Self(schedule)
    }
}

impl<F: FnMut(usize, f64) -> f64> Callback for LearningRateScheduler<F> {
    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) {
        end.learning_rate = (self.0)(end.epoch, end.learning_rate);
    }
}
