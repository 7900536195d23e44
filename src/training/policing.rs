//! Regularisers and constraints: what the layers of a model ask of their weights.

use super::Training;
use crate::kernels::Element;
use crate::layer::{Model, TensorRule, Visitor, VisitorMut, Weights};
use crate::optimizers::Optimizer;
use crate::rows::padded;
use crate::simd::{Isa, Job, dispatch};
use alloc::vec::Vec;
use core::ops::DerefMut;

/// Whether the layers of a model ask anything.
pub(super) const fn is_policed<M: Model>() -> bool {
    M::POLICIES.any()
}

/// What they ask of each tensor; an empty list if they ask nothing.
pub(super) fn rules<M: Model>(model: &M) -> Vec<TensorRule> {
    if const { is_policed::<M>() } {
        M::POLICIES.rules(model)
    } else {
        Vec::new()
    }
}

/// What is asked of the tensors of a model, in order; nothing of those beyond the list.
#[derive(Clone, Copy)]
pub(super) struct Policing<'a> {
    pub(super) rules: &'a [TensorRule],
    /// Which tensors are not trained: nothing is asked of them.
    pub(super) frozen: &'a [bool],
}

impl Policing<'_> {
    /// What all weights together add to the loss.
    pub(super) fn penalty<T: Element, W: Weights<T>, I: Isa>(self, isa: I, weights: &W) -> f64 {
        let mut sum = 0.0;
        self.each(weights, |_, rule, w| {
            if let Some(penalty) = rule.policy.penalty {
                sum += penalty.sum(isa, w);
            }
        });
        sum
    }

    /// Adds the gradients of that to those of the data, which lie one after another.
    pub(super) fn add_gradients<T: Element, W: Weights<T>, I: Isa>(
        self,
        isa: I,
        weights: &W,
        gradients: &mut [T],
    ) {
        self.each(weights, |at, rule, w| {
            if let Some(penalty) = rule.policy.penalty {
                penalty.add_gradient(isa, w, &mut gradients[at..at + w.len()]);
            }
        });
    }

    /// Makes the constraints hold.
    pub(super) fn constrain<T: Element, W: Weights<T>, I: Isa>(self, isa: I, weights: &mut W) {
        weights.visit_mut(&mut Constrain {
            isa,
            list: self.list(),
        });
    }

    /// The rules with whether their tensors are frozen.
    fn list(self) -> impl Iterator<Item = (TensorRule, bool)> {
        let frozen = self.frozen.iter().copied().chain(core::iter::repeat(false));
        self.rules.iter().copied().zip(frozen)
    }

    /// Shows every tensor that is trained and has a rule, with its place among all numbers.
    fn each<T: Element, W: Weights<T>>(
        self,
        weights: &W,
        work: impl FnMut(usize, TensorRule, &[T]),
    ) {
        weights.visit(&mut Each {
            list: self.list(),
            at: 0,
            work,
        });
    }
}

struct Each<L, F> {
    list: L,
    at: usize,
    work: F,
}

impl<T, L, F> Visitor<T> for Each<L, F>
where
    L: Iterator<Item = (TensorRule, bool)>,
    F: FnMut(usize, TensorRule, &[T]),
{
    fn tensor(&mut self, _: &'static str, _: &[usize], data: &[T]) {
        if let Some((rule, false)) = self.list.next() {
            (self.work)(self.at, rule, data);
        }
        self.at += data.len();
    }
    fn frozen(&mut self, _: &'static str, _: &[usize], _: &[T]) {
        self.list.next();
    }
}

struct Constrain<I, L> {
    isa: I,
    list: L,
}

impl<T: Element, I: Isa, L> VisitorMut<T> for Constrain<I, L>
where
    L: Iterator<Item = (TensorRule, bool)>,
{
    fn tensor(&mut self, _: &'static str, dims: &[usize], data: &mut [T]) {
        if let Some((rule, false)) = self.list.next()
            && let Some(bound) = rule.policy.bound
        {
            // A vector may have more axes in Keras: its rows then lie side by side.
            let width = rule.dims.last().copied().unwrap_or(1);
            let stride = if rule.dims.len() == dims.len() {
                padded(width)
            } else {
                width
            };
            bound.apply(self.isa, rule.dims, stride, data);
        }
    }
    fn frozen(&mut self, _: &'static str, _: &[usize], _: &mut [T]) {
        self.list.next();
    }
}

/// [`Policing::penalty`] outside of a step.
struct Penalty<'a, M> {
    policing: Policing<'a>,
    model: &'a M,
}

impl<M: Model> Job for Penalty<'_, M> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        self.policing.penalty(isa, self.model)
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// What the regularisers of the layers add to the loss.
    pub(super) fn penalty(&self) -> f64 {
        if const { !is_policed::<B::Target>() } {
            return 0.0;
        }
        dispatch(Penalty {
            policing: Policing {
                rules: &self.rules,
                frozen: &self.frozen,
            },
            model: &*self.model,
        })
    }
}
