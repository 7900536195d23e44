//! Samples that come one after another, for `fit_stream`.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

/// A sample of a [`Feed`]: `(input, target)`, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sample: a stream gives `(input, target)` or `Result<(input, target), E>`",
    note = "the error `E` is anything that can become a `Box<dyn Error + Send + Sync>`"
)]
pub trait Sample {
    /// What the model takes.
    type Input;
    /// What it should give.
    type Target;

    /// The sample, unless there is an error in its place.
    ///
    /// # Errors
    /// Whatever the stream says.
    fn sample(self) -> Result<(Self::Input, Self::Target), Box<dyn Error + Send + Sync>>;
}

impl<X, Y> Sample for (X, Y) {
    type Input = X;
    type Target = Y;

    fn sample(self) -> Result<(X, Y), Box<dyn Error + Send + Sync>> {
        Ok(self)
    }
}

impl<X, Y, E: Into<Box<dyn Error + Send + Sync>>> Sample for Result<(X, Y), E> {
    type Input = X;
    type Target = Y;

    fn sample(self) -> Result<(X, Y), Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}

/// Where the samples of [`fit_stream`](crate::training::Training::fit_stream) come from: an iterator,
/// which goes on from epoch to epoch, or [`EachEpoch`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an iterator over samples, nor `EachEpoch`",
    label = "samples do not come from this"
)]
pub trait Feed {
    /// A [`Sample`].
    type Item;
    /// Whether there are samples again in the next epoch when they have ended in one.
    const RESTARTS: bool;

    /// An epoch begins, counted from 1 over the whole training.
    fn begin_epoch(&mut self, epoch: usize);

    /// The next sample; none if they have ended.
    fn next_sample(&mut self) -> Option<Self::Item>;
}

#[diagnostic::do_not_recommend]
impl<I: Iterator> Feed for I {
    type Item = I::Item;
    const RESTARTS: bool = false;

    fn begin_epoch(&mut self, _: usize) {}

    fn next_sample(&mut self) -> Option<I::Item> {
        self.next()
    }
}

/// A new iterator for each epoch.
///
/// ```
/// use plywood::prelude::*;
/// sequential! { struct Line: [1] => [1] { Dense(1) } }
/// let mut model = Line::new(1);
/// let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
///
/// // Other points in each epoch, which is counted from 1.
/// let feed = EachEpoch::new(|epoch| {
///     (0..100).map(move |i| ((i + epoch) % 17) as f32 / 17.0).map(|x| ([x], [2.0 * x + 1.0]))
/// });
/// let history = training.fit_stream(feed, Fit::new().epochs(20).verbose(Verbose::Silent))?;
/// assert!(history.loss[19] < 0.1 * history.loss[0]);
/// # Ok::<(), plywood::Error>(())
/// ```
pub struct EachEpoch<F, I> {
    make: F,
    now: Option<I>,
}

impl<F: FnMut(usize) -> I, I: Iterator> EachEpoch<F, I> {
    /// `make(epoch)` gives the samples of an epoch, counted from 1. If the training goes on in another
    /// call of `fit_stream`, so does the count.
    pub fn new(make: F) -> Self {
        Self { make, now: None }
    }
}

impl<F: FnMut(usize) -> I, I: Iterator> Feed for EachEpoch<F, I> {
    type Item = I::Item;
    const RESTARTS: bool = true;

    fn begin_epoch(&mut self, epoch: usize) {
        self.now = Some((self.make)(epoch));
    }

    fn next_sample(&mut self) -> Option<I::Item> {
        self.now.as_mut()?.next()
    }
}

impl<F, I> fmt::Debug for EachEpoch<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EachEpoch").finish_non_exhaustive()
    }
}
