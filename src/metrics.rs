//! Metrics: what is counted beside the loss, by Keras' definitions and under Keras' names.
//!
//! | metric | name | of a sample |
//! | --- | --- | --- |
//! | [`Accuracy`] | `accuracy` | 1 if the largest output is at the true class (with one output: as `BinaryAccuracy`) |
//! | [`BinaryAccuracy`] | `binary_accuracy` | share of outputs on the target's side of a threshold |
//! | [`TopK`] | `top_k_categorical_accuracy` | 1 if the true class is among the k largest outputs |
//! | [`MeanAbsoluteError`] | `mean_absolute_error` | mean of \|p - y\| |
//!
//! Where outputs are equal, the first one is the largest.

use crate::cast::Plain;
use crate::data::Label;
use crate::kernels::Element;

pub use crate::losses::MeanAbsoluteError;

/// Something to be averaged over all samples.
#[diagnostic::on_unimplemented(
    message = "the metric `{Self}` does not take targets `{Y}` for predictions `{P}`",
    label = "these targets do not fit the metric"
)]
pub trait Metric<T: Element, P: Plain<T>, Y>: Send {
    /// Its name in the history.
    fn name(&self) -> &'static str;
    /// Its value for a sample.
    fn of(&self, prediction: &[T], target: &Y) -> f64;
}

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
    /// Among the k largest.
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

/// Where the largest number is, the first of several.
#[inline(always)]
fn argmax<T: Element>(numbers: &[T]) -> usize {
    let mut best = 0;
    for (i, &x) in numbers.iter().enumerate() {
        if x > numbers[best] {
            best = i;
        }
    }
    best
}

fn share(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

/// The true class: of one-hot targets the largest number.
macro_rules! class_metric {
    ($metric:ident, $name:literal, |$self:ident, $prediction:ident, $class:ident| $value:expr) => {
        #[diagnostic::do_not_recommend]
        impl<T: Element, const N: usize> Metric<T, [T; N], [T; N]> for $metric {
            fn name(&self) -> &'static str {
                $name
            }
            #[inline(always)]
            fn of(&$self, $prediction: &[T], target: &[T; N]) -> f64 {
                if N == 1 && $name == "accuracy" {
                    return binary($prediction, target, 0.5);
                }
                let $class = argmax(target);
                $value
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Element, const N: usize, C: Label> Metric<T, [T; N], C> for $metric {
            fn name(&self) -> &'static str {
                $name
            }
            #[inline(always)]
            fn of(&$self, $prediction: &[T], target: &C) -> f64 {
                let $class = target.class();
                $value
            }
        }
    };
}

class_metric!(Accuracy, "accuracy", |self, prediction, class| share(
    argmax(prediction) == class
));
class_metric!(
    TopK,
    "top_k_categorical_accuracy",
    |self, prediction, class| {
        let own = prediction[class];
        let larger = prediction.iter().filter(|&&p| p > own).count();
        share(own.is_finite() && larger < self.k)
    }
);

#[inline(always)]
fn binary<T: Element>(prediction: &[T], target: &[T], threshold: f64) -> f64 {
    let right = prediction.iter().zip(target);
    let right = right
        .filter(|&(&p, &y)| (p > T::of(threshold)) == (y > T::of(0.5)))
        .count();
    right as f64 / prediction.len() as f64
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Metric<T, P, P> for BinaryAccuracy {
    fn name(&self) -> &'static str {
        "binary_accuracy"
    }
    #[inline(always)]
    fn of(&self, prediction: &[T], target: &P) -> f64 {
        binary(prediction, target.numbers(), self.threshold)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Metric<T, P, P> for MeanAbsoluteError {
    fn name(&self) -> &'static str {
        "mean_absolute_error"
    }
    #[inline(always)]
    fn of(&self, prediction: &[T], target: &P) -> f64 {
        let pairs = prediction.iter().zip(target.numbers());
        let sum: f64 = pairs.map(|(&p, &y)| (p - y).abs().as_f64()).sum();
        sum / prediction.len() as f64
    }
}

/// The metrics of a training: `()`, or some and one more.
pub trait Metrics<T: Element, P: Plain<T>, Y>: Send {
    /// How many there are.
    const COUNT: usize;
    /// Appends their names.
    fn names(&self, names: &mut alloc::vec::Vec<&'static str>);
    /// Adds their values for a sample to the sums.
    fn add(&self, prediction: &[T], target: &Y, sums: &mut [f64]);
}

impl<T: Element, P: Plain<T>, Y> Metrics<T, P, Y> for () {
    const COUNT: usize = 0;
    fn names(&self, _: &mut alloc::vec::Vec<&'static str>) {}
    #[inline(always)]
    fn add(&self, _: &[T], _: &Y, _: &mut [f64]) {}
}

impl<T, P, Y, Some, One> Metrics<T, P, Y> for (Some, One)
where
    T: Element,
    P: Plain<T>,
    Some: Metrics<T, P, Y>,
    One: Metric<T, P, Y>,
{
    const COUNT: usize = Some::COUNT + 1;
    fn names(&self, names: &mut alloc::vec::Vec<&'static str>) {
        self.0.names(names);
        names.push(self.1.name());
    }
    #[inline(always)]
    fn add(&self, prediction: &[T], target: &Y, sums: &mut [f64]) {
        self.0.add(prediction, target, sums);
        sums[Some::COUNT] += self.1.of(prediction, target);
    }
}
