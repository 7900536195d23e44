//! Which class was taken for which.

use super::truth::{Truth, classes, decided};
use super::{Metric, Table, share};
use crate::kernels::Element;
use crate::simd::Isa;

/// How many samples of which class were taken for which. With a single output there are two classes,
/// below and above 0.5.
///
/// Its table has a row for each true class, and a column for each class that the model decides for;
/// its value is the accuracy, the share of samples on the diagonal.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3] => [3] { Activation(softmax) }
/// }
/// let training = Training::new(Net::new(1), Sgd::new(0.1), SparseCategoricalCrossentropy)
///     .metrics(ConfusionMatrix);
/// let x = [[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 9.0, 0.0], [0.0, 9.0, 0.0]];
/// let score = training.evaluate(&x, &[0u8, 1, 2, 2])?;
/// let matrix = score.table("confusion_matrix").unwrap();
/// assert_eq!(matrix[[2, 1]], 2.0); // twice a 2 was taken for a 1
/// assert_eq!(score.metric("confusion_matrix"), Some(0.5));
/// # Ok::<(), plywood::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfusionMatrix;

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, Y: Truth<T, [T; N]>> Metric<T, [T; N], Y> for ConfusionMatrix {
    fn name(&self) -> &'static str {
        "confusion_matrix"
    }
    fn state(&self) -> usize {
        classes(N) * classes(N)
    }
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let class = target.class().min(classes(N) - 1);
        state[class * classes(N) + decided(prediction)] += 1.0;
    }
    fn value(&self, state: &[f64]) -> f64 {
        let right = state.iter().step_by(classes(N) + 1).sum();
        share(right, state.iter().sum())
    }
    fn table(&self, state: &[f64]) -> Option<Table> {
        Some(Table::new(classes(N), state.iter().copied()))
    }
}
