//! How near numbers are.

use super::truth::Alike;
use super::{Metric, add_to_mean};
use crate::cast::Plain;
use crate::kernels::Element;
use crate::math::Real;
use crate::simd::Isa;

/// The square root of the mean of (p - y)^2 over all outputs of all samples, in the unit of the
/// targets.
#[derive(Clone, Copy, Debug, Default)]
pub struct RootMeanSquaredError;

/// 1 - Σ (y - p)^2 / Σ (y - mean of y)^2, the mean over the outputs: the share of the targets' variance
/// that the model explains. 1 is perfect, 0 is no better than the mean; it may be below.
///
/// An output whose targets are all the same counts as 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct R2Score;

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>, Y: Alike<P>> Metric<T, P, Y> for RootMeanSquaredError {
    fn name(&self) -> &'static str {
        "root_mean_squared_error"
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let pairs = prediction.iter().zip(target.array().numbers());
        let squares = pairs.map(|(&p, &y)| ((p - y) * (p - y)).as_f64());
        add_to_mean(state, squares.sum::<f64>() / prediction.len() as f64);
    }
    fn value(&self, state: &[f64]) -> f64 {
        Real::sqrt(state[0] / state[1])
    }
    fn lower_is_better(&self) -> bool {
        true
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>, Y: Alike<P>> Metric<T, P, Y> for R2Score {
    fn name(&self) -> &'static str {
        "r2_score"
    }
    /// How many samples; then for each output the mean of the targets, their squared distances from
    /// it, and those from the predictions.
    fn state(&self) -> usize {
        1 + 3 * (size_of::<P>() / size_of::<T>())
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        state[0] += 1.0;
        let (count, outputs) = (state[0], state[1..].chunks_exact_mut(3));
        let pairs = prediction.iter().zip(target.array().numbers());
        for ((&p, &y), output) in pairs.zip(outputs) {
            let (p, y) = (p.as_f64(), y.as_f64());
            // Welford's way: Σ y^2 - (Σ y)^2 / n would lose its digits where the mean is large.
            let away = y - output[0];
            output[0] += away / count;
            output[1] += away * (y - output[0]);
            output[2] += (y - p) * (y - p);
        }
    }
    fn value(&self, state: &[f64]) -> f64 {
        let score = |output: &[f64]| {
            if output[1] > 0.0 {
                1.0 - output[2] / output[1]
            } else {
                0.0
            }
        };
        let outputs = state[1..].chunks_exact(3);
        let count = outputs.len() as f64;
        outputs.map(score).sum::<f64>() / count
    }
}
