//! The training loop and its settings.

use super::callbacks::{Callback, EpochEnd, ModelWeights};
use super::epoch::{Lap, RanAway};
use super::evaluate::evaluate;
use super::progress::{Clock, Progress};
use super::snapshot::Snapshot;
use super::{History, Number, Score, Training, samples};
use crate::error::{Error, Result};
use crate::layer::{Layer, Model};
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::random::{Stream, mix};
use crate::team::{self, Team};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::ops::DerefMut;

/// The settings of [`Training::fit`].
///
/// ```
/// use plywood::prelude::*;
/// # sequential! { struct Net: [1] => [1] { Dense(1) } }
/// # let (x, y) = ([[1.0]; 10], [[2.0]; 10]);
/// # let mut model = Net::new(1);
/// # let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
/// let settings = Fit::new()
///     .epochs(20)
///     .batch_size(32)
///     .validation_split(0.2)
///     .callback(EarlyStopping::new().patience(3).restore_best_weights(true))
///     .verbose(Verbose::Silent);
/// let history = training.fit(&x, &y, settings)?;
/// # Ok::<(), plywood::Error>(())
/// ```
pub struct Fit<'a, X, Y> {
    epochs: usize,
    batch_size: usize,
    shuffle: bool,
    seed: u64,
    threads: usize,
    verbose: Verbose,
    validation: Validation<'a, X, Y>,
    callbacks: Vec<Box<dyn Callback + 'a>>,
}

enum Validation<'a, X, Y> {
    None,
    Data(&'a [X], &'a [Y]),
    Split(f64),
}

/// What `fit` tells while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbose {
    /// A progress bar like Keras' on a terminal, as [`Lines`](Self::Lines) elsewhere.
    #[default]
    Bar,
    /// One line an epoch.
    Lines,
    /// Nothing.
    Silent,
}

impl<'a, X, Y> Fit<'a, X, Y> {
    /// One epoch in batches of 32, shuffled with seed 0.
    pub fn new() -> Self {
        Self {
            epochs: 1,
            batch_size: 32,
            shuffle: true,
            seed: 0,
            threads: 1,
            verbose: Verbose::default(),
            validation: Validation::None,
            callbacks: Vec::new(),
        }
    }

    /// How many times to go over the data.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// How many samples make a step; the last batch of an epoch may be smaller.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Whether to put the samples into a new random order before each epoch.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The seed of the order of samples, of the validation split and of dropout.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many threads may work on it (1 if not said; not more than the machine has processors, nor
    /// than 16). Results are the same bits for any number. It pays from batches of 32 samples and
    /// some ten thousand weights on; below that one thread does all the work.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// What to tell.
    pub fn verbose(mut self, verbose: Verbose) -> Self {
        self.verbose = verbose;
        self
    }

    /// Data to measure loss and metrics on after each epoch.
    pub fn validation_data(mut self, x: &'a [X], y: &'a [Y]) -> Self {
        self.validation = Validation::Data(x, y);
        self
    }

    /// Sets a share of the samples aside to measure loss and metrics on after each epoch. They are
    /// drawn at random by the seed; Keras takes the last rows.
    pub fn validation_split(mut self, share: f64) -> Self {
        self.validation = Validation::Split(share);
        self
    }

    /// Calls this after each epoch.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Calls a closure after each epoch.
    pub fn on_epoch_end(self, call: impl FnMut(&mut EpochEnd<'_>) + Send + 'a) -> Self {
        self.callback(call)
    }
}

impl<X, Y> Default for Fit<'_, X, Y> {
    fn default() -> Self {
        Self::new()
    }
}

impl<X, Y> fmt::Debug for Fit<'_, X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fit")
            .field("epochs", &self.epochs)
            .field("batch_size", &self.batch_size)
            .field("shuffle", &self.shuffle)
            .field("seed", &self.seed)
            .field("verbose", &self.verbose)
            .finish_non_exhaustive()
    }
}

/// What random numbers are for: each purpose has its own stream.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Split = 1,
    Shuffle = 2,
    Dropout = 3,
}

impl<X, Y> Fit<'_, X, Y> {
    /// Whether all settings are in their ranges, for so many samples.
    fn check(&self, samples: usize) -> Result<()> {
        let bad = |name, expected, found| {
            Err(Error::BadArgument {
                name,
                expected,
                found,
            })
        };
        if self.batch_size == 0 {
            return bad("batch_size", "at least 1", self.batch_size.to_string());
        }
        if self.threads == 0 {
            return bad("threads", "at least 1", self.threads.to_string());
        }
        if u32::try_from(samples).is_err() {
            return bad("the number of samples", "below 2^32", samples.to_string());
        }
        if let Validation::Split(share) = self.validation {
            if !(0.0..1.0).contains(&share) {
                return bad(
                    "validation_split",
                    "at least 0 and below 1",
                    share.to_string(),
                );
            }
            if held_out(share, samples) == samples {
                return bad(
                    "validation_split",
                    "small enough to leave a sample to train on",
                    share.to_string(),
                );
            }
        }
        Ok(())
    }

    /// The samples to train on, and those held out.
    fn split(&self, samples: usize) -> (Vec<u32>, Vec<u32>) {
        let mut list: Vec<u32> = (0..samples as u32).collect();
        let Validation::Split(share) = self.validation else {
            return (list, Vec::new());
        };
        Stream::new(mix(self.seed, Purpose::Split as u64)).shuffle(&mut list);
        let mut held_out = list.split_off(samples - held_out(share, samples));
        list.sort_unstable();
        held_out.sort_unstable();
        (list, held_out)
    }
}

