//! One training step: forward through all layers, the loss and its gradient, backward through all
//! layers, then the optimiser.

use super::gather::Gather;
use super::policing::is_policed;
use super::shards::{Shards, is_sharded};
use super::stored::{Stored, Whole};
use super::{Number, Training, as_f64};
use crate::error::{Error, Result};
use crate::kernels::rule::{Fused, Rule};
use crate::kernels::{Element, prefetch_ends};
use crate::layer::{Backward, Model, Moment, Update, plain_len};
use crate::layout;
use crate::losses::Loss;
use crate::math::Real;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::rows::{Rows, RowsMut, padded};
use crate::scratch::{LINE, from_line};
use crate::shape::Shape;
use crate::simd::{Isa, Job, dispatch};
use crate::team::Team;
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
    pub(super) fn parts<'a, M: Model<Element = T>>(
        &'a mut self,
        rows: usize,
        shards: &'a mut Shards<M>,
    ) -> Parts<'a, M> {
        if rows != self.last {
            // The parts have moved, and the padding of gradients must be zero where it is now.
            self.memory.fill(T::zero());
            self.last = rows;
        }
        Parts::of(from_line(&mut self.memory), rows, &mut self.state, shards)
    }
}

/// How many numbers a batch takes.
pub(super) const fn needed<M: Model>(rows: usize) -> usize {
    let (x, y) = (padded(M::InputShape::SIZE), padded(M::OutputShape::SIZE));
    let outputs = rows * 2 * y + 2 * plain_len::<M::OutputShape>();
    if is_sharded::<M>() {
        return outputs;
    }
    rows * (x + M::CACHE) + M::BACKWARD_SCRATCH + M::GRADIENT + outputs
}

/// The memory of a batch in its parts, and the optimiser's state.
pub(super) struct Parts<'a, M: Model> {
    pub(super) y: &'a mut [Number<M>],
    pub(super) dy: &'a mut [Number<M>],
    /// An output and its gradient as they lie outside, if that is not how they lie inside.
    pub(super) plain: &'a mut [Number<M>],
    /// These are empty if the batch is cut, which has all that in its shards.
    x: &'a mut [Number<M>],
    cache: &'a mut [Number<M>],
    scratch: &'a mut [Number<M>],
    gradient: &'a mut [Number<M>],
    pub(super) shards: &'a mut Shards<M>,
    state: &'a mut [Number<M>],
}

impl<'a, M: Model> Parts<'a, M> {
    /// Of at least [`needed`] numbers, the padding of gradients among them zero.
    #[inline(always)]
    pub(super) fn of(
        memory: &'a mut [Number<M>],
        rows: usize,
        state: &'a mut [Number<M>],
        shards: &'a mut Shards<M>,
    ) -> Self {
        let [x_len, cache, scratch, gradient] = if const { is_sharded::<M>() } {
            [0; 4]
        } else {
            let x = rows * padded(M::InputShape::SIZE);
            [x, rows * M::CACHE, M::BACKWARD_SCRATCH, M::GRADIENT]
        };
        let (cache, rest) = memory.split_at_mut(cache);
        let (scratch, rest) = rest.split_at_mut(scratch);
        let (gradient, rest) = rest.split_at_mut(gradient);
        let (x, rest) = rest.split_at_mut(x_len);
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
            shards,
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
        mut parts: Parts<'_, M>,
        batch: &[u32],
        step: u64,
        state: &mut [f64],
        before_update: impl FnOnce(&M, &[M::Element]),
    ) -> f64 {
        // A rule that is not stored is one that kernels take along.
        let rule = match self.stored {
            None => self
                .rule
                .unwrap_or_else(|| self.optimizer.rule(step))
                .taken_along(),
            Some(_) => None,
        };
        let share = Self::share(batch.len());
        let share = rule.map_or(share, |(scale, _)| scale * share);
        let frozen = self.stored.map_or(&[][..], Stored::frozen);
        let moment = Moment::new(self.seed, step, self.team).freezing(frozen);
        let mut total = if const { is_sharded::<M>() } {
            self.in_shards(isa, &mut parts, batch, moment, state)
        } else {
            self.forward(isa, &mut parts, batch, share, moment, state)
        };
        if const { is_policed::<M>() }
            && let Some(stored) = self.stored
        {
            total += batch.len() as f64 * stored.policing().penalty(isa, &*self.model);
        }
        if !total.is_finite() {
            return total;
        }
        before_update(self.model, parts.state);

        if const { is_sharded::<M>() } {
            if let Some(stored) = self.stored {
                let rule = self.optimizer.rule(stored.update(step));
                let sums = parts.shards.sums();
                stored.learn(isa, self.model, sums, rule, step, parts.state);
            }
            return total;
        }
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);
        let (x, y) = (Rows::new(parts.x, width), Rows::new(parts.y, out));
        let mut pass = Backward {
            x,
            y,
            cache: parts.cache,
            dy: RowsMut::new(parts.dy, out),
            dx: None,
            picks: None,
            joint: self.joint,
            dead_at_zero: false,
            prepared: &[],
            scratch: parts.scratch,
            team: self.team,
        };
        if const { matches!(M::DESCENDS, Some(true)) }
            && batch.len() == 1
            && let Some((_, rule @ Fused::Add(_))) = rule
        {
            let mut update = Update::new(self.team, rule, &mut [], parts.gradient);
            M::descend(isa, self.model, pass, &mut update);
            return total;
        }
        M::backward(isa, self.model, pass.reborrow());
        let kept = pass.kept();
        if let Some(stored) = self.stored {
            let whole = Whole {
                kept,
                team: self.team,
                gradient: parts.gradient,
            };
            let rule = self.optimizer.rule(stored.update(step));
            stored.learn(isa, self.model, whole, rule, step, parts.state);
            return total;
        }
        if let Some((_, rule)) = rule {
            let mut update = Update::new(self.team, rule, parts.state, parts.gradient);
            M::update(isa, self.model, kept, &mut update);
        }
        total
    }

    /// Takes a batch forward, and leaves the gradients by its outputs, of which each sample counts `share`.
    /// Gives the sum of the losses, and adds them to the `state` of the metrics.
    #[inline(always)]
    fn forward<I: Isa>(
        &self,
        isa: I,
        parts: &mut Parts<'_, M>,
        batch: &[u32],
        share: M::Element,
        moment: Moment<'_>,
        state: &mut [f64],
    ) -> f64 {
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);
        let (x, y) = (RowsMut::new(parts.x, width), RowsMut::new(parts.y, out));
        // Targets of shuffled samples lie where no processor expects them.
        for &i in batch {
            prefetch_ends(&self.y[i as usize]);
        }
        let samples = self.x;
        let x = Gather::<M> { samples, batch, x };
        M::forward_inputs(isa, self.model, x, y, parts.cache, moment);
        let pair = (Rows::new(parts.y, out), RowsMut::new(parts.dy, out));
        self.learn(isa, batch, pair, share, parts.plain, (0.0, state))
    }
}

