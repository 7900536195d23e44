//! How the layers of a model pass their numbers on in a training step.

use super::apart::{self, is_apart};
use super::penalties;
use super::plan::{Place, Plan, copy, pair, passes};
use super::sharing::{self, Forth, is_shared};
use super::{Backward, Kept, Layer, Link, Moment, Update, Weights};
use crate::kernels::Element;
use crate::kernels::conv::{Picks, PicksMut};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;
use crate::simd::Isa;
use core::ops::Range;

/// The passes of a training step by a plan: all layers forward, all layers backward, then all updates (or each
/// behind its layer's backward pass).
pub struct Learning<'a, T, const N: usize> {
    plan: &'static Plan<N>,
    x: Rows<'a, T>,
}

impl<'a, T, const N: usize> Learning<'a, T, N> {
    #[inline(always)]
    pub(super) fn new(plan: &'static Plan<N>, x: Rows<'a, T>) -> Self {
        Self { plan, x }
    }
}

impl<'a, T: Element, const N: usize> Learning<'a, T, N> {
    /// The cache in four: activations, gradients, what the layers keep, and penalties.
    #[inline(always)]
    fn split<'s>(&self, cache: &'s mut [T]) -> [&'s mut [T]; 4] {
        let (rows, len) = (self.x.len(), self.plan.training.len * self.x.len());
        let (cache, penalties) = penalties::split(cache, rows, self.plan.penalizes);
        let (activations, rest) = cache.split_at_mut(len);
        let (gradients, caches) = rest.split_at_mut(len);
        [activations, gradients, caches, penalties]
    }

    #[inline(always)]
    fn cache_range<In: Shape, L: Layer<T, In>>(&self, link: Link<T, In, L>) -> Range<usize> {
        let (start, rows) = (self.plan.caches[link.index()], self.x.len());
        start * rows..(start + L::CACHE) * rows
    }

    /// Where the output lies whose gradient a layer takes, and how many numbers it has: its own or, if it
    /// follows the next layer's picks, that one's.
    #[inline(always)]
    fn output<In: Shape, L: Layer<T, In>>(&self, link: Link<T, In, L>) -> (Place, usize) {
        let (i, to) = (link.index(), &self.plan.training.to);
        match &self.plan.followed[i] {
            Some(pool) => (to[i + 1], pool.outputs()),
            None => (to[i], L::Output::SIZE),
        }
    }

    /// What the next layer has picked, if layer `i` follows it. The caches behind that of the layer begin
    /// with it.
    #[inline(always)]
    fn picks<'s>(&self, i: usize, behind: &'s [T]) -> Option<Picks<'s, T>> {
        self.plan.followed[i].map(|pool| Picks {
            pool,
            winners: &behind[..pool.outputs() * self.x.len()],
        })
    }

    /// A layer does its part of the forward pass.
    #[inline(always)]
    pub fn forward<In: Shape, L: Layer<T, In>>(
        &self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        y: &mut RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        let i = link.index();
        let [activations, _, caches, penalties] = self.split(cache);
        if i == 0 {
            penalties.fill(T::zero());
        }
        if const { passes(L::IDENTITY, true) }
            || const { L::PICKS.is_some() } && self.plan.is_done_before(i)
        {
            return;
        }
        let moment = moment.layer(i, self.plan.tensors[i]);
        if const { L::JOINS.is_some() } && self.plan.joined[i] {
            return self.forward_joined(isa, link, weights, y, [activations, caches], moment);
        }
        let wiring = &self.plan.training;
        let (x, y) = pair(
            (wiring.from[i], wiring.to[i]),
            (In::SIZE, L::Output::SIZE),
            self.x,
            y,
            activations,
        );
        let cache = &mut caches[self.cache_range(link)];
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
            penalties::add(cache, 1, penalties);
        }
    }

    /// A layer does its part of the forward pass, and that of the next one. (A function of its own: models
    /// without such layers need no room for it on the stack.)
    #[inline(never)]
    fn forward_joined<In: Shape, L: Layer<T, In>>(
        &self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        y: &mut RowsMut<T>,
        [activations, caches]: [&mut [T]; 2],
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
            activations,
        );
        let (cache, behind) =
            caches[self.cache_range(link).start..].split_at_mut(L::CACHE * x.len());
        let winners = &mut behind[..pool.outputs() * x.len()];
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
        &'s self,
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
        let [activations, gradients, caches, _] = self.split(pass.cache);
        let wiring = &self.plan.training;
        let rows = self.x.len();
        let (from, (to, out_width)) = (wiring.from[i], self.output(link));
        let in_width = In::SIZE;
        let x = match from.range(in_width, rows) {
            Some(range) => Rows::new(&activations[range], in_width),
            None => self.x,
        };
        let y = match to.range(out_width, rows) {
            Some(range) => Rows::new(&activations[range], out_width),
            None => pass.y,
        };
        let needs_dx = wanted || (i > 0 && self.plan.learns[i - 1]);
        let (low, dy) = match to {
            Place::Inside(offset) => {
                let (low, high) = gradients.split_at_mut(offset * rows);
                (
                    low,
                    RowsMut::new(&mut high[..padded(out_width) * rows], out_width),
                )
            }
            _ => (gradients, pass.dy.reborrow()),
        };
        let dx = match from.range(in_width, rows) {
            _ if !needs_dx => None,
            Some(range) => Some(RowsMut::new(&mut low[range], in_width)),
            None => pass.dx.as_mut().map(RowsMut::reborrow),
        };
        let (cache, behind) = caches[self.cache_range(link).start..].split_at_mut(L::CACHE * rows);
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
            picks: self.picks(i, behind),
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
        &self,
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
        &self,
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
        let (i, rows) = (link.index(), self.x.len());
        let len = self.plan.training.len * rows;
        let (activations, rest) = kept.cache.split_at(len);
        let (gradients, caches) = rest.split_at(len);
        let wiring = &self.plan.training;
        let (in_width, (to, out_width)) = (In::SIZE, self.output(link));
        let x = match wiring.from[i].range(in_width, rows) {
            Some(range) => Rows::new(&activations[range], in_width),
            None => self.x,
        };
        let (y, dz) = match to.range(out_width, rows) {
            Some(range) => (
                Rows::new(&activations[range.clone()], out_width),
                Rows::new(&gradients[range], out_width),
            ),
            None => (kept.y, kept.dz),
        };
        let (cache, behind) = caches[self.cache_range(link).start..].split_at(L::CACHE * rows);
        let kept = Kept {
            x,
            y,
            cache,
            dz,
            picks: self.picks(i, behind),
        };
        if const { is_apart::<T, In, L>() } {
            apart::update::<T, In, L, _>(isa, weights, kept, update);
        } else {
            L::update(isa, weights, kept, update);
        }
    }
}
