//! How the layers of a model pass their numbers on: where each batch of activations and gradients
//! lies in memory, worked out by the compiler.
//!
//! Between layers lie boundaries: the model's input, what each layer gives, the model's output.
//! The outer two belong to the caller, the inner ones lie in a row in one piece of scratch memory.
//! A layer that is an identity (a `Flatten`) has no boundary of its own, nor has one whose forward pass is one with
//! that of the layer behind.
//!
//! ```text
//! prediction:  | activations | scratch of the layer at work | penalties |
//! training:    | activations | gradients | caches of all layers | penalties |
//! ```
//!
//! Penalties are there if a layer [`PENALIZES`](Layer::PENALIZES).

use super::apart::{self, is_apart};
use super::penalties;
use super::sharing::{self, Forth, is_shared};
use super::{Backward, Entry, Identity, Kept, Layer, Link, Moment, Policies, Update, Weights};
use crate::kernels::Element;
use crate::kernels::channelwise::Channelwise;
use crate::kernels::conv::{Conv, Picks, PicksMut, follows, joins};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;
use crate::simd::Isa;
use core::ops::Range;

/// What a plan needs to know of a layer.
#[derive(Clone, Copy)]
pub struct Facts {
    output: usize,
    identity: Identity,
    params: usize,
    frozen: usize,
    tensors: usize,
    len: usize,
    macs: usize,
    cache: usize,
    scratch: usize,
    gradient: usize,
    prepared: usize,
    backward_scratch: usize,
    dead_at_zero: bool,
    separate: bool,
    picks: Option<Channelwise>,
    follows: Option<Conv>,
    joins: Option<Conv>,
    penalizes: bool,
    policies: Policies,
}

impl<T: Element, In: Shape, L: Layer<T, In>> Link<T, In, L> {
    /// What a plan needs to know of this layer.
    pub const fn facts(self) -> Facts {
        Facts {
            output: L::Output::SIZE,
            identity: L::IDENTITY,
            params: L::Weights::PARAMS,
            frozen: L::Weights::FROZEN,
            tensors: Entry::tensors(L::Weights::ENTRIES),
            len: L::Weights::LEN,
            macs: L::MACS,
            cache: L::CACHE,
            scratch: L::SCRATCH,
            gradient: L::GRADIENT,
            prepared: L::PREPARED,
            backward_scratch: L::BACKWARD_SCRATCH,
            dead_at_zero: L::DEAD_AT_ZERO,
            separate: L::SEPARATE,
            picks: L::PICKS,
            follows: L::FOLLOWS,
            joins: L::JOINS,
            penalizes: L::PENALIZES,
            policies: L::POLICIES,
        }
    }
}

/// The windows of the layer behind layer `i`, if this takes the gradient from there.
const fn followed<const N: usize>(layers: &[Facts; N], i: usize) -> Option<Channelwise> {
    if i + 1 < N
        && let (Some(conv), Some(pool)) = (layers[i].follows, layers[i + 1].picks)
        && follows(&conv, &pool)
    {
        return Some(pool);
    }
    None
}

/// Whether the forward passes of both layers are one.
const fn is_joined<const N: usize>(layers: &[Facts; N], i: usize) -> bool {
    match (layers[i].joins, followed(layers, i)) {
        (Some(conv), Some(pool)) => joins(&conv, &pool),
        _ => false,
    }
}

/// Where the numbers of a boundary lie.
#[derive(Clone, Copy)]
enum Place {
    /// With the caller, who gave the input.
    Input,
    /// In the scratch memory, after so many numbers a row.
    Inside(usize),
    /// With the caller, who wants the output.
    Output,
}

impl Place {
    /// Where `rows` rows lie in the scratch memory, if they do.
    #[inline(always)]
    fn range(self, width: usize, rows: usize) -> Option<Range<usize>> {
        match self {
            Place::Inside(offset) => Some(offset * rows..(offset + padded(width)) * rows),
            Place::Input | Place::Output => None,
        }
    }
}

/// Where each layer reads and writes.
#[derive(Clone, Copy)]
struct Wiring<const N: usize> {
    from: [Place; N],
    to: [Place; N],
    /// Numbers a row of all inner boundaries together.
    len: usize,
    /// Whether every layer is an identity.
    idle: bool,
}

impl<const N: usize> Wiring<N> {
    const fn new(layers: &[Facts; N], training: bool) -> Self {
        let mut wiring = Wiring {
            from: [Place::Input; N],
            to: [Place::Input; N],
            len: 0,
            idle: true,
        };
        let mut last = N;
        while last > 0 && passes(layers[last - 1].identity, training) {
            last -= 1;
        }
        let mut here = Place::Input;
        let mut i = 0;
        while i < N {
            wiring.from[i] = here;
            if !passes(layers[i].identity, training) && !is_joined(layers, i) {
                wiring.idle = false;
                here = if i + 1 == last {
                    Place::Output
                } else {
                    let offset = wiring.len;
                    wiring.len += padded(layers[i].output);
                    Place::Inside(offset)
                };
            }
            wiring.to[i] = here;
            i += 1;
        }
        wiring
    }
}

