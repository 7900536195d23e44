//! The settings of a training.

use super::callbacks::{Callback, EpochEnd, Outcome};
use super::weighting::{ClassWeight, HasClass, Weighting};
use crate::error::{Error, Result};
use crate::random::{Stream, mix};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

/// The settings of [`Training::fit`](super::Training::fit) and
/// [`Training::fit_stream`](super::Training::fit_stream).
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
    pub(super) epochs: usize,
    pub(super) batch_size: usize,
    pub(super) shuffle: bool,
    pub(super) seed: u64,
    pub(super) threads: usize,
    pub(super) verbose: Verbose,
    pub(super) validation: Validation<'a, X, Y>,
    pub(super) weighting: Weighting<Y>,
    pub(super) steps_per_epoch: Option<usize>,
    pub(super) callbacks: Vec<Box<dyn Callback + 'a>>,
}

pub(super) enum Validation<'a, X, Y> {
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
            weighting: Weighting::NONE,
            steps_per_epoch: None,
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
    /// some ten thousand weights on; below that one thread does all the work. The threads that help end when
    /// training does, those without a processor some milliseconds later.
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

    /// Multiplies the loss of each sample by its weight, a finite number, 0 or more. As in Keras, the
    /// loss of a batch is still the sum divided by the number of its samples, so that weights of 2 have
    /// the effect of twice the learning rate; the loss in the history is weighted likewise, and metrics
    /// are not. Validation is without weights.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// # sequential! { struct Line: [1] => [1] { Dense(1) } }
    /// # let mut model = Line::new(1);
    /// # let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    /// let (x, y) = ([[1.0], [2.0], [3.0]], [[1.0], [2.0], [99.0]]);
    /// let settings = Fit::new().sample_weight(&[1.0, 1.0, 0.0]).verbose(Verbose::Silent);
    /// training.fit(&x, &y, settings)?;
    /// # Ok::<(), plywood::Error>(())
    /// ```
    pub fn sample_weight<W: Copy + Into<f64>>(mut self, weights: &[W]) -> Self {
        self.weighting.samples = Some(weights.iter().map(|&weight| weight.into()).collect());
        self
    }

    /// Multiplies the loss of each sample by the weight of its class, as
    /// [`sample_weight`](Self::sample_weight) does. Classes that are not listed have 1. It cannot be
    /// given together with `sample_weight`.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// # sequential! { struct Net: [1] => [3] { Dense(3, softmax) } }
    /// # let mut model = Net::new(1);
    /// # let mut training = model.compile(Sgd::new(0.1), SparseCategoricalCrossentropy);
    /// let (x, y) = ([[1.0], [2.0], [3.0]], [0u8, 0, 2]);
    /// let settings = Fit::new().class_weight([(2, 5.0)]).verbose(Verbose::Silent);
    /// training.fit(&x, &y, settings)?;
    /// # Ok::<(), plywood::Error>(())
    /// ```
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (usize, f64)>) -> Self
    where
        Y: HasClass,
    {
        self.weighting.classes = Some(ClassWeight::new(weights));
        self
    }

    /// How many steps make an epoch of [`fit_stream`](super::Training::fit_stream); until its samples
    /// end, if not said.
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// Calls this as the training goes on.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Calls a closure after each epoch.
    pub fn on_epoch_end<R: Outcome + 'a>(
        self,
        call: impl FnMut(&mut EpochEnd<'_>) -> R + Send + 'a,
    ) -> Self {
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
    /// Whether all settings are in their ranges, whatever the samples, for a model of so many outputs.
    fn check(&mut self, outputs: usize) -> Result<()> {
        if self.batch_size == 0 {
            return bad("batch_size", "at least 1", self.batch_size);
        }
        if self.threads == 0 {
            return bad("threads", "at least 1", self.threads);
        }
        self.weighting.check(outputs)
    }

    /// Whether all settings are in their ranges, for so many samples in memory.
    pub(super) fn check_in_memory(&mut self, samples: usize, outputs: usize) -> Result<()> {
        self.check(outputs)?;
        if let Some(steps) = self.steps_per_epoch {
            return bad("steps_per_epoch", "given to `fit_stream` only", steps);
        }
        if u32::try_from(samples).is_err() {
            return bad("the number of samples", "below 2^32", samples);
        }
        if let Validation::Split(share) = self.validation {
            if !(0.0..1.0).contains(&share) {
                return bad("validation_split", "at least 0 and below 1", share);
            }
            if held_out(share, samples) == samples {
                return bad(
                    "validation_split",
                    "small enough to leave a sample to train on",
                    share,
                );
            }
        }
        Ok(())
    }

    /// Whether all settings are in their ranges, for a stream of samples.
    pub(super) fn check_stream(&mut self, outputs: usize) -> Result<()> {
        self.check(outputs)?;
        if self.steps_per_epoch == Some(0) {
            return bad("steps_per_epoch", "at least 1", 0);
        }
        if u32::try_from(self.batch_size).is_err() {
            return bad("batch_size", "below 2^32", self.batch_size);
        }
        if let Validation::Split(share) = self.validation {
            return bad("validation_split", "given to `fit` only", share);
        }
        if self.weighting.samples.is_some() {
            return bad("sample_weight", "given to `fit` only", "given");
        }
        Ok(())
    }

    /// The samples to train on, and those held out.
    pub(super) fn split(&self, samples: usize) -> (Vec<u32>, Vec<u32>) {
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

fn bad(name: &'static str, expected: &'static str, found: impl ToString) -> Result<()> {
    Err(Error::BadArgument {
        name,
        expected,
        found: found.to_string(),
    })
}
