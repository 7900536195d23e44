//! Weights and optimiser state, kept to go back to.

use super::weights::{restore, save};
use crate::kernels::Element;
use crate::layer::{Visitor, Weights};
use crate::rows::all_finite;
use alloc::vec::Vec;

/// The weights of a model and the state of its optimiser at some moment.
#[derive(Debug)]
pub(super) struct Snapshot<T> {
    weights: Vec<T>,
    state: Vec<T>,
    /// The learning rate of the lap that begins with it.
    pub(super) rate: f64,
    /// The number of the last step before it.
    pub(super) steps: u64,
}

impl<T> Default for Snapshot<T> {
    fn default() -> Self {
        Self {
            weights: Vec::new(),
            state: Vec::new(),
            rate: 0.0,
            steps: 0,
        }
    }
}

impl<T: Element> Snapshot<T> {
    pub(super) fn save<W: Weights<T>>(&mut self, weights: &W, state: &[T]) {
        self.weights.clear();
        save(weights, &mut self.weights);
        self.state.clear();
        self.state.extend_from_slice(state);
    }

    /// The weights and the state.
    #[cfg(feature = "std")]
    pub(super) fn numbers(&self) -> (&[T], &[T]) {
        (&self.weights, &self.state)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    pub(super) fn restore<W: Weights<T>>(&self, weights: &mut W, state: &mut [T]) {
        restore(weights, &self.weights);
        state.copy_from_slice(&self.state);
    }
}

/// Whether no weight is infinite or NaN.
pub(super) fn is_finite<T: Element, W: Weights<T>>(weights: &W) -> bool {
    struct Finite(bool);
    impl<T: Element> Visitor<T> for Finite {
        fn tensor(&mut self, _: &'static str, _: &[usize], data: &[T]) {
            self.0 &= all_finite(data);
        }
    }
    let mut finite = Finite(true);
    weights.visit(&mut finite);
    finite.0
}
