//! One training step: forward through all layers, the loss and its gradient, backward through all
//! layers, then the optimiser.

use super::policing::is_policed;
use super::stored::{Stored, StoredUpdate};
use super::{Number, Training, as_f64};
use crate::cast::Plain;
use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::kernels::rule::Rule;
use crate::layer::{Backward, Kept, Model, Moment, Update, plain_len};
use crate::layout;
use crate::losses::Loss;
use crate::math::Real;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::rows::{Rows, RowsMut, padded};
use crate::scratch::{LINE, from_line};
use crate::shape::Shape;
use crate::simd::{Isa, Job, dispatch};
use crate::team::{self, Share, Split, Team};
use alloc::vec::Vec;
use core::ops::DerefMut;

/// The memory of a training, allocated before the first step.
#[derive(Debug)]
pub(super) struct Workspace<T> {
    /// Samples that it has room for.
    rows: usize,
    /// Samples of the last batch.
    last: usize,
    /// `| cache | scratch | gradient | x | y | dy | plain |`, from the first multiple of 64 bytes on:
    /// rows of outputs may be short, so they come last.
    memory: Vec<T>,
    /// What the optimiser keeps for each weight, and what else outlives a step; see `stored`.
    pub(super) state: Vec<T>,
}

impl<T> Default for Workspace<T> {
    fn default() -> Self {
        Self {
            rows: 0,
            last: 0,
            memory: Vec::new(),
            state: Vec::new(),
        }
    }
}

impl<T: Element> Workspace<T> {
    /// Makes room for batches of `rows` samples and for so many numbers of state.
    pub(super) fn reserve<M: Model<Element = T>>(&mut self, rows: usize, state: usize) {
        if rows > self.rows {
            self.memory.clear();
            self.memory.resize(needed::<M>(rows) + LINE, T::zero());
            self.rows = rows;
        }
        if self.state.len() < state {
            self.state.resize(state, T::zero());
        }
    }

    /// The parts of the memory for a batch, and the state.
    #[inline(always)]
    pub(super) fn parts<M: Model<Element = T>>(&mut self, rows: usize) -> Parts<'_, T> {
        if rows != self.last {
            // The parts have moved, and the padding of gradients must be zero where it is now.
            self.memory.fill(T::zero());
            self.last = rows;
        }
        Parts::of::<M>(from_line(&mut self.memory), rows, &mut self.state)
    }
}

/// How many numbers a batch takes.
pub(super) const fn needed<M: Model>(rows: usize) -> usize {
    let (x, y) = (padded(M::InputShape::SIZE), padded(M::OutputShape::SIZE));
    let batch = M::BACKWARD_SCRATCH + M::GRADIENT + 2 * plain_len::<M::OutputShape>();
    rows * (x + 2 * y + M::CACHE) + batch
}

/// The memory of a batch in its parts, and the optimiser's state.
pub(super) struct Parts<'a, T> {
    x: &'a mut [T],
    y: &'a mut [T],
    dy: &'a mut [T],
    /// An output and its gradient as they lie outside, if that is not how they lie inside.
    plain: &'a mut [T],
    cache: &'a mut [T],
    scratch: &'a mut [T],
    gradient: &'a mut [T],
    state: &'a mut [T],
}

impl<'a, T: Element> Parts<'a, T> {
    /// Of at least [`needed`] numbers, the padding of gradients among them zero.
    #[inline(always)]
    pub(super) fn of<M: Model<Element = T>>(
        memory: &'a mut [T],
        rows: usize,
        state: &'a mut [T],
    ) -> Self {
        let (cache, rest) = memory.split_at_mut(rows * M::CACHE);
        let (scratch, rest) = rest.split_at_mut(M::BACKWARD_SCRATCH);
        let (gradient, rest) = rest.split_at_mut(M::GRADIENT);
        let (x, rest) = rest.split_at_mut(rows * padded(M::InputShape::SIZE));
        let y_len = rows * padded(M::OutputShape::SIZE);
        let (y, rest) = rest.split_at_mut(y_len);
        let (dy, rest) = rest.split_at_mut(y_len);
        Parts {
            x,
            y,
            dy,
            plain: &mut rest[..2 * plain_len::<M::OutputShape>()],
            cache,
            scratch,
            gradient,
            state,
        }
    }
}

