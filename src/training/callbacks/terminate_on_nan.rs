//! The quiet end of a training that ran away.

use super::Callback;
use crate::error::Error;

/// Ends a training whose loss becomes NaN or infinite without an error: Keras' `TerminateOnNaN`.
///
/// Without it, `fit` ends with [`Error::NonFiniteLoss`]. With it, `fit` gives the history of the epochs
/// before, of which there may be none, and other callbacks are told that the training is over. Either
/// way the model has its last good weights, those whose loss was finite; in Keras it has the bad ones.
///
/// ```
/// use plywood::prelude::*;
/// sequential! { struct Line: [1] => [1] { Dense(1) } }
/// let (x, y) = ([[1.0], [2.0]], [[1e30], [-1e30]]);
/// let mut model = Line::new(1);
/// let mut training = model.compile(Sgd::new(1e10), MeanSquaredError);
/// let settings = || Fit::new().epochs(9).verbose(Verbose::Silent);
///
/// assert!(matches!(training.fit(&x, &y, settings()), Err(Error::NonFiniteLoss { .. })));
/// let history = training.fit(&x, &y, settings().callback(TerminateOnNan))?;
/// assert!(history.epochs() < 9);
/// # Ok::<(), plywood::Error>(())
/// ```
#[doc(alias = "TerminateOnNaN")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminateOnNan;

impl Callback for TerminateOnNan {
    fn on_non_finite_loss(&mut self, _: &Error) -> bool {
        true
    }
}
