//! Training: `compile`, `fit`, `evaluate`, and what they leave behind.
//!
//! | callback | Keras | does |
//! | --- | --- | --- |
//! | [`EarlyStopping`] | the same | ends a training that no longer gets better |
//! | [`LearningRateScheduler`] | the same | sets the learning rate of each epoch |
//! | [`ReduceLrOnPlateau`] | `ReduceLROnPlateau` | lowers the learning rate when nothing gets better |
//! | `CsvLogger` (feature `std`) | `CSVLogger` | writes the values of each epoch to a file |
//! | `ModelCheckpoint` (feature `std`) | the same | saves the weights of each epoch, or of the best ones |
//! | `BackupAndRestore` (feature `std`) | the same | goes on where a program was killed |
//! | [`TerminateOnNan`] | `TerminateOnNaN` | ends a training that ran away without an error |
//! | [`LambdaCallback`] | the same | calls closures |
//!
//! Others are types that implement [`Callback`], or closures.

mod ahead;
mod callbacks;
mod checkpoint;
mod epoch;
mod evaluate;
mod few;
mod fit;
mod freeze;
mod gather;
mod history;
mod lap;
mod policing;
mod progress;
mod samples;
mod settings;
mod shards;
mod snapshot;
mod statistics;
mod step;
mod stored;
mod stream;
mod summary;
#[cfg(test)]
mod tests;
mod weighting;
mod weights;

#[cfg(feature = "std")]
pub use callbacks::{BackupAndRestore, CsvLogger, ModelCheckpoint};
pub use callbacks::{
    Callback, EarlyStopping, EpochBegin, EpochEnd, LambdaCallback, LearningRateScheduler, Mode,
    ModelWeights, Outcome, ReduceLrOnPlateau, SavedWeights, TerminateOnNan, TrainBegin,
};
#[cfg(feature = "std")]
pub use checkpoint::{StateReader, StateWriter};
pub use history::{History, Score};
pub use settings::{Fit, Verbose};
pub use summary::Summary;
pub(crate) use summary::thousands;
pub use weighting::HasClass;
pub use weights::{NamedWeight, get_weights, restore, save, set_weights};

use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Layer, Model, TensorRule};
use crate::losses::{Fits, Loss};
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::team::{Pace, Team};
use alloc::vec::Vec;
use core::ops::DerefMut;
use shards::Shards;
use step::Workspace;

/// The numbers of a model.
pub(crate) type Number<M> = <M as Model>::Element;
/// What the outputs of a model are to a loss.
pub(crate) type HeadOf<M> = <M as Layer<<M as Model>::Element, <M as Model>::InputShape>>::Head;

/// A model with an optimiser, a loss and metrics: what `compile` gives.
///
/// It holds the model by reference (`model.compile(...)`), or owns it
/// (`Training::new(model, ...)` with the `Box` of a model), for a struct that keeps on learning.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2] => [1] { Dense(8, tanh), Dense(1, sigmoid) }
/// }
/// struct App {
///     brain: Training<Box<Net>, Adam, BinaryCrossentropy>,
/// }
/// let mut app = App { brain: Training::new(Net::new(1), Adam::new(0.01), BinaryCrossentropy) };
/// app.brain.train_on_batch(&[[0.0, 1.0]], &[[1.0]])?;
/// let p = app.brain.model().predict(&[0.0, 1.0]);
/// # Ok::<(), plywood::Error>(())
/// ```
#[derive(Debug)]
pub struct Training<B: DerefMut<Target: Model>, O, L, Me = ()> {
    model: B,
    optimizer: O,
    loss: L,
    metrics: Me,
    /// Whether the loss gives the gradient before the last activation.
    joint: bool,
    /// Steps taken so far.
    steps: u64,
    /// Epochs begun so far.
    epochs: u64,
    workspace: Workspace<Number<B::Target>>,
    shards: Shards<B::Target>,
    /// Whether threads have been of use.
    pace: Pace,
    /// Which tensors are not trained; empty if all are.
    frozen: Vec<bool>,
    /// What the layers ask of each tensor; empty if they ask nothing.
    rules: Vec<TensorRule>,
    /// The samples in the order of the epoch.
    order: Vec<u32>,
    /// The state of the metrics.
    state: Vec<f64>,
}