/// What all steps of an epoch have in common.
pub(super) struct Course<'a, M: Model, O, L, Me, Y> {
    pub(super) model: &'a mut M,
    pub(super) optimizer: &'a O,
    /// What the optimiser does in all steps, if that is always the same.
    pub(super) rule: Option<Rule<M::Element>>,
    /// What is asked of steps besides, if anything is.
    pub(super) stored: Option<Stored<'a>>,
    pub(super) loss: &'a L,
    pub(super) metrics: &'a Me,
    pub(super) x: &'a [M::Input],
    pub(super) y: &'a [Y],
    /// What the loss of each sample is multiplied by.
    pub(super) weights: Option<&'a [f64]>,
    /// Whether the loss gives the gradient before the last activation.
    pub(super) joint: bool,
    /// For dropout.
    pub(super) seed: u64,
    pub(super) team: Team<'a>,
}

impl<M, O, L, Me, Y> Course<'_, M, O, L, Me, Y>
where
    M: Model,
    O: Optimizer,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    /// Takes step number `step` (from 1 on, over the whole training) on the samples in `batch`.
    /// Gives the sum of their losses, and adds them to the `state` of the metrics.
    ///
    /// If that is not finite, the step ends before the weights change, unless `before_update` has
    /// been called, which happens in between.
    #[inline(always)]
    pub(super) fn step<I: Isa>(
        &mut self,
        isa: I,
        parts: Parts<'_, M::Element>,
        batch: &[u32],
        step: u64,
        state: &mut [f64],
        before_update: impl FnOnce(&M, &[M::Element]),
    ) -> f64 {
        let rows = batch.len();
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);

        gather::<M, _>(isa, self.team, self.x, batch, RowsMut::new(parts.x, width));
        let x = Rows::new(parts.x, width);
        let frozen = self.stored.map_or(&[][..], Stored::frozen);
        let moment = Moment::new(self.seed, step, self.team).freezing(frozen);
        let y = RowsMut::new(parts.y, out);
        M::forward_training(isa, self.model, x, y, parts.cache, moment);

        let y = Rows::new(parts.y, out);
        let mut dy = RowsMut::new(parts.dy, out);
        let (joint, scale) = (self.joint, M::Element::of(1.0 / rows as f64));
        let mut total = 0.0;
        for ((y, dy), &i) in y.iter().zip(dy.iter_mut()).zip(batch) {
            let target = &self.y[i as usize];
            let (weight, scale) = match self.weights {
                None => (1.0, scale),
                Some(weights) => {
                    let weight = weights[i as usize];
                    (weight, M::Element::of(weight) * scale)
                }
            };
            let mut learn = |y: &[M::Element], dy: &mut [M::Element]| {
                total += weight * as_f64(self.loss.loss(isa, y, target));
                self.metrics.add(isa, y, target, state);
                self.loss.gradient(isa, y, target, joint, scale, dy);
            };
            if const { plain_len::<M::OutputShape>() > 0 } {
                let (plain_y, plain_dy) = parts.plain.split_at_mut(out);
                layout::outward::<M::OutputShape, _>(y, plain_y);
                learn(plain_y, plain_dy);
                layout::inward::<M::OutputShape, _>(plain_dy, dy);
            } else {
                learn(y, dy);
            }
        }
        if const { is_policed::<M>() }
            && let Some(stored) = self.stored
        {
            total += rows as f64 * stored.policing().penalty(isa, &*self.model);
        }
        if !total.is_finite() {
            return total;
        }
        before_update(self.model, parts.state);

        let pass = Backward {
            x,
            y,
            cache: &mut *parts.cache,
            dy,
            dx: None,
            joint,
            dead_at_zero: false,
            prepared: &[],
            scratch: parts.scratch,
            team: self.team,
        };
        M::backward(isa, self.model, pass);
        let kept = Kept {
            x,
            y,
            cache: parts.cache,
            dz: Rows::new(parts.dy, out),
        };
        if let Some(stored) = self.stored {
            isa.enter(StoredUpdate {
                stored,
                model: &mut *self.model,
                kept,
                rule: self.optimizer.rule(stored.update(step)),
                step,
                team: self.team,
                gradient: parts.gradient,
                state: parts.state,
            });
            return total;
        }
        // (All others have been stored.)
        if let Rule::Fused(rule) = self.rule.unwrap_or_else(|| self.optimizer.rule(step)) {
            let mut update = Update::new(self.team, rule, parts.state, parts.gradient);
            M::update(isa, self.model, kept, &mut update);
        }
        total
    }
}

