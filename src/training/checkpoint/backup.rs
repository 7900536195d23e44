//! A fit that writes checkpoints.

use super::description::Description;
use super::resume::{Expected, Resume};
use super::values::StateWriter;
use super::{Place, Terms, format, words};
use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::layer::Model;
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::training::callbacks::BackupAndRestore;
use crate::training::snapshot::Snapshot;
use crate::training::weights::count;
use crate::training::{Callback, History, Number, Training};
use core::ops::DerefMut;
use std::boxed::Box;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::string::{String, ToString};
use std::vec::Vec;

/// What the training was when the fit began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Beginning {
    /// Steps and epochs before it.
    pub(super) steps: u64,
    pub(super) epochs: u64,
    pub(super) rate: f64,
}

/// The checkpoints of a fit.
pub(in crate::training) struct Backup<T> {
    path: PathBuf,
    /// After how many steps one is due; if not said, when an epoch begins.
    every: Option<usize>,
    delete: bool,
    /// What must be the same to go on from one.
    text: String,
    pub(super) beginning: Beginning,
    /// The number of the step behind which the file has the training.
    saved: Option<u64>,
    /// The values of the moment, and those that stay the same in an epoch.
    moment: StateWriter,
    epoch: StateWriter,
    /// What the file had when the fit began.
    resume: Option<Box<Resume<T>>>,
}

impl<T: Element> Backup<T> {
    /// Where the fit goes on, if it does not begin.
    pub(in crate::training) fn place(&self) -> Option<Place> {
        self.resume.as_ref().map(|resume| resume.place)
    }

    /// That checkpoint.
    pub(in crate::training) fn take(&mut self) -> Option<Resume<T>> {
        self.resume.take().map(|resume| *resume)
    }

    /// How many steps there are to the next checkpoint behind step number `step`.
    pub(in crate::training) fn steps_left(&self, step: u64) -> usize {
        let taken = step - self.beginning.steps;
        let left = |every| every - (taken % every as u64) as usize;
        self.every.map_or(usize::MAX, left)
    }

    /// Whether a checkpoint is due behind step number `step` of the training, which is step
    /// `within` of its epoch.
    pub(in crate::training) fn is_due(&self, step: u64, within: usize) -> bool {
        let due = match self.every {
            None => within == 0,
            Some(every) => (step - self.beginning.steps).is_multiple_of(every as u64),
        };
        due && self.saved != Some(step)
    }

