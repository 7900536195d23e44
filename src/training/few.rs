//! The steps of a network of a few weights that learns from a sample or two at a time.
//!
//! They are all bookkeeping, so they get a loop of their own, in which the compiler knows the number of
//! samples and sees all that happens to the weights: nothing has to leave the registers. It computes
//! what the steps of all other networks compute, bit for bit.

use super::ahead::Shuffling;
use super::epoch::{RanAway, Steps, advance};
use super::step::{Course, Parts, needed};
use super::{Number, Score};
use crate::kernels::rule::{Rule, Sgd};
use crate::layer::Model;
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::simd::Isa;
use crate::team::Team;
use bytemuck::Zeroable;
use core::mem;

/// How many numbers a batch may take.
const ROOM: usize = 64;

/// Whether a model is so small.
pub(super) const fn is_tiny<M: Model>() -> bool {
    M::MACS <= 64 && needed::<M>(2) <= ROOM && size_of::<M>() <= 1024
}

/// A model away from its place, to which it returns.
struct Away<'a, M: Zeroable> {
    model: M,
    home: &'a mut M,
}

impl<'a, M: Zeroable> Away<'a, M> {
    #[inline(always)]
    fn from(home: &'a mut M) -> Self {
        let model = mem::replace(home, M::zeroed());
        Self { model, home }
    }
}

impl<M: Zeroable> Drop for Away<'_, M> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.home = mem::replace(&mut self.model, M::zeroed());
    }
}

impl<M, O, L, Me, Y> Steps<'_, '_, M, O, L, Me, Y>
where
    M: Model,
    O: Optimizer,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    /// Takes all steps of full batches but the first, if it can. Gives the number of the step that
    /// comes next, counted from 0, and the sum of all losses, from `total` on.
    #[inline(always)]
    pub(super) fn in_registers<I: Isa>(
        &mut self,
        isa: I,
        total: f64,
    ) -> Result<(usize, f64), RanAway> {
        let course = &self.course;
        let is_plain = course.stored.is_none() && course.weights.is_none();
        match (course.rule, self.batch_size) {
            (Some(Rule::Sgd(sgd)), 1) if is_plain => self.batches::<I, 1>(isa, sgd, total),
            (Some(Rule::Sgd(sgd)), 2) if is_plain => self.batches::<I, 2>(isa, sgd, total),
            _ => Ok((1, total)),
        }
    }

    /// The same for batches of B samples.
    #[inline(always)]
    fn batches<I: Isa, const B: usize>(
        &mut self,
        isa: I,
        sgd: Sgd<M::Element>,
        mut total: f64,
    ) -> Result<(usize, f64), RanAway> {
        let batches = self.order.as_chunks::<B>().0;
        let mut step = 1;
        while step < batches.len() {
            // Nothing is told in between: a call would drive all numbers out of the registers.
            let quiet = self.progress.as_ref().map_or(usize::MAX, |p| p.quiet());
            let run = &batches[step..][..(quiet / B).saturating_add(1).min(batches.len() - step)];
            total = self.run_of_steps(isa, sgd, run, step, total)?;
            step += run.len();
            let (metrics, state) = (self.course.metrics, &*self.state);
            advance(&mut self.progress, B * run.len(), |done| {
                Score::of(total, done, metrics, state)
            });
        }
        Ok((step, total))
    }

    /// The same for some batches, the first of which is step `first`.
    #[inline(always)]
    fn run_of_steps<I: Isa, const B: usize>(
        &mut self,
        isa: I,
        sgd: Sgd<M::Element>,
        batches: &[[u32; B]],
        first: usize,
        mut total: f64,
    ) -> Result<f64, RanAway> {
        let mut away = Away::from(&mut *self.course.model);
        // Whatever is not asked for is said to be absent here, where the compiler sees it.
        let mut course = Course {
            model: &mut away.model,
            rule: Some(Rule::Sgd(sgd)),
            stored: None,
            weights: None,
            team: Team::alone(),
            ..self.course
        };
        let mut ahead = Shuffling::of(self.ahead.as_deref_mut());
        for (step, batch) in (first..).zip(batches) {
            let mut memory = [M::Element::zeroed(); ROOM];
            let parts = Parts::of(&mut memory, B, &mut [], self.shards);
            let number = self.steps + step as u64 + 1;
            let loss = course.step(isa, parts, batch, number, self.state, |_, _| {});
            if !loss.is_finite() {
                return Err(RanAway { step, loss });
            }
            total += loss;
            ahead.advance(B);
        }
        Ok(total)
    }
}