/// Copies the samples of a batch from where the user has them.
struct Gather<'a, M: Model>(&'a [M::Input]);

impl<'p, M: Model> Share<(&'p [u32], RowsMut<'p, M::Element>)> for Gather<'_, M> {
    #[inline(always)]
    fn run<I: Isa>(&self, _: I, (batch, mut rows): (&'p [u32], RowsMut<'p, M::Element>)) {
        for (row, &i) in rows.iter_mut().zip(batch) {
            layout::inward::<M::InputShape, _>(self.0[i as usize].numbers(), row);
        }
    }
}

#[inline(always)]
fn gather<M: Model, I: Isa>(
    isa: I,
    team: Team<'_>,
    samples: &[M::Input],
    batch: &[u32],
    rows: RowsMut<M::Element>,
) {
    // Reading a number from far away takes as long as some products.
    let split = team.split(batch.len(), 8 * rows.width());
    if split.len() == 1 {
        return Gather::<M>(samples).run(isa, (batch, rows));
    }
    share(isa, team, Gather::<M>(samples), batch, rows, split);
}

/// The same, shared. (Not inlined: the parts take room on the stack.)
#[inline(never)]
fn share<M: Model, I: Isa>(
    isa: I,
    team: Team<'_>,
    gather: Gather<'_, M>,
    batch: &[u32],
    mut rows: RowsMut<M::Element>,
    split: Split,
) {
    let mut parts = team::Parts::new();
    for i in 0..split.len() {
        let range = split.rows(i);
        let (part, rest) = rows.split_at(range.len());
        parts.push((&batch[range], part));
        rows = rest;
    }
    team.share(isa, &gather, parts);
}

/// A single step outside of `fit`.
struct SingleStep<'a, M: Model, O, L, Me, Y> {
    course: Course<'a, M, O, L, Me, Y>,
    workspace: &'a mut Workspace<M::Element>,
    batch: &'a [u32],
    step: u64,
    state: &'a mut [f64],
}

impl<M, O, L, Me, Y> Job for SingleStep<'_, M, O, L, Me, Y>
where
    M: Model,
    O: Optimizer,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) -> f64 {
        let parts = self.workspace.parts::<M>(self.batch.len());
        self.course
            .step(isa, parts, self.batch, self.step, self.state, |_, _| {})
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// See `train_on_batch`.
    pub(super) fn single_step<Y>(
        &mut self,
        x: &[<B::Target as Model>::Input],
        y: &[Y],
    ) -> Result<f64>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        self.prepare(x.len());
        self.order.clear();
        self.order.extend(0..x.len() as u32);
        self.state.clear();
        self.state.resize(self.metrics.state(), 0.0);
        let total = dispatch(SingleStep {
            course: Course {
                model: &mut *self.model,
                optimizer: &self.optimizer,
                rule: self.optimizer.lasting_rule(),
                stored: Stored::new::<Number<B::Target>>(
                    &self.optimizer,
                    &self.frozen,
                    &self.rules,
                ),
                loss: &self.loss,
                metrics: &self.metrics,
                x,
                y,
                weights: None,
                joint: self.joint,
                seed: 0,
                team: Team::alone(),
            },
            workspace: &mut self.workspace,
            batch: &self.order,
            step: self.steps + 1,
            state: &mut self.state,
        });
        if !total.is_finite() {
            return Err(Error::NonFiniteLoss {
                epoch: self.epochs.max(1) as usize,
                step: self.steps as usize + 1,
                loss: total,
            });
        }
        self.steps += 1;
        Ok(total / x.len() as f64)
    }
}
