//! Training on samples that come one after another.
//!
//! They are taken a chunk at a time: some whole batches, of about as many bytes as weights are cheap to
//! keep beside. To the training a chunk is a [`Lap`], so that an epoch has several of them. Two chunks
//! are in use, the one to train on and the one before it; a third is filled in the meantime.

mod chunk;
mod filler;
#[cfg(feature = "std")]
mod thread;

use super::checkpoint::{Backup, Place};
#[cfg(feature = "std")]
use super::checkpoint::{Description, Terms};
use super::lap::{Check, Lap, Laps};
use super::settings::Fit;
use super::weighting::ClassWeight;
use super::{History, Number, Training};
use crate::data::{Feed, Sample};
use crate::error::{Error, Result};
use crate::layer::{Layer, Model};
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::shape::Shape;
use crate::team::{self, Team};
use alloc::vec::Vec;
use chunk::{Chunk, End};
use core::mem;
use core::ops::DerefMut;
use filler::Filler;

/// Who fills chunks.
trait Supply<X, Y> {
    /// The next chunk, for one that is no longer needed.
    fn exchange(&mut self, spare: Chunk<X, Y>) -> Result<Chunk<X, Y>>;
}

/// The laps of a stream.
struct Streamed<S, X, Y> {
    supply: S,
    class_weight: Option<ClassWeight<Y>>,
    now: Chunk<X, Y>,
    before: Chunk<X, Y>,
    /// 0, 1, 2, ...: samples are trained on as they come.
    order: Vec<u32>,
    batch_size: usize,
    samples: Option<usize>,
}

impl<S: Supply<X, Y>, X, Y> Streamed<S, X, Y> {
    /// Goes on to the next chunk, unless it is empty: then it says why.
    fn take(&mut self, check: &Check<'_, X, Y>) -> Result<Option<End>> {
        let spare = mem::take(&mut self.before);
        let mut chunk = self.supply.exchange(spare)?;
        chunk.check(check, self.batch_size);
        if chunk.x.is_empty() {
            let end = chunk.end.take();
            self.before = chunk;
            return Ok(Some(end.unwrap_or(End::Epoch)));
        }
        if let Some(class_weight) = &self.class_weight {
            class_weight.write(&chunk.y, &mut chunk.weights);
        }
        let known = self.order.len() as u32;
        self.order.extend(known..chunk.x.len() as u32);
        self.before = mem::replace(&mut self.now, chunk);
        Ok(None)
    }

    fn lap_of<'a>(&'a self, chunk: &'a Chunk<X, Y>) -> Lap<'a, X, Y> {
        Lap {
            x: &chunk.x,
            y: &chunk.y,
            weights: self.class_weight.as_ref().map(|_| &chunk.weights[..]),
            order: &self.order[..chunk.x.len()],
            batch_size: self.batch_size,
        }
    }
}

impl<S: Supply<X, Y>, X, Y> Laps<X, Y> for Streamed<S, X, Y> {
    fn begin(&mut self, _: u64, _: usize, check: &Check<'_, X, Y>) -> Result<bool> {
        match self.take(check)? {
            None => Ok(true),
            Some(End::Failed(error)) => Err(error),
            Some(End::Epoch) if self.now.x.is_empty() => Err(Error::Empty { what: "the stream" }),
            Some(End::Epoch) => Ok(false),
        }
    }

    fn go_on(&mut self, check: &Check<'_, X, Y>) -> Result<bool> {
        let end = match self.now.end.take() {
            None => self.take(check)?,
            end => end,
        };
        match end {
            None => Ok(true),
            Some(End::Epoch) => Ok(false),
            Some(End::Failed(error)) => Err(error),
        }
    }