impl<B, O, L> Training<B, O, L>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
    L: Fits<HeadOf<B::Target>>,
{
    /// Of a model, by reference or in a `Box`.
    pub fn new(model: B, optimizer: O, loss: L) -> Self {
        let rules = policing::rules(&*model);
        Self {
            model,
            optimizer,
            loss,
            metrics: (),
            joint: L::JOINT,
            steps: 0,
            epochs: 0,
            workspace: Workspace::default(),
            shards: Shards::default(),
            pace: Pace::default(),
            frozen: Vec::new(),
            rules,
            order: Vec::new(),
            state: Vec::new(),
        }
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// Counts one more metric; call it again for another one.
    pub fn metrics<One>(self, metric: One) -> Training<B, O, L, (Me, One)> {
        Training {
            model: self.model,
            optimizer: self.optimizer,
            loss: self.loss,
            metrics: (self.metrics, metric),
            joint: self.joint,
            steps: self.steps,
            epochs: self.epochs,
            workspace: self.workspace,
            shards: self.shards,
            pace: self.pace,
            frozen: self.frozen,
            rules: self.rules,
            order: self.order,
            state: self.state,
        }
    }

    /// The model.
    pub fn model(&self) -> &B::Target {
        &self.model
    }

    /// The model, to be changed.
    pub fn model_mut(&mut self) -> &mut B::Target {
        &mut self.model
    }

    /// The model, the training being over.
    pub fn into_model(self) -> B {
        self.model
    }

    /// Keeps a layer as it is: Keras' `layer.trainable = False`. Call it again for another one.
    ///
    /// A layer is named as its field is, one in a model inside this one by both: `encoder/dense`.
    /// Nothing moves its weights: neither gradients nor weight decay nor moving averages. A
    /// [`BatchNormalization`](crate::layers::BatchNormalization) keeps its moving statistics, too, and
    /// normalises by them as in prediction.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// sequential! {
    ///     struct Net: [2] => [1] { Dense(8, tanh), Dense(1) }
    /// }
    /// let mut model = Net::new(1);
    /// let training = model.compile(Adam::new(0.01), MeanSquaredError).freeze("dense")?;
    /// assert!(training.summary().to_string().contains("Non-trainable params: 24"));
    /// # Ok::<(), plywood::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownLayer`](crate::Error::UnknownLayer) if the model has no such layer.
    pub fn freeze(mut self, layer: &str) -> Result<Self> {
        freeze::freeze(&*self.model, layer, &mut self.frozen)?;
        Ok(self)
    }

    /// A table of the model's layers, with how many of their numbers are trained.
    pub fn summary(&self) -> Summary {
        Summary::of::<B::Target>().frozen(freeze::count(&*self.model, &self.frozen))
    }

    /// The optimiser's learning rate. If a schedule gives it, that of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.optimizer.common().learning_rate(self.steps + 1)
    }

    /// Changes the optimiser's learning rate.
    ///
    /// # Errors
    /// [`Error::ScheduledLearningRate`](crate::Error::ScheduledLearningRate) if a schedule gives it,
    /// [`Error::BadArgument`](crate::Error::BadArgument) if it is negative, infinite or NaN. The rate
    /// is then what it was.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        self.optimizer.common_mut().set_learning_rate(rate)
    }

    /// Puts the moving averages of the weights into the model, if the optimiser keeps them
    /// (`use_ema`). `fit` does so at its end; after single steps it is to be asked for.
    pub fn finalize_variable_values(&mut self) {
        if self.steps == 0 {
            return;
        }
        let slots = self.slots();
        if let Some(stored) =
            stored::Stored::new::<B::Target>(&self.optimizer, &self.frozen, &self.rules)
        {
            stored.finish(&mut *self.model, slots, &self.workspace.state);
        }
    }

    /// One step on one batch, for programs that learn as they go. Gives the loss before the step.
    ///
    /// After the first call with a batch of this size or a larger one, it allocates nothing.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); the weights are then what they were.
    pub fn train_on_batch<Y>(&mut self, x: &[<B::Target as Model>::Input], y: &[Y]) -> Result<f64>
    where
        Y: Sync,
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        samples::check::<B::Target, L, Y>(Team::alone(), &self.loss, ("x", x), ("y", y))?;
        self.check_settings()?;
        // Later on only the learning rate can change, which is checked when it is set.
        if self.steps == 0 {
            self.optimizer.check()?;
        }
        self.single_step(x, y)
    }

    /// Whether the settings of loss and metrics are in their ranges.
    fn check_settings<Y>(&self) -> Result<()>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        self.loss.check()?;
        self.metrics.check()
    }
}

/// The numbers of a loss or metric in reports and histories.
pub(crate) fn as_f64<T: Element>(x: T) -> f64 {
    x.as_f64()
}
