//! How the layers of a model pass their numbers on in a training step.

use super::apart::{self, is_apart};
use super::memory::{Memory, Piece};
use super::penalties;
use super::plan::{Place, Plan, copy, pair, passes};
use super::sharing::{self, Forth, is_shared};
use super::{Backward, Kept, Layer, Link, Moment, Update, Weights};
use crate::kernels::Element;
use crate::kernels::channelwise::Channelwise;
use crate::kernels::conv::{Picks, PicksMut};
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use crate::simd::Isa;

/// A training step by a plan: all layers forward, all layers backward, then all updates (or each behind its
/// layer's backward pass). `S` is the memory in which it leaves what it keeps, or finds it.
pub struct Learning<'a, T, S, const N: usize> {
    plan: &'static Plan<N>,
    x: Rows<'a, T>,
    memory: Memory<S, N>,
}

impl<'a, T, S: Piece, const N: usize> Learning<'a, T, S, N> {
    /// Of these inputs, with a memory for as many rows.
    #[inline(always)]
    pub fn new(plan: &'static Plan<N>, x: Rows<'a, T>, memory: S) -> Self {
        let memory = Memory::of(plan, memory, x.len());
        Self::with(plan, x, memory)
    }

    #[inline(always)]
    pub(super) fn with(plan: &'static Plan<N>, x: Rows<'a, T>, memory: Memory<S, N>) -> Self {
        Self { plan, x, memory }
    }

    /// Where the output lies whose gradient layer `i` takes, and how many numbers it has: its own or, if it
    /// follows the next layer's picks, that one's.
    #[inline(always)]
    fn output(&self, i: usize, own: usize) -> (Place, usize) {
        let to = &self.plan.training.to;
        match &self.plan.followed[i] {
            Some(pool) => (to[i + 1], pool.outputs()),
            None => (to[i], own),
        }
    }
}

/// What a layer behind has picked, if its windows are followed: its cache is the first of these.
#[inline(always)]
fn picks<'s, T, S: AsRef<[T]>>(
    followed: Option<Channelwise>,
    behind: &'s [S],
) -> Option<Picks<'s, T>> {
    let (pool, cache) = followed.zip(behind.first())?;
    let winners = cache.as_ref();
    Some(Picks { pool, winners })
}