    fn lap(&self) -> Lap<'_, X, Y> {
        self.lap_of(&self.now)
    }

    fn lap_before(&mut self) -> Lap<'_, X, Y> {
        self.lap_of(&self.before)
    }

    fn samples(&self) -> Option<usize> {
        self.samples
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// Trains on samples that come from an iterator: Keras' `fit` with a generator. Metrics, validation
    /// data, callbacks and history are those of [`fit`](Self::fit).
    ///
    /// The iterator gives pairs `(input, target)`, or `Result`s of them. An epoch takes
    /// [`steps_per_epoch`](Fit::steps_per_epoch) batches and the next one goes on from there; if that is
    /// not said, an epoch takes all samples. When the iterator has ended, so does the training, whatever
    /// `epochs` says. With [`EachEpoch`](crate::data::EachEpoch) each epoch has an iterator of its own.
    ///
    /// Samples are trained on in the order in which they come: `shuffle` means nothing here. The same
    /// samples give the same bits as `fit` without it. With the feature `std`, the iterator runs on a
    /// thread of its own, which is ahead of the training by some batches: at most 64, and no more than
    /// 16 MiB of samples but at least one batch. Three times that is the most that is in memory at once.
    /// The thread has a stack that is large enough for some copies of a sample; without `std` it is the
    /// caller's that must be.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// use plywood::random::Stream;
    /// sequential! { struct Line: [2] => [1] { Dense(1) } }
    /// let mut model = Line::new(1);
    /// let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    ///
    /// let mut random = Stream::new(1);
    /// let samples = std::iter::repeat_with(move || {
    ///     let x = [random.uniform() as f32, random.uniform() as f32];
    ///     (x, [x[0] - 2.0 * x[1]])
    /// });
    /// let settings = Fit::new().epochs(5).steps_per_epoch(100).verbose(Verbose::Silent);
    /// let history = training.fit_stream(samples, settings)?;
    /// assert!(history.loss[4] < 1e-3);
    /// # Ok::<(), plywood::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), where samples are counted from 0 over all epochs; and
    /// - [`Error::Stream`] if the iterator gives an error;
    /// - [`Error::BadArgument`] for `validation_split` and `sample_weight`, which need all samples.
    ///
    /// All whole batches before a bad sample are trained on, and the model has the last weights whose
    /// loss was finite.
    ///
    /// # Panics
    /// If the iterator does, with its panic.
    pub fn fit_stream<F, Y>(
        &mut self,
        feed: F,
        mut settings: Fit<'_, <B::Target as Model>::Input, Y>,
    ) -> Result<History>
    where
        F: Feed<Item: Sample<Input = <B::Target as Model>::Input, Target = Y>> + Send,
        Y: Send,
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        self.check_settings()?;
        self.optimizer.check()?;
        settings.check_stream(<B::Target as Model>::OutputShape::SIZE)?;
        let held_out = self.validation_data(Team::alone(), &settings)?;
        let batch_size = settings.batch_size;
        let steps = settings.steps_per_epoch;
        let class_weight = settings.weighting.take().classes;
        #[cfg(feature = "std")]
        let backup = {
            let terms = Terms {
                batch_size,
                steps,
                validated: !held_out.x.is_empty(),
            };
            self.backup(
                &settings.callbacks,
                terms,
                |description: &mut Description| {
                    description.line("the data", "a stream");
                    let weights = class_weight.as_ref().map(ClassWeight::list);
                    description.line("the weights of classes", format_args!("{weights:?}"));
                    description.line("the steps of an epoch", format_args!("{steps:?}"));
                    description.validation::<Number<B::Target>, _, _>(&settings.validation);
                    description.settings(&settings);
                },
            )?
        };
        #[cfg(not(feature = "std"))]
        let backup: Option<Backup<_>> = None;
        let beginning = Place {
            begun: self.epochs,
            ..Place::default()
        };
        let resumed = backup.as_ref().and_then(Backup::place);
        let place = resumed.unwrap_or(beginning);
        let filler = Filler::new(feed, (place, settings.epochs), batch_size, steps);
        let members = team::members(settings.threads, batch_size, B::Target::MACS);
        let samples = steps.map(|steps| steps.saturating_mul(batch_size));
        with_supply(filler, |supply| {
            let mut laps = Streamed {
                supply,
                class_weight,
                now: Chunk::default(),
                before: Chunk::default(),
                order: Vec::new(),
                batch_size,
                samples,
            };
            team::with_team(members, |team| {
                self.fit_laps(team, &mut laps, held_out, settings, backup)
            })
        })
    }
}

/// Lends someone who fills chunks, on a thread of its own if there are threads.
fn with_supply<F, X, Y, R>(filler: Filler<F>, work: impl FnOnce(&mut dyn Supply<X, Y>) -> R) -> R
where
    F: Feed<Item: Sample<Input = X, Target = Y>> + Send,
    X: Send,
    Y: Send,
{
    #[cfg(feature = "std")]
    return thread::with_supply(filler, work);
    #[cfg(not(feature = "std"))]
    {
        let mut filler = filler;
        work(&mut filler)
    }
}

impl<X, Y> Supply<X, Y> for &mut dyn Supply<X, Y> {
    fn exchange(&mut self, spare: Chunk<X, Y>) -> Result<Chunk<X, Y>> {
        (**self).exchange(spare)
    }
}
