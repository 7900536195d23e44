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

use super::memory::fields;
use super::penalties;
use super::sharing::{WORTH_SHARING, cost};
use super::{Entry, Identity, Layer, Link, Policies, Weights};
use crate::kernels::Element;
use crate::kernels::channelwise::Channelwise;
use crate::kernels::conv::{Conv, PicksMut, follows, joins};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;
use crate::simd::Isa;

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
    descends: Option<bool>,
    by_row: bool,
    cost: usize,
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
            descends: L::DESCENDS,
            by_row: L::BY_ROW,
            cost: cost::<T, In, L>(),
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
pub(super) enum Place {
    /// With the caller, who gave the input.
    Input,
    /// In the memory inside: the field of this layer.
    Inside(usize),
    /// With the caller, who wants the output.
    Output,
}

/// Where each layer reads and writes.
#[derive(Clone, Copy)]
pub(super) struct Wiring<const N: usize> {
    pub(super) from: [Place; N],
    pub(super) to: [Place; N],
    /// Numbers a row of the inner boundary that each layer writes, if it does.
    pub(super) widths: [usize; N],
    /// These together.
    pub(super) len: usize,
    /// Whether every layer is an identity.
    pub(super) idle: bool,
}

impl<const N: usize> Wiring<N> {
    const fn new(layers: &[Facts; N], training: bool) -> Self {
        let mut wiring = Wiring {
            from: [Place::Input; N],
            to: [Place::Input; N],
            widths: [0; N],
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
                    wiring.widths[i] = padded(layers[i].output);
                    wiring.len += wiring.widths[i];
                    Place::Inside(i)
                };
            }
            wiring.to[i] = here;
            i += 1;
        }
        wiring
    }
}

pub(super) const fn passes(identity: Identity, training: bool) -> bool {
    match identity {
        Identity::Never => false,
        Identity::InPrediction => !training,
        Identity::Always => true,
    }
}

/// The plan of a model of N layers.
pub struct Plan<const N: usize> {
    prediction: Wiring<N>,
    pub(super) training: Wiring<N>,
    /// Numbers a row of each layer's cache.
    pub(super) caches: [usize; N],
    /// How many tensors the layers before each have.
    pub(super) tensors: [usize; N],
    /// Whether a layer has weights to train, or one before it.
    pub(super) learns: [bool; N],
    /// Whether the gradient by a layer's input is not needed where that is zero.
    pub(super) dead_at_zero: [bool; N],
    /// The windows of the next layer, if it picks some of a layer's outputs and this takes the gradient
    /// from there.
    pub(super) followed: [Option<Channelwise>; N],
    /// Whether the two are one in the forward pass.
    pub(super) joined: [bool; N],
    /// What is asked of the weights of each layer.
    policies: [Policies; N],
    /// Numbers of all caches together.
    cache_len: usize,
    /// See [`Layer::SEPARATE`].
    pub separate: bool,
    /// See [`Layer::PENALIZES`].
    pub penalizes: bool,
    /// See [`Layer::DESCENDS`].
    pub descends: Option<bool>,
    /// What a pass costs for a row, see [`cost`].
    pub(super) cost: usize,
    /// Whether threads share a pass through all layers at once: see [`chain`](super::chain).
    pub(super) rowwise: bool,
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
            descends: Some(false),
            cost: 0,
            rowwise: true,
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
            plan.descends = match (plan.descends, layer.descends) {
                (Some(before), Some(here)) => Some(before || here),
                _ => None,
            };
            plan.caches[i] = layer.cache;
            plan.cache_len += layer.cache;
            plan.macs += layer.macs;
            plan.params += layer.params;
            plan.frozen += layer.frozen;
            plan.len += layer.len;
            plan.learns[i] = plan.params > 0;
            plan.followed[i] = followed(&layers, i);
            plan.joined[i] = is_joined(&layers, i);
            if !passes(layer.identity, true) {
                plan.rowwise &= layer.by_row && !layer.penalizes;
                plan.cost += layer.cost;
            }
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
        // Each thread would need scratch memory of its own, and prepare what all need.
        plan.rowwise &= plan.backward_scratch == 0 && plan.cost >= WORTH_SHARING;
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
    pub(super) fn is_done_before(&self, i: usize) -> bool {
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
        let (activations, scratch) = fields(scratch, &self.prediction.widths, x.len());
        Inference {
            plan: self,
            x,
            y,
            activations,
            scratch,
            penalties,
        }
    }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The rows that a layer reads and those it writes.
#[inline(always)]
pub(super) fn pair<'s, T, const N: usize>(
    wiring: (Place, Place),
    widths: (usize, usize),
    input: Rows<'s, T>,
    output: &'s mut RowsMut<'_, T>,
    inside: &'s mut [&mut [T]; N],
) -> (Rows<'s, T>, RowsMut<'s, T>) {
    match wiring {
        (Place::Inside(from), Place::Inside(to)) => {
            let (low, high) = inside.split_at_mut(to);
            let (x, y) = (&*low[from], &mut *high[0]);
            (Rows::new(x, widths.0), RowsMut::new(y, widths.1))
        }
        (Place::Inside(from), _) => (Rows::new(inside[from], widths.0), output.reborrow()),
        (_, Place::Inside(to)) => (input, RowsMut::new(inside[to], widths.1)),
        _ => (input, output.reborrow()),
    }
}

/// A forward pass for prediction under way.
pub struct Inference<'a, T, const N: usize> {
    plan: &'static Plan<N>,
    x: Rows<'a, T>,
    y: RowsMut<'a, T>,
    activations: [&'a mut [T]; N],
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
                &mut self.activations,
            );
            let winners = &mut [];
            return L::forward_picked(isa, weights, x, y, PicksMut { pool, winners });
        }
        let (x, y) = pair(
            (wiring.from[i], wiring.to[i]),
            (In::SIZE, L::Output::SIZE),
            self.x,
            &mut self.y,
            &mut self.activations,
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
pub(super) fn copy<T: Copy>(x: Rows<T>, y: &mut RowsMut<T>) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        y.copy_from_slice(x);
    }
}
