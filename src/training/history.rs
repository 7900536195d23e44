//! What a training leaves behind: one value an epoch.

use crate::cast::Plain;
use crate::kernels::Element;
use crate::metrics::{Metrics, Table};
use alloc::vec::Vec;

/// What `fit` gives: one value an epoch of everything that was watched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The mean loss over the samples of each epoch, measured as the training went on.
    pub loss: Vec<f64>,
    /// The loss on the validation data after each epoch; empty if there is none.
    pub val_loss: Vec<f64>,
    /// How long each epoch took, validation included (0 without the feature `std`).
    pub seconds: Vec<f64>,
    /// The learning rate of each epoch. If a schedule gives it, that of the step after it.
    pub learning_rate: Vec<f64>,
    /// The metrics, under their names, those of the validation data with `val_` before.
    pub(crate) metrics: Vec<(&'static str, Vec<f64>, Vec<f64>)>,
    /// The names of those of which a small value is a good one.
    pub(super) lower_is_better: Vec<&'static str>,
}

impl History {
    /// Of no epochs yet, for metrics of these names, and whether a small value of each is a good one.
    pub(super) fn new(metrics: &[(&'static str, bool)]) -> Self {
        let low = metrics.iter().filter(|(_, low)| *low);
        Self {
            lower_is_better: low.map(|(name, _)| *name).collect(),
            ..Self::default()
        }
    }

    /// The values of a metric, such as `accuracy` or `val_accuracy`; none if it was not watched.
    pub fn metric(&self, name: &str) -> Option<&[f64]> {
        if let Some(name) = name.strip_prefix("val_") {
            let (.., values) = self.metrics.iter().find(|(own, ..)| *own == name)?;
            return (!values.is_empty()).then_some(values);
        }
        let (_, values, _) = self.metrics.iter().find(|(own, ..)| *own == name)?;
        Some(values)
    }

    /// Whether a small value is a good one: of `loss`, `val_loss`, and of the metrics that say so.
    pub fn lower_is_better(&self, name: &str) -> bool {
        let name = name.strip_prefix("val_").unwrap_or(name);
        name == "loss" || self.lower_is_better.contains(&name)
    }

    /// How many epochs there were.
    pub fn epochs(&self) -> usize {
        self.loss.len()
    }

    pub(super) fn push(
        &mut self,
        score: &Score,
        validation: Option<&Score>,
        seconds: f64,
        learning_rate: f64,
    ) {
        self.learning_rate.push(learning_rate);
        self.loss.push(score.loss);
        self.val_loss.extend(validation.map(|score| score.loss));
        self.seconds.push(seconds);
        if self.metrics.is_empty() {
            let empty = |&(name, _): &(&'static str, f64)| (name, Vec::new(), Vec::new());
            self.metrics = score.metrics.iter().map(empty).collect();
        }
        for (i, (_, values, validated)) in self.metrics.iter_mut().enumerate() {
            values.push(score.metrics[i].1);
            validated.extend(validation.map(|score| score.metrics[i].1));
        }
    }
}

/// What `evaluate` gives: the mean loss and metrics over some samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// The mean loss.
    pub loss: f64,
    /// The metrics under their names.
    pub(super) metrics: Vec<(&'static str, f64)>,
    /// The tables of those that have one.
    pub(super) tables: Vec<(&'static str, Table)>,
}

impl Score {
    /// A metric by its name; none if it was not asked for.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let found = self.metrics.iter().find(|(own, _)| *own == name)?;
        Some(found.1)
    }

    /// All metrics with their names, in the order in which they were asked for.
    pub fn metrics(&self) -> &[(&'static str, f64)] {
        &self.metrics
    }

    /// The details behind a metric, such as all of a `confusion_matrix`; none if it was not asked
    /// for, or has none.
    pub fn table(&self, name: &str) -> Option<&Table> {
        let found = self.tables.iter().find(|(own, _)| *own == name)?;
        Some(&found.1)
    }

    /// From the sum of the losses of some samples, and the state of the metrics after them; without
    /// tables, which are for the end.
    pub(super) fn of<T, P, Y, Me>(loss: f64, samples: usize, metrics: &Me, state: &[f64]) -> Self
    where
        T: Element,
        P: Plain<T>,
        Me: Metrics<T, P, Y>,
    {
        let mut score = Self {
            loss: loss / samples as f64,
            ..Self::default()
        };
        metrics.values(state, &mut score.metrics);
        score
    }
}
