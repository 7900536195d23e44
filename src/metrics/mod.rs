//! Metrics: what is measured beside the loss, by Keras' definitions and under Keras' names.
//!
//! | metric | name | value |
//! | --- | --- | --- |
//! | [`Accuracy`] | `accuracy` | share of samples whose largest output is at the true class (with one output: as `BinaryAccuracy`) |
//! | [`BinaryAccuracy`] | `binary_accuracy` | share of outputs on the target's side of a threshold |
//! | [`TopK`] | `top_k_categorical_accuracy` | share of samples whose true class is among the k largest outputs |
//! | [`ClassAccuracy`] | `class_accuracy` | mean over the classes of each one's accuracy; a table of them |
//! | [`ConfusionMatrix`] | `confusion_matrix` | the accuracy; a table of how many of which class were taken for which |
//! | [`Precision`], [`Recall`] | `precision`, `recall` | right ones among what was said to be true, and among what is true |
//! | [`F1Score`] | `f1_score` | 2 precision recall / (precision + recall), over the classes; a table of theirs |
//! | [`Auc`] | `auc` | area under the curve of recall over false alarms, or of precision over recall |
//! | [`R2Score`] | `r2_score` | 1 - Σ (y - p)^2 / Σ (y - mean)^2, mean over the outputs |
//! | [`RootMeanSquaredError`] | `root_mean_squared_error` | square root of the mean of (p - y)^2 |
//! | [`CosineSimilarity`] | `cosine_similarity` | mean cosine: minus the loss |
//! | every other [loss](crate::losses) | `mean_squared_error`, `kl_divergence`, ... | its mean |
//!
//! Where outputs are equal, the first one is the largest. Targets are arrays like the predictions, or
//! class numbers: [`BinaryAccuracy`], [`R2Score`] and [`RootMeanSquaredError`] take arrays only, a
//! loss what it takes as a loss.
//!
//! ```
//! use plywood::prelude::*;
//! sequential! {
//!     struct Net: [2] => [3] { Dense(3, softmax) }
//! }
//! let (x, y) = ([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0u8, 1, 2]);
//! let mut model = Net::new(1);
//! let mut training = model
//!     .compile(Sgd::new(0.1), SparseCategoricalCrossentropy)
//!     .metrics(ConfusionMatrix)
//!     .metrics(F1Score::new().average(Average::Weighted))
//!     .metrics(Named("precision_of_2", Precision::new().class_id(2)));
//! let history = training.fit(&x, &y, Fit::new().epochs(2).verbose(Verbose::Silent))?;
//! assert_eq!(history.metric("f1_score").unwrap().len(), 2);
//!
//! let score = training.evaluate(&x, &y)?;
//! let matrix = score.table("confusion_matrix").unwrap();
//! assert_eq!(matrix.row(1).iter().sum::<f64>(), 1.0); // one sample is of class 1
//! println!("{matrix}");
//! # Ok::<(), plywood::Error>(())
//! ```
//!
//! A metric of your own is a type that implements [`Metric`].

mod accuracy;
mod auc;
mod confusion_matrix;
mod f1_score;
mod list;
mod losses;
mod named;
mod precision;
mod regression;
mod table;
mod truth;

pub use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, CosineSimilarity, Hinge, Huber,
    KLDivergence, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge,
};
pub use accuracy::{Accuracy, BinaryAccuracy, ClassAccuracy, TopK};
pub use auc::{Auc, Curve};
pub use confusion_matrix::ConfusionMatrix;
pub use f1_score::{Average, F1Score};
pub use list::Metrics;
pub use named::Named;
pub use precision::{Precision, Recall};
pub use regression::{R2Score, RootMeanSquaredError};
pub use table::Table;
pub use truth::{Alike, Nobodys, Truth};

use crate::cast::Plain;
use crate::error::Result;
use crate::kernels::Element;
use crate::simd::Isa;

/// Something to be measured over all samples of an epoch or an evaluation.
///
/// It keeps numbers, its state, which are 0 before the first sample. Unless it says otherwise it is
/// a mean: its state is a sum, and of how many.
///
/// ```
/// use plywood::cast::Plain;
/// use plywood::metrics::Metric;
/// use plywood::prelude::*;
///
/// /// The largest error of all.
/// struct LargestError;
/// impl<T: Element, P: Plain<T>> Metric<T, P, P> for LargestError {
///     fn name(&self) -> &'static str {
///         "largest_error"
///     }
///     fn state(&self) -> usize {
///         1
///     }
///     fn add<I: Isa>(&self, _: I, prediction: &[T], target: &P, state: &mut [f64]) {
///         for (&p, &y) in prediction.iter().zip(target.numbers()) {
///             state[0] = state[0].max((p - y).abs().as_f64());
///         }
///     }
///     fn value(&self, state: &[f64]) -> f64 {
///         state[0]
///     }
///     fn lower_is_better(&self) -> bool {
///         true
///     }
/// }
/// # sequential! { struct Net: [1] => [1] { Dense(1) } }
/// let training = Training::new(Net::new(1), Sgd::new(0.1), MeanSquaredError).metrics(LargestError);
/// let score = training.evaluate(&[[0.0], [0.0]], &[[3.0], [-5.0]])?;
/// assert_eq!(score.metric("largest_error"), Some(5.0));
/// # Ok::<(), plywood::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the metric `{Self}` does not take targets `{Y}` for predictions `{P}`",
    label = "these targets do not fit the metric"
)]
pub trait Metric<T: Element, P: Plain<T>, Y>: Send {
    /// Its name in the history.
    fn name(&self) -> &'static str;

    /// How many numbers its state is.
    fn state(&self) -> usize {
        2
    }

    /// Adds a sample to the state.
    fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]);

    /// What the state says.
    fn value(&self, state: &[f64]) -> f64 {
        state[0] / state[1]
    }

    /// The details behind the value, for [`Score::table`](crate::training::Score::table).
    fn table(&self, _state: &[f64]) -> Option<Table> {
        None
    }

    /// Whether a small value is a good one, for early stopping.
    fn lower_is_better(&self) -> bool {
        false
    }

    /// Whether all settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for the first one that is not.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Adds to a mean.
#[inline(always)]
fn add_to_mean(state: &mut [f64], value: f64) {
    state[0] += value;
    state[1] += 1.0;
}

/// A share of some, or 0 if there are none.
fn share(part: f64, all: f64) -> f64 {
    if all > 0.0 { part / all } else { 0.0 }
}