impl<T: Element, const N: usize> Learning<'_, T, &mut [T], N> {
    /// A layer does its part of the forward pass.
    #[inline(always)]
    pub fn forward<In: Shape, L: Layer<T, In>>(
        &mut self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        y: &mut RowsMut<T>,
        moment: Moment<'_>,
    ) {
        let i = link.index();
        if i == 0 {
            self.memory.penalties.fill(T::zero());
        }
        if const { passes(L::IDENTITY, true) }
            || const { L::PICKS.is_some() } && self.plan.is_done_before(i)
        {
            return;
        }
        let moment = moment.layer(i, self.plan.tensors[i]);
        if const { L::JOINS.is_some() } && self.plan.joined[i] {
            return self.forward_joined(isa, link, weights, y, moment);
        }
        let wiring = &self.plan.training;
        let (x, y) = pair(
            (wiring.from[i], wiring.to[i]),
            (In::SIZE, L::Output::SIZE),
            self.x,
            y,
            &mut self.memory.activations,
        );
        let cache = &mut *self.memory.caches[i];
        if const { is_shared::<T, In, L>() } {
            let forth = Forth {
                x,
                y,
                cache: &mut *cache,
                picks: None,
                moment,
            };
            sharing::forward::<T, In, L, _>(isa, weights, forth);
        } else if const { is_apart::<T, In, L>() } {
            apart::forward::<T, In, L, _>(isa, weights, x, y, &mut *cache, moment);
        } else {
            L::forward_training(isa, weights, x, y, &mut *cache, moment);
        }
        if const { L::PENALIZES } {
            penalties::add(cache, 1, self.memory.penalties);
        }
    }

    /// A layer does its part of the forward pass, and that of the next one. (A function of its own: models
    /// without such layers need no room for it on the stack.)
    #[inline(never)]
    fn forward_joined<In: Shape, L: Layer<T, In>>(
        &mut self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        y: &mut RowsMut<T>,
        moment: Moment<'_>,
    ) {
        let (i, wiring) = (link.index(), &self.plan.training);
        let Some(pool) = self.plan.followed[i] else {
            return;
        };
        let (x, y) = pair(
            (wiring.from[i], wiring.to[i + 1]),
            (In::SIZE, pool.outputs()),
            self.x,
            y,
            &mut self.memory.activations,
        );
        // (What joins keeps nothing itself.)
        let (cache, winners) = (&mut [], &mut *self.memory.caches[i + 1]);
        let forth = Forth {
            x,
            y,
            cache,
            picks: Some(PicksMut { pool, winners }),
            moment,
        };
        sharing::forward::<T, In, L, _>(isa, weights, forth);
    }

    /// The last layer has done its part of the forward pass.
    #[inline(always)]
    pub fn end_forward(&self, y: &mut RowsMut<T>) {
        if self.plan.training.idle {
            copy(self.x, y);
        }
    }

    /// A layer's part of the backward pass, if it has any.
    #[inline(always)]
    fn part<'s, In: Shape, L: Layer<T, In>>(
        &'s mut self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        pass: &'s mut Backward<'_, T>,
    ) -> Option<Backward<'s, T>> {
        if const { passes(L::IDENTITY, true) } {
            return None;
        }
        let i = link.index();
        // Nobody asks for a gradient that no weights before it need.
        let wanted = pass.dx.is_some();
        if !wanted && !self.plan.learns[i] {
            return None;
        }
        // A layer may leave its part to the one before.
        if i > 0 && self.plan.followed[i - 1].is_some() {
            return None;
        }
        let (from, in_width) = (self.plan.training.from[i], In::SIZE);
        let (to, out_width) = self.output(i, L::Output::SIZE);
        let activations = &self.memory.activations;
        let x = match from {
            Place::Inside(from) => Rows::new(activations[from], in_width),
            _ => self.x,
        };
        let y = match to {
            Place::Inside(to) => Rows::new(activations[to], out_width),
            _ => pass.y,
        };
        let gradients = &mut self.memory.gradients;
        let (low, dy) = match to {
            Place::Inside(to) => {
                let (low, high) = gradients.split_at_mut(to);
                (low, RowsMut::new(high[0], out_width))
            }
            _ => (&mut gradients[..], pass.dy.reborrow()),
        };
        let needs_dx = wanted || (i > 0 && self.plan.learns[i - 1]);
        let dx = match from {
            _ if !needs_dx => None,
            Place::Inside(from) => Some(RowsMut::new(low[from], in_width)),
            _ => pass.dx.as_mut().map(RowsMut::reborrow),
        };
        let (own, behind) = self.memory.caches.split_at_mut(i + 1);
        let cache = &mut *own[i];
        let (prepared, scratch) = pass.scratch.split_at_mut(L::PREPARED);
        if dx.is_some() || L::PREPARES_ALWAYS {
            L::prepare_backward(isa, weights, prepared);
        }
        Some(Backward {
            x,
            y,
            cache,
            dy,
            dx,
            picks: picks(self.plan.followed[i], behind),
            joint: pass.joint && i + 1 == N,
            dead_at_zero: self.plan.dead_at_zero[i] || i == 0 && pass.dead_at_zero,
            prepared,
            scratch: &mut scratch[..L::BACKWARD_SCRATCH],
            team: pass.team,
        })
    }

    /// A layer does its part of the backward pass.
    #[inline(always)]
    pub fn backward<In: Shape, L: Layer<T, In>>(
        &mut self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        pass: &mut Backward<T>,
    ) {
        let Some(pass) = self.part(isa, link, weights, pass) else {
            return;
        };
        if const { is_shared::<T, In, L>() } {
            sharing::backward::<T, In, L, _>(isa, weights, pass);
        } else if const { is_apart::<T, In, L>() } {
            apart::backward::<T, In, L, _>(isa, weights, pass);
        } else {
            L::backward(isa, weights, pass);
        }
    }

    /// A layer does its part of the backward pass, and changes its weights, see [`Layer::descend`].
    #[inline(always)]
    pub fn descend<In: Shape, L: Layer<T, In>>(
        &mut self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &mut L::Weights,
        pass: &mut Backward<T>,
        update: &mut Update<T>,
    ) {
        let Some(mut pass) = self.part(isa, link, weights, pass) else {
            return;
        };
        if const { is_apart::<T, In, L>() } {
            apart::backward::<T, In, L, _>(isa, weights, pass.reborrow());
            apart::update::<T, In, L, _>(isa, weights, pass.kept(), update);
        } else {
            L::descend(isa, weights, pass, update);
        }
    }

    /// The first layer has done its part of the backward pass.
    #[inline(always)]
    pub fn end_backward(&self, pass: &mut Backward<T>) {
        if self.plan.training.idle
            && let Some(dx) = &mut pass.dx
        {
            copy(pass.dy.as_rows(), dx);
        }
    }
}

impl<T: Element, const N: usize> Learning<'_, T, &[T], N> {
    /// A layer hands its gradients to the optimiser.
    #[inline(always)]
    pub fn update<In: Shape, L: Layer<T, In>>(
        &self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &mut L::Weights,
        kept: Kept<T>,
        update: &mut Update<T>,
    ) {
        if const { L::Weights::LEN + L::Weights::FROZEN == 0 } {
            return;
        }
        let (i, in_width) = (link.index(), In::SIZE);
        let (to, out_width) = self.output(i, L::Output::SIZE);
        let x = match self.plan.training.from[i] {
            Place::Inside(from) => Rows::new(self.memory.activations[from], in_width),
            _ => self.x,
        };
        let (y, dz) = match to {
            Place::Inside(to) => (
                Rows::new(self.memory.activations[to], out_width),
                Rows::new(self.memory.gradients[to], out_width),
            ),
            _ => (kept.y, kept.dz),
        };
        let (own, behind) = self.memory.caches.split_at(i + 1);
        let kept = Kept {
            x,
            y,
            cache: own[i],
            dz,
            picks: picks(self.plan.followed[i], behind),
        };
        if const { is_apart::<T, In, L>() } {
            apart::update::<T, In, L, _>(isa, weights, kept, update);
        } else {
            L::update(isa, weights, kept, update);
        }
    }
}
