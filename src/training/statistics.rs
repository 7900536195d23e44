//! Weights that are not trained, but change in an update, as the moving mean of a batch normalisation.

use crate::kernels::Element;
use crate::layer::{Visitor, VisitorMut, Weights};
use alloc::vec::Vec;

/// Copies them, one tensor after another.
pub(super) fn copy<T: Element, W: Weights<T>>(weights: &W, to: &mut Vec<T>) {
    struct Copy<'a, T>(&'a mut Vec<T>);
    impl<T: Element> Visitor<T> for Copy<'_, T> {
        fn tensor(&mut self, _: &'static str, _: &[usize], _: &[T]) {}
        fn frozen(&mut self, _: &'static str, _: &[usize], data: &[T]) {
            self.0.extend_from_slice(data);
        }
    }
    to.clear();
    weights.visit(&mut Copy(to));
}

/// Exchanges them for such a copy.
pub(super) fn swap<T: Element, W: Weights<T>>(weights: &mut W, with: &mut [T]) {
    struct Swap<'a, T>(&'a mut [T]);
    impl<T: Element> VisitorMut<T> for Swap<'_, T> {
        fn tensor(&mut self, _: &'static str, _: &[usize], _: &mut [T]) {}
        fn frozen(&mut self, _: &'static str, _: &[usize], data: &mut [T]) {
            let (own, rest) = core::mem::take(&mut self.0).split_at_mut(data.len());
            data.swap_with_slice(own);
            self.0 = rest;
        }
    }
    weights.visit_mut(&mut Swap(with));
}
