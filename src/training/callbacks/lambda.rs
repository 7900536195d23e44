//! A callback made of closures.

use super::{Callback, EpochBegin, EpochEnd, ModelWeights, Outcome, TrainBegin};
use crate::error::Result;
use alloc::boxed::Box;
use core::fmt;

type AtTrainBegin<'a> = Box<dyn FnMut(&mut TrainBegin<'_>) -> Result<()> + 'a>;
type AtEpochBegin<'a> = Box<dyn FnMut(&mut EpochBegin<'_>) -> Result<()> + 'a>;
type AtEpochEnd<'a> = Box<dyn FnMut(&mut EpochEnd<'_>) -> Result<()> + 'a>;
type AtTrainEnd<'a> = Box<dyn FnMut(&mut ModelWeights<'_>) -> Result<()> + 'a>;

/// A callback made of closures: Keras' `LambdaCallback`. Each may return nothing, or a
/// `plywood::Result<()>` whose error ends the training.
///
/// ```
/// use plywood::prelude::*;
/// # sequential! { struct Net: [1] => [1] { Dense(1) } }
/// # let (x, y) = ([[1.0]; 10], [[2.0]; 10]);
/// # let mut model = Net::new(1);
/// # let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
/// let mut rates = Vec::new();
/// let callback = LambdaCallback::new()
///     .on_train_begin(|begin| assert_eq!(begin.names, ["loss"]))
///     .on_epoch_begin(|begin| rates.push(begin.learning_rate))
///     .on_epoch_end(|end| end.stop = end.epoch == 3);
/// training.fit(&x, &y, Fit::new().epochs(10).callback(callback).verbose(Verbose::Silent))?;
/// assert_eq!(rates, [0.1; 3]);
/// # Ok::<(), plywood::Error>(())
/// ```
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: Option<AtTrainBegin<'a>>,
    epoch_begin: Option<AtEpochBegin<'a>>,
    epoch_end: Option<AtEpochEnd<'a>>,
    train_end: Option<AtTrainEnd<'a>>,
}

impl<'a> LambdaCallback<'a> {
    /// Without any closures yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls this before the first epoch.
    pub fn on_train_begin<R: Outcome>(
        mut self,
        mut call: impl FnMut(&mut TrainBegin<'_>) -> R + 'a,
    ) -> Self {
        self.train_begin = Some(Box::new(move |begin| call(begin).result()));
        self
    }

    /// Calls this before each epoch.
    pub fn on_epoch_begin<R: Outcome>(
        mut self,
        mut call: impl FnMut(&mut EpochBegin<'_>) -> R + 'a,
    ) -> Self {
        self.epoch_begin = Some(Box::new(move |begin| call(begin).result()));
        self
    }

    /// Calls this after each epoch.
    pub fn on_epoch_end<R: Outcome>(
        mut self,
        mut call: impl FnMut(&mut EpochEnd<'_>) -> R + 'a,
    ) -> Self {
        self.epoch_end = Some(Box::new(move |end| call(end).result()));
        self
    }

    /// Calls this after the last epoch.
    pub fn on_train_end<R: Outcome>(
        mut self,
        mut call: impl FnMut(&mut ModelWeights<'_>) -> R + 'a,
    ) -> Self {
        self.train_end = Some(Box::new(move |model| call(model).result()));
        self
    }
}

impl fmt::Debug for LambdaCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LambdaCallback").finish_non_exhaustive()
    }
}

impl Callback for LambdaCallback<'_> {
    fn on_train_begin(&mut self, begin: &mut TrainBegin<'_>) -> Result<()> {
        self.train_begin.as_mut().map_or(Ok(()), |call| call(begin))
    }

    fn on_epoch_begin(&mut self, begin: &mut EpochBegin<'_>) -> Result<()> {
        self.epoch_begin.as_mut().map_or(Ok(()), |call| call(begin))
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<()> {
        self.epoch_end.as_mut().map_or(Ok(()), |call| call(end))
    }

    fn on_train_end(&mut self, model: &mut ModelWeights<'_>) -> Result<()> {
        self.train_end.as_mut().map_or(Ok(()), |call| call(model))
    }
}
