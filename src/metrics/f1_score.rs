//! Precision and recall in one number.

use super::truth::{Truth, classes};
use super::{Metric, Table};
use crate::error::{Result, check};
use crate::kernels::Element;
use crate::simd::Isa;

/// The harmonic mean of precision and recall, 2 precision recall / (precision + recall), of each
/// class, averaged over the classes. Its table has one row, with the score of each class (what Keras
/// gives for `average=None`).
///
/// The class of the largest output is the one that is said to be true (each one of several that are
/// equal, as in Keras); with a threshold, all whose outputs are above it. A single output always has
/// a threshold, 0.5 if not said.
///
/// ```
/// use plywood::prelude::*;
/// let metric = F1Score::new().average(Average::Weighted);
/// let for_many_labels = F1Score::new().threshold(0.5);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct F1Score {
    average: Average,
    threshold: Option<f64>,
}

/// How the scores of classes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// Their mean: each class counts as much as any other.
    #[default]
    Macro,
    /// Their mean, each class weighted by how often it is true.
    Weighted,
    /// The score of all classes counted together.
    Micro,
}

impl F1Score {
    /// The mean over the classes.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the scores of classes become one.
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }

    /// Outputs above it count as yes; above 0 and at most 1, as in Keras.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = Some(threshold);
        self
    }
}

/// What Keras adds to every divisor.
const EPSILON: f64 = 1e-7;

/// Of how many are rightly, wrongly, and wrongly not said to be true.
fn f1([right, wrong, missed]: [f64; 3]) -> f64 {
    let precision = right / (right + wrong + EPSILON);
    let recall = right / (right + missed + EPSILON);
    2.0 * (precision * recall / (precision + recall + EPSILON))
}

/// The counts of each class.
fn counts(state: &[f64]) -> impl Iterator<Item = [f64; 3]> + '_ {
    state.chunks_exact(3).map(|c| [c[0], c[1], c[2]])
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, Y: Truth<T, [T; N]>> Metric<T, [T; N], Y> for F1Score {
    fn name(&self) -> &'static str {
        "f1_score"
    }
    /// For each output how many are rightly, wrongly, and wrongly not said to be true.
    fn state(&self) -> usize {
        3 * N
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let threshold = self.threshold.or((N < classes(N)).then_some(0.5));
        let threshold = threshold.map(T::of);
        let most = prediction
            .iter()
            .fold(-T::INFINITY, |most, &p| if p > most { p } else { most });
        for (i, (&p, counts)) in prediction.iter().zip(state.chunks_exact_mut(3)).enumerate() {
            let yes = match threshold {
                Some(threshold) => p > threshold,
                // So that zeros are no yes.
                None => p >= most && p.abs() > T::of(1e-9),
            };
            let truth = target.at(i);
            if yes {
                counts[0] += truth;
                counts[1] += 1.0 - truth;
            } else {
                counts[2] += truth;
            }
        }
    }
    fn value(&self, state: &[f64]) -> f64 {
        let scores = counts(state).map(f1);
        match self.average {
            Average::Macro => scores.sum::<f64>() / N as f64,
            Average::Weighted => {
                let weights = || counts(state).map(|[right, _, missed]| right + missed);
                let weighted = scores.zip(weights()).map(|(score, weight)| score * weight);
                weighted.sum::<f64>() / (weights().sum::<f64>() + EPSILON)
            }
            Average::Micro => f1(counts(state).fold([0.0; 3], |sum, c| {
                [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]]
            })),
        }
    }
    fn table(&self, state: &[f64]) -> Option<Table> {
        Some(Table::new(N, counts(state).map(f1)))
    }
    fn check(&self) -> Result<()> {
        let Some(threshold) = self.threshold else {
            return Ok(());
        };
        let ok = threshold > 0.0 && threshold <= 1.0;
        check("threshold", "above 0 and at most 1", threshold, ok)
    }
}
