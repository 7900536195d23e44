//! A layer's passes, some of the rows on each thread: the way of models whose layers are not shared at once, see
//! [`chain`](super::chain).
//!
//! Rows do not depend on each other ([`Layer::BY_ROW`]), so whoever computes them, they are the same, as
//! long as a [`BLOCK`] of them stays together: kernels may sum those in another order than the rest.
//! (A model as a layer is not shared here: it has its own way.)

use super::{Backward, Layer, Moment};
use crate::kernels::conv::PicksMut;
use crate::kernels::{BLOCK, Element};
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use crate::simd::Isa;
use crate::team::{self, Parts, Share, Split};
use core::marker::PhantomData;

/// What a row must cost in a pass that threads share: smaller ones are inlined into the step instead.
pub(super) const WORTH_SHARING: usize = 2048;

/// What a pass costs for a row, in multiply-adds. What is not a product is limited by memory.
pub(super) const fn cost<T: Element, In: Shape, L: Layer<T, In>>() -> usize {
    L::MACS + 4 * (In::SIZE + L::Output::SIZE)
}

/// Whether threads may share the passes of a layer.
pub const fn is_shared<T: Element, In: Shape, L: Layer<T, In>>() -> bool {
    L::BY_ROW && L::BACKWARD_SCRATCH == 0 && cost::<T, In, L>() >= WORTH_SHARING
}

/// A pass of a layer.
struct Pass<'a, T: Element, In: Shape, L: Layer<T, In>> {
    weights: &'a L::Weights,
    types: PhantomData<fn(T, In, L)>,
}

impl<'a, T: Element, In: Shape, L: Layer<T, In>> Pass<'a, T, In, L> {
    fn of(weights: &'a L::Weights) -> Self {
        let types = PhantomData;
        Self { weights, types }
    }
}

/// Rows on their way forward.
pub struct Forth<'a, T> {
    /// What comes in.
    pub x: Rows<'a, T>,
    /// What goes out.
    pub y: RowsMut<'a, T>,
    /// What the layer keeps.
    pub cache: &'a mut [T],
    /// If `y` is what a layer behind picks: which ones.
    pub picks: Option<PicksMut<'a, T>>,
    /// The moment.
    pub moment: Moment<'a>,
}

impl<'p, T: Element, In: Shape, L: Layer<T, In>> Share<Forth<'p, T>> for Pass<'_, T, In, L> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Forth<'p, T>) {
        let Forth {
            x,
            y,
            cache,
            picks,
            moment,
        } = part;
        match picks {
            Some(picks) => L::forward_picked(isa, self.weights, x, y, picks),
            None => L::forward_training(isa, self.weights, x, y, cache, moment),
        }
    }
}

impl<'p, T: Element, In: Shape, L: Layer<T, In>> Share<Backward<'p, T>> for Pass<'_, T, In, L> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Backward<'p, T>) {
        L::backward(isa, self.weights, part);
    }
}

/// [`Layer::forward_training`] or [`Layer::forward_picked`], shared. (A function of its own: so are the other
/// ones below, since parts take room on the stack.)
#[inline(never)]
pub fn forward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &L::Weights,
    all: Forth<T>,
) {
    let pass = Pass::<T, In, L>::of(weights);
    let split = all
        .moment
        .team
        .split(all.x.len(), BLOCK, cost::<T, In, L>());
    if split.len() == 1 {
        team::run(isa, &pass, all);
    } else {
        share_forward(isa, &pass, all, split);
    }
}

#[inline(never)]
fn share_forward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    pass: &Pass<T, In, L>,
    all: Forth<T>,
    split: Split,
) {
    let Forth {
        x,
        mut y,
        mut cache,
        mut picks,
        moment,
    } = all;
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let rows = split.rows(i);
        let (y_part, y_rest) = y.split_at(rows.len());
        let (cache_part, cache_rest) = cache.split_at_mut(L::CACHE * rows.len());
        let (picks_part, picks_rest) = picks.map(|picks| picks.split_at(rows.len())).unzip();
        parts.push(Forth {
            x: x.rows(rows.clone()),
            y: y_part,
            cache: cache_part,
            picks: picks_part,
            moment: moment.from_row(rows.start),
        });
        (y, cache, picks) = (y_rest, cache_rest, picks_rest);
    }
    moment.team.share(isa, pass, &mut parts);
}

/// [`Layer::backward`], shared.
#[inline(never)]
pub fn backward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &L::Weights,
    all: Backward<T>,
) {
    let pass = Pass::<T, In, L>::of(weights);
    let split = all.team.split(all.x.len(), BLOCK, cost::<T, In, L>());
    if split.len() == 1 {
        team::run(isa, &pass, all);
    } else {
        share_backward(isa, &pass, all, split);
    }
}

#[inline(never)]
fn share_backward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    pass: &Pass<T, In, L>,
    mut rest: Backward<T>,
    split: Split,
) {
    let team = rest.team;
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let (part, others) = rest.split_at(split.rows(i).len(), L::CACHE);
        parts.push(part);
        rest = others;
    }
    team.share(isa, pass, &mut parts);
}