const fn passes(identity: Identity, training: bool) -> bool {
    match identity {
        Identity::Never => false,
        Identity::InPrediction => !training,
        Identity::Always => true,
    }
}

/// The plan of a model of N layers.
pub struct Plan<const N: usize> {
    prediction: Wiring<N>,
    training: Wiring<N>,
    /// Where each layer's cache begins among the caches.
    caches: [usize; N],
    /// How many tensors the layers before each have.
    tensors: [usize; N],
    /// Whether a layer has weights to train, or one before it.
    learns: [bool; N],
    /// Whether the gradient by a layer's input is not needed where that is zero.
    dead_at_zero: [bool; N],
    /// The windows of the next layer, if it picks some of a layer's outputs and this takes the gradient
    /// from there.
    followed: [Option<Channelwise>; N],
    /// Whether the two are one in the forward pass.
    joined: [bool; N],
    /// What is asked of the weights of each layer.
    policies: [Policies; N],
    /// Numbers of all caches together.
    cache_len: usize,
    /// See [`Layer::SEPARATE`].
    pub separate: bool,
    /// See [`Layer::PENALIZES`].
    pub penalizes: bool,
    /// See [`Layer::SCRATCH`].
    pub scratch: usize,
    /// See [`Layer::GRADIENT`].
    pub gradient: usize,
    /// See [`Layer::BACKWARD_SCRATCH`].
    pub backward_scratch: usize,
    /// See [`Layer::MACS`].
    pub macs: usize,
    /// See [`Weights::PARAMS`].
    pub params: usize,
    /// See [`Weights::FROZEN`].
    pub frozen: usize,
    /// See [`Weights::LEN`].
    pub len: usize,
}

impl<const N: usize> Plan<N> {
    /// The plan for these layers.
    pub const fn new(layers: [Facts; N]) -> Self {
        let mut plan = Plan {
            prediction: Wiring::new(&layers, false),
            training: Wiring::new(&layers, true),
            caches: [0; N],
            tensors: [0; N],
            learns: [false; N],
            dead_at_zero: [false; N],
            followed: [None; N],
            joined: [false; N],
            policies: [Policies::NONE; N],
            cache_len: 0,
            separate: true,
            penalizes: false,
            scratch: 0,
            gradient: 0,
            backward_scratch: 0,
            macs: 0,
            params: 0,
            frozen: 0,
            len: 0,
        };
        let mut i = 0;
        while i < N {
            let layer = layers[i];
            plan.caches[i] = plan.cache_len;
            plan.cache_len += layer.cache;
            plan.macs += layer.macs;
            plan.params += layer.params;
            plan.frozen += layer.frozen;
            plan.len += layer.len;
            plan.learns[i] = plan.params > 0;
            plan.followed[i] = followed(&layers, i);
            plan.joined[i] = is_joined(&layers, i);
            plan.separate &= layer.separate;
            plan.penalizes |= layer.penalizes;
            plan.policies[i] = layer.policies;
            if i + 1 < N {
                plan.tensors[i + 1] = plan.tensors[i] + layer.tensors;
                // An identity hands on what it gets.
                plan.dead_at_zero[i + 1] = match passes(layer.identity, true) {
                    true => plan.dead_at_zero[i],
                    false => layer.dead_at_zero,
                };
            }
            plan.scratch = max(plan.scratch, layer.scratch);
            plan.gradient = max(plan.gradient, layer.gradient);
            let backward = layer.prepared + layer.backward_scratch;
            plan.backward_scratch = max(plan.backward_scratch, backward);
            i += 1;
        }
        plan.scratch += plan.prediction.len + plan.penalizes as usize;
        plan
    }

    /// See [`Layer::CACHE`].
    pub const fn cache(&self) -> usize {
        2 * self.training.len + self.cache_len + self.penalizes as usize
    }

    /// See [`Layer::POLICIES`].
    pub const fn policies(&'static self) -> Policies {
        Policies::Layers(&self.policies)
    }

    /// Whether the forward pass of layer `i` is that of the layer before.
    #[inline(always)]
    fn is_done_before(&self, i: usize) -> bool {
        i > 0 && self.joined[i - 1]
    }

