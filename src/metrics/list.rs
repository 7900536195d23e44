//! The metrics of a training, one after another.

use super::{Metric, Table};
use crate::cast::Plain;
use crate::error::Result;
use crate::kernels::Element;
use crate::simd::Isa;
use alloc::vec::Vec;

/// The metrics of a training: `()`, or some and one more. Their states lie one behind the other.
pub trait Metrics<T: Element, P: Plain<T>, Y>: Send {
    /// How many numbers their states are together.
    fn state(&self) -> usize;
    /// Appends their names, and whether a small value of each is a good one.
    fn names(&self, list: &mut Vec<(&'static str, bool)>);
    /// Adds a sample to their states.
    fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]);
    /// Appends their names and values.
    fn values(&self, state: &[f64], list: &mut Vec<(&'static str, f64)>);
    /// Appends the tables of those that have one.
    fn tables(&self, state: &[f64], list: &mut Vec<(&'static str, Table)>);
    /// Whether all settings are in their ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for the first one that is not.
    fn check(&self) -> Result<()>;
}

impl<T: Element, P: Plain<T>, Y> Metrics<T, P, Y> for () {
    fn state(&self) -> usize {
        0
    }
    fn names(&self, _: &mut Vec<(&'static str, bool)>) {}
    #[inline(always)]
    fn add<I: Isa>(&self, _: I, _: &[T], _: &Y, _: &mut [f64]) {}
    fn values(&self, _: &[f64], _: &mut Vec<(&'static str, f64)>) {}
    fn tables(&self, _: &[f64], _: &mut Vec<(&'static str, Table)>) {}
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl<T, P, Y, Some, One> Metrics<T, P, Y> for (Some, One)
where
    T: Element,
    P: Plain<T>,
    Some: Metrics<T, P, Y>,
    One: Metric<T, P, Y>,
{
    fn state(&self) -> usize {
        self.0.state() + self.1.state()
    }

    fn names(&self, list: &mut Vec<(&'static str, bool)>) {
        self.0.names(list);
        list.push((self.1.name(), self.1.lower_is_better()));
    }

    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let (some, one) = state.split_at_mut(self.0.state());
        self.0.add(isa, prediction, target, some);
        self.1.add(isa, prediction, target, one);
    }

    fn values(&self, state: &[f64], list: &mut Vec<(&'static str, f64)>) {
        let (some, one) = state.split_at(self.0.state());
        self.0.values(some, list);
        list.push((self.1.name(), self.1.value(one)));
    }

    fn tables(&self, state: &[f64], list: &mut Vec<(&'static str, Table)>) {
        let (some, one) = state.split_at(self.0.state());
        self.0.tables(some, list);
        list.extend(self.1.table(one).map(|table| (self.1.name(), table)));
    }

    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.1.check()
    }
}