/// A share of the samples, rounded.
fn held_out(share: f64, samples: usize) -> usize {
    (share * samples as f64 + 0.5) as usize
}

/// The samples of a fit, which have been checked: those in the list to train on, those of `val_list`
/// (or all of `val_x`) to measure on.
pub(super) struct Data<'a, X, Y> {
    pub(super) x: &'a [X],
    pub(super) y: &'a [Y],
    pub(super) list: &'a [u32],
    pub(super) val_x: &'a [X],
    pub(super) val_y: &'a [Y],
    pub(super) val_list: Option<&'a [u32]>,
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// Trains on samples and their targets, epoch by epoch.
    ///
    /// A second call goes on: the optimiser keeps its state, and orders of samples do not repeat.
    ///
    /// # Errors
    /// - [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NotFinite`],
    ///   [`Error::LabelOutOfRange`] for data that nothing can be learnt from;
    /// - [`Error::BadArgument`] for a setting outside its range;
    /// - [`Error::NonFiniteLoss`] if the loss becomes infinite or NaN. The model then has the last
    ///   weights whose loss was finite.
    pub fn fit<Y>(
        &mut self,
        x: &[<B::Target as Model>::Input],
        y: &[Y],
        settings: Fit<'_, <B::Target as Model>::Input, Y>,
    ) -> Result<History>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        samples::check::<B::Target, L, Y>(&self.loss, ("x", x), ("y", y))?;
        self.check_settings()?;
        self.optimizer.check()?;
        settings.check(x.len())?;
        let (list, held_out) = settings.split(x.len());
        let (val_x, val_y, val_list) = match settings.validation {
            Validation::Data(x, y) => {
                let (x_name, y_name) = (("validation x", x), ("validation y", y));
                samples::check::<B::Target, L, Y>(&self.loss, x_name, y_name)?;
                (x, y, None)
            }
            _ if held_out.is_empty() => (&[][..], &[][..], None),
            _ => (x, y, Some(&held_out[..])),
        };

        let data = Data {
            x,
            y,
            list: &list,
            val_x,
            val_y,
            val_list,
        };
        let batch = settings.batch_size.min(list.len());
        let members = team::members(settings.threads, batch, B::Target::MACS);
        team::with_team(members, |team| self.fit_with(team, data, settings))
    }

    /// The epochs of a fit.
    pub(super) fn fit_with<Y>(
        &mut self,
        team: Team<'_>,
        data: Data<'_, <B::Target as Model>::Input, Y>,
        mut settings: Fit<'_, <B::Target as Model>::Input, Y>,
    ) -> Result<History>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let Data {
            x,
            y,
            list,
            val_x,
            val_y,
            val_list,
        } = data;
        let mut lap = Lap::new(
            x,
            y,
            list,
            settings.batch_size,
            settings.shuffle,
            settings.seed,
            team,
        );
        self.prepare(lap.batch_size(), self.metrics.state());
        let mut history = History::default();
        self.metrics.lower_is_better(&mut history.lower_is_better);
        let mut progress = Progress::new(settings.verbose, settings.epochs, list.len());
        let (mut before, mut now) = (Snapshot::default(), Snapshot::default());
        for epoch in 1..=settings.epochs {
            let clock = Clock::start();
            self.epochs += 1;
            core::mem::swap(&mut before, &mut now);
            progress.begin(epoch);
            lap.arrange(self.epochs);
            let total = match self.epoch(&lap, &mut now, &mut progress, epoch == settings.epochs) {
                Ok(total) => total,
                Err(RanAway { step, loss }) => {
                    progress.abandon();
                    self.go_back(&mut lap, step, &before, &now);
                    return Err(Error::NonFiniteLoss {
                        epoch,
                        step: (step + 1).min(lap.steps()),
                        loss,
                    });
                }
            };

            let score = Score::of(total, list.len(), &self.metrics, &self.state);
            let validated = (!val_x.is_empty()).then(|| {
                let (model, loss, metrics) = (&*self.model, &self.loss, &self.metrics);
                evaluate(team, model, loss, metrics, val_x, val_y, val_list)
            });
            let seconds = clock.seconds();
            history.push(&score, validated.as_ref(), seconds);
            progress.end(&score, validated.as_ref(), seconds);

            let mut end = EpochEnd {
                epoch,
                history: &history,
                learning_rate: self.optimizer.learning_rate(),
                model: ModelWeights::of(&mut *self.model),
                stop: false,
            };
            for callback in &mut settings.callbacks {
                callback.on_epoch_end(&mut end);
            }
            let (stop, rate) = (end.stop, end.learning_rate);
            self.optimizer.set_learning_rate(rate);
            self.optimizer.check()?;
            if stop {
                break;
            }
        }
        for callback in &mut settings.callbacks {
            callback.on_train_end(&mut ModelWeights::of(&mut *self.model));
        }
        Ok(history)
    }
}