    /// A forward pass for prediction.
    #[inline(always)]
    pub fn inference<'a, T: Element>(
        &'static self,
        x: Rows<'a, T>,
        y: RowsMut<'a, T>,
        scratch: &'a mut [T],
    ) -> Inference<'a, T, N> {
        let (scratch, penalties) = penalties::split(scratch, x.len(), self.penalizes);
        penalties.fill(T::zero());
        let (activations, scratch) = scratch.split_at_mut(self.prediction.len * x.len());
        Inference {
            plan: self,
            x,
            y,
            activations,
            scratch,
            penalties,
        }
    }

    /// The passes of a training step.
    #[inline(always)]
    pub fn learning<'a, T>(&'static self, x: Rows<'a, T>) -> Learning<'a, T, N> {
        Learning { plan: self, x }
    }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The rows that a layer reads and those it writes.
#[inline(always)]
fn pair<'s, T>(
    wiring: (Place, Place),
    widths: (usize, usize),
    input: Rows<'s, T>,
    output: &'s mut RowsMut<'_, T>,
    inside: &'s mut [T],
) -> (Rows<'s, T>, RowsMut<'s, T>) {
    let rows = input.len();
    let (from, to) = wiring;
    match (from.range(widths.0, rows), to.range(widths.1, rows)) {
        (Some(from), Some(to)) => {
            let (low, high) = inside.split_at_mut(to.start);
            (
                Rows::new(&low[from], widths.0),
                RowsMut::new(&mut high[..to.len()], widths.1),
            )
        }
        (Some(from), None) => (Rows::new(&inside[from], widths.0), output.reborrow()),
        (None, Some(to)) => (input, RowsMut::new(&mut inside[to], widths.1)),
        (None, None) => (input, output.reborrow()),
    }
}

/// A forward pass for prediction under way.
pub struct Inference<'a, T, const N: usize> {
    plan: &'static Plan<N>,
    x: Rows<'a, T>,
    y: RowsMut<'a, T>,
    activations: &'a mut [T],
    scratch: &'a mut [T],
    penalties: &'a mut [T],
}

impl<T: Element, const N: usize> Inference<'_, T, N> {
    /// A layer does its part.
    #[inline(always)]
    pub fn layer<In: Shape, L: Layer<T, In>>(
        &mut self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
    ) {
        if const { passes(L::IDENTITY, false) } {
            return;
        }
        let (i, wiring) = (link.index(), &self.plan.prediction);
        if const { L::PICKS.is_some() } && self.plan.is_done_before(i) {
            return;
        }
        if const { L::JOINS.is_some() }
            && let (true, Some(pool)) = (self.plan.joined[i], self.plan.followed[i])
        {
            let (x, y) = pair(
                (wiring.from[i], wiring.to[i + 1]),
                (In::SIZE, pool.outputs()),
                self.x,
                &mut self.y,
                self.activations,
            );
            let winners = &mut [];
            return L::forward_picked(isa, weights, x, y, PicksMut { pool, winners });
        }
        let (x, y) = pair(
            (wiring.from[i], wiring.to[i]),
            (In::SIZE, L::Output::SIZE),
            self.x,
            &mut self.y,
            self.activations,
        );
        let scratch = &mut self.scratch[..L::SCRATCH * x.len()];
        L::forward_inference(isa, weights, x, y, &mut *scratch);
        if const { L::PENALIZES } {
            penalties::add(scratch, 1, self.penalties);
        }
    }

    /// The last layer is done.
    #[inline(always)]
    pub fn end(mut self) {
        if self.plan.prediction.idle {
            copy(self.x, &mut self.y);
        }
    }
}

#[inline(always)]
fn copy<T: Copy>(x: Rows<T>, y: &mut RowsMut<T>) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        y.copy_from_slice(x);
    }
}

/// The passes of a training step: all layers forward, all layers backward, then all updates.
pub struct Learning<'a, T, const N: usize> {
    plan: &'static Plan<N>,
    x: Rows<'a, T>,
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

    /// A layer does its part of the backward pass.
    #[inline(always)]
    pub fn backward<In: Shape, L: Layer<T, In>>(
        &self,
        isa: impl Isa,
        link: Link<T, In, L>,
        weights: &L::Weights,
        pass: &mut Backward<T>,
    ) {
        if const { passes(L::IDENTITY, true) } {
            return;
        }
        let i = link.index();
        // Nobody asks for a gradient that no weights before it need.
        let wanted = pass.dx.is_some();
        if !wanted && !self.plan.learns[i] {
            return;
        }
        // A layer may leave its part to the one before.
        if i > 0 && self.plan.followed[i - 1].is_some() {
            return;
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
        let pass = Backward {
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
        };
        if const { is_shared::<T, In, L>() } {
            sharing::backward::<T, In, L, _>(isa, weights, pass);
        } else if const { is_apart::<T, In, L>() } {
            apart::backward::<T, In, L, _>(isa, weights, pass);
        } else {
            L::backward(isa, weights, pass);
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