    /// Takes what will stay as it is until the next epoch.
    pub(in crate::training) fn begin_epoch(
        &mut self,
        callbacks: &[Box<dyn Callback + '_>],
        history: &History,
    ) -> Result<()> {
        let values = &mut self.epoch;
        values.bytes.clear();
        for list in [
            &history.loss,
            &history.val_loss,
            &history.seconds,
            &history.learning_rate,
        ] {
            values.f64s(list);
        }
        for (_, own, validated) in &history.metrics {
            values.f64s(own);
            values.f64s(validated);
        }
        for callback in callbacks {
            let start = values.bytes.len();
            values.text(&words::of(callback.type_name()));
            let mut is_empty = false;
            values.state(|values| {
                let start = values.bytes.len();
                callback.save_state(values)?;
                is_empty = values.bytes.len() == start;
                Ok(())
            })?;
            if is_empty {
                values.bytes.truncate(start);
            }
        }
        Ok(())
    }

    /// Takes what is so at this place only, at which there will be a snapshot.
    pub(in crate::training) fn note(
        &mut self,
        place: Place,
        snapshot: &Snapshot<T>,
        metrics: &[f64],
    ) {
        let values = &mut self.moment;
        values.bytes.clear();
        let Beginning {
            steps,
            epochs,
            rate,
        } = self.beginning;
        values.u64(steps);
        values.u64(epochs);
        values.f64(rate);
        values.u64(snapshot.steps);
        values.f64(snapshot.rate);
        values.u64(place.epochs as u64);
        values.u64(place.begun);
        values.u64(place.over.into());
        values.u64(place.within.is_some().into());
        let within = place.within.unwrap_or_default();
        values.u64(within.steps as u64);
        values.f64(within.sums.loss);
        values.u64(within.sums.samples as u64);
        values.f64(within.seconds);
        values.f64s(metrics);
    }

    /// Writes the file: the snapshot and what has been taken.
    pub(in crate::training) fn save(&mut self, snapshot: &Snapshot<T>) -> Result<()> {
        let (weights, state) = snapshot.numbers();
        let (weights, state) = (format::little_endian(weights), format::little_endian(state));
        let values = [&self.moment.bytes[..], &self.epoch.bytes[..]];
        format::write(&self.path, &self.text, values, [&weights, &state])?;
        self.saved = Some(snapshot.steps);
        Ok(())
    }

    /// Whether the file is to be there when the training is over.
    pub(in crate::training) fn keeps(&self) -> bool {
        !self.delete
    }

    /// The training is over.
    pub(in crate::training) fn end(self) -> Result<()> {
        if self.keeps() {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::Io {
                path: self.path,
                action: "delete",
                source,
            }),
            _ => Ok(()),
        }
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// The checkpoints of a fit, if a callback asks for some. `describe` says what of its data and
    /// settings must be the same for another fit to go on from them.
    pub(in crate::training) fn backup<Y>(
        &mut self,
        callbacks: &[Box<dyn Callback + '_>],
        terms: Terms,
        describe: impl FnOnce(&mut Description),
    ) -> Result<Option<Backup<Number<B::Target>>>>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let asked: Vec<_> = callbacks.iter().filter_map(|c| c.backup()).collect();
        let BackupAndRestore {
            path,
            every,
            delete,
        } = match asked[..] {
            [] => return Ok(None),
            [one] => one.clone(),
            _ => {
                return Err(Error::BadArgument {
                    name: "the number of `BackupAndRestore`s",
                    expected: "at most 1",
                    found: asked.len().to_string(),
                });
            }
        };
        if every == Some(0) {
            return Err(Error::BadArgument {
                name: "every_steps",
                expected: "at least 1",
                found: "0".to_string(),
            });
        }
        let mut names = Vec::new();
        self.metrics.names(&mut names);
        let metrics: Vec<&str> = names.iter().map(|(name, _)| *name).collect();

        let mut description = Description::default();
        description.model(&*self.model, &self.frozen);
        description.line("the optimiser", self.optimizer_text());
        description.line("the loss", words::of_type::<L>());
        description.line("the metrics", metrics.join(", "));
        describe(&mut description);
        let mut backup = Backup {
            path,
            every,
            delete,
            text: description.0,
            beginning: Beginning {
                steps: self.steps,
                epochs: self.epochs,
                rate: self.learning_rate(),
            },
            saved: None,
            moment: StateWriter::default(),
            epoch: StateWriter::default(),
            resume: None,
        };
        let lens = [count(&*self.model), self.state_len()];
        let bytes = lens.map(|len| len * size_of::<Number<B::Target>>());
        if let Some(content) = format::read(&backup.path, &backup.text, bytes)? {
            let expected = Expected {
                names: &names,
                metrics: self.metrics.state(),
                terms,
            };
            let resume = Resume::new(&backup.path, content, expected)?;
            resume.check(&*self.model, backup.beginning)?;
            backup.beginning = resume.beginning;
            backup.saved = Some(resume.steps);
            backup.resume = Some(Box::new(resume));
        }
        Ok(Some(backup))
    }

    /// The optimiser in words, without its learning rate, if callbacks may change that.
    fn optimizer_text(&mut self) -> String {
        let rate = self.learning_rate();
        let is_constant = self.set_learning_rate(0.0).is_ok();
        let text = std::format!("{:?}", self.optimizer);
        if is_constant {
            let _ = self.set_learning_rate(rate);
        }
        text.replace("learning_rate: Constant(0.0), ", "")
    }
}
