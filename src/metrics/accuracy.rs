//! Shares of right answers.

use super::truth::{Alike, Truth, classes, decided};
use super::{Metric, Table, add_to_mean, share};
use crate::cast::Plain;
use crate::error::{Result, check};
use crate::kernels::Element;
use crate::simd::Isa;

/// The share of samples whose largest output is at the true class; with a single output, the share
/// on the right side of 0.5.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy;

/// The share of outputs that are on the same side of a threshold as their targets.
#[derive(Clone, Copy, Debug)]
pub struct BinaryAccuracy {
    threshold: f64,
}

impl BinaryAccuracy {
    /// With this threshold; outputs above it count as yes.
    pub fn threshold(threshold: f64) -> Self {
        Self { threshold }
    }
}

impl Default for BinaryAccuracy {
    /// Keras' default, 0.5.
    fn default() -> Self {
        Self::threshold(0.5)
    }
}

/// The share of samples whose true class is among the k largest outputs.
#[derive(Clone, Copy, Debug)]
pub struct TopK {
    k: usize,
}

impl TopK {
    /// Among the k largest, at least 1.
    pub fn new(k: usize) -> Self {
        Self { k }
    }
}

impl Default for TopK {
    /// Keras' default, 5.
    fn default() -> Self {
        Self::new(5)
    }
}

/// The accuracy of each class: of its samples the share that was recognised. The value is the mean
/// over the classes that occur, in which a rare class counts as much as a frequent one; the table has
/// one row, with a number for each class (NaN for one that does not occur).
#[derive(Clone, Copy, Debug, Default)]
pub struct ClassAccuracy;

fn one_if(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, Y: Truth<T, [T; N]>> Metric<T, [T; N], Y> for Accuracy {
    fn name(&self) -> &'static str {
        "accuracy"
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        add_to_mean(state, one_if(decided(prediction) == target.class()));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>, Y: Alike<P>> Metric<T, P, Y> for BinaryAccuracy {
    fn name(&self) -> &'static str {
        "binary_accuracy"
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let threshold = T::of(self.threshold);
        let pairs = prediction.iter().zip(target.array().numbers());
        let right = pairs.filter(|&(&p, &y)| (p > threshold) == (y > T::of(0.5)));
        add_to_mean(state, right.count() as f64 / prediction.len() as f64);
    }
    fn check(&self) -> Result<()> {
        let ok = self.threshold.is_finite();
        check("threshold", "a finite number", self.threshold, ok)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, Y: Truth<T, [T; N]>> Metric<T, [T; N], Y> for TopK {
    fn name(&self) -> &'static str {
        "top_k_categorical_accuracy"
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        // (A single output is the only class, whatever its target.)
        let own = prediction[target.class().min(N - 1)];
        let larger = prediction.iter().filter(|&&p| p > own).count();
        add_to_mean(state, one_if(own.is_finite() && larger < self.k));
    }
    fn check(&self) -> Result<()> {
        check("k", "at least 1", self.k, self.k > 0)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, Y: Truth<T, [T; N]>> Metric<T, [T; N], Y> for ClassAccuracy {
    fn name(&self) -> &'static str {
        "class_accuracy"
    }
    /// For each class how many of it were recognised, then how many there are of each.
    fn state(&self) -> usize {
        2 * classes(N)
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let (right, all) = state.split_at_mut(classes(N));
        let class = target.class().min(classes(N) - 1);
        right[class] += one_if(decided(prediction) == class);
        all[class] += 1.0;
    }
    fn value(&self, state: &[f64]) -> f64 {
        let (right, all) = state.split_at(classes(N));
        let sum: f64 = right.iter().zip(all).map(|(&r, &n)| share(r, n)).sum();
        share(sum, all.iter().filter(|&&n| n > 0.0).count() as f64)
    }
    fn table(&self, state: &[f64]) -> Option<Table> {
        let (right, all) = state.split_at(classes(N));
        let shares = right.iter().zip(all).map(|(right, all)| right / all);
        Some(Table::new(classes(N), shares))
    }
}