impl<M, O, L, Me, Y> Course<'_, M, O, L, Me, Y>
where
    M: Model,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    /// What a sample counts in a batch of so many.
    #[inline(always)]
    pub(super) fn share(rows: usize) -> M::Element {
        M::Element::of(1.0 / rows as f64)
    }

    /// From outputs to their gradients, of samples that count `share` each. Gives the sum of their losses
    /// and of those before, and adds them to the state of the metrics.
    #[inline(always)]
    pub(super) fn learn<I: Isa>(
        &self,
        isa: I,
        batch: &[u32],
        (y, mut dy): (Rows<M::Element>, RowsMut<M::Element>),
        share: M::Element,
        plain: &mut [M::Element],
        (mut total, state): (f64, &mut [f64]),
    ) -> f64 {
        for ((y, dy), &i) in y.iter().zip(dy.iter_mut()).zip(batch) {
            let i = i as usize;
            total += if const { plain_len::<M::OutputShape>() > 0 } {
                let (plain_y, plain_dy) = plain.split_at_mut(M::OutputShape::SIZE);
                layout::outward::<M::OutputShape, _>(y, plain_y);
                let loss = self.learn_one(isa, i, (plain_y, &mut *plain_dy), share, state);
                layout::inward::<M::OutputShape, _>(plain_dy, dy);
                loss
            } else {
                self.learn_one(isa, i, (y, dy), share, state)
            };
        }
        total
    }

    /// The same for one sample, whose numbers lie as outside.
    #[inline(always)]
    fn learn_one<I: Isa>(
        &self,
        isa: I,
        i: usize,
        (y, dy): (&[M::Element], &mut [M::Element]),
        share: M::Element,
        state: &mut [f64],
    ) -> f64 {
        let target = &self.y[i];
        let (weight, share) = match self.weights {
            None => (1.0, share),
            Some(weights) => (weights[i], M::Element::of(weights[i]) * share),
        };
        let loss = weight * as_f64(self.loss.loss(isa, y, target));
        self.metrics.add(isa, y, target, state);
        self.loss.gradient(isa, y, target, self.joint, share, dy);
        loss
    }
}

/// A single step outside of `fit`.
struct SingleStep<'a, M: Model, O, L, Me, Y> {
    course: Course<'a, M, O, L, Me, Y>,
    workspace: &'a mut Workspace<M::Element>,
    shards: &'a mut Shards<M>,
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
        let parts = self.workspace.parts(self.batch.len(), self.shards);
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
        self.prepare(x.len(), Team::alone());
        self.order.clear();
        self.order.extend(0..x.len() as u32);
        self.state.clear();
        self.state.resize(self.metrics.state(), 0.0);
        let total = dispatch(SingleStep {
            course: Course {
                model: &mut *self.model,
                optimizer: &self.optimizer,
                rule: self.optimizer.lasting_rule(),
                stored: Stored::new::<B::Target>(&self.optimizer, &self.frozen, &self.rules),
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
            shards: &mut self.shards,
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
