//! Another name for a metric.

use super::{Metric, Table};
use crate::cast::Plain;
use crate::error::Result;
use crate::kernels::Element;
use crate::simd::Isa;

/// A metric under a name of your own, to have several of a kind.
///
/// ```
/// use plywood::prelude::*;
/// let metric = Named("recall_of_sevens", Recall::new().class_id(7));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Named<M>(
    /// The name.
    pub &'static str,
    /// The metric.
    pub M,
);

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>, Y, M: Metric<T, P, Y>> Metric<T, P, Y> for Named<M> {
    fn name(&self) -> &'static str {
        self.0
    }
    fn state(&self) -> usize {
        self.1.state()
    }
    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        self.1.add(isa, prediction, target, state);
    }
    fn value(&self, state: &[f64]) -> f64 {
        self.1.value(state)
    }
    fn table(&self, state: &[f64]) -> Option<Table> {
        self.1.table(state)
    }
    fn lower_is_better(&self) -> bool {
        self.1.lower_is_better()
    }
    fn check(&self) -> Result<()> {
        self.1.check()
    }
}
