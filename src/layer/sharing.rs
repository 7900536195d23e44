//! A layer's passes, some of the rows on each thread.
//!
//! Rows do not depend on each other ([`Layer::BY_ROW`]), so whoever computes them, they are the same, as
//! long as a [`BLOCK`] of them stays together: kernels may sum those in another order than the rest.
//! (A model as a layer is not shared itself: each of its layers is.)

use super::{Backward, Layer, Moment};
use crate::kernels::conv::PicksMut;
use crate::kernels::{BLOCK, Element};
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use crate::simd::Isa;
use crate::team::{Parts, Share, Team};
use core::marker::PhantomData;

/// What a pass costs for a row, in multiply-adds. What is not a product is limited by memory.
const fn cost<T: Element, In: Shape, L: Layer<T, In>>() -> usize {
    L::MACS + 4 * (In::SIZE + L::Output::SIZE)
}

/// Whether threads may share the passes of a layer. Smaller ones are inlined into the step instead.
pub const fn is_shared<T: Element, In: Shape, L: Layer<T, In>>() -> bool {
    L::BY_ROW && L::BACKWARD_SCRATCH == 0 && cost::<T, In, L>() >= 2048
}

/// A pass of a layer.
struct Pass<'a, T: Element, In: Shape, L: Layer<T, In>> {
    weights: &'a L::Weights,
    types: PhantomData<fn(T, In, L)>,
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

/// [`Layer::forward_training`] or [`Layer::forward_picked`], shared. (A function of its own, as the one
/// below: the parts take room on the stack.)
#[inline(never)]
pub fn forward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &L::Weights,
    forth: Forth<T>,
) {
    let Forth {
        x,
        mut y,
        mut cache,
        mut picks,
        moment,
    } = forth;
    let team = moment.team;
    let split = team.split(x.len(), BLOCK, cost::<T, In, L>());
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
    let pass = Pass::<T, In, L> {
        weights,
        types: PhantomData,
    };
    team.share(isa, &pass, parts);
}

/// [`Layer::backward`], shared.
#[inline(never)]
pub fn backward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &L::Weights,
    pass: Backward<T>,
) {
    let Backward {
        x,
        y,
        mut cache,
        mut dy,
        mut dx,
        picks,
        joint,
        dead_at_zero,
        prepared,
        scratch: _,
        team,
    } = pass;
    let split = team.split(x.len(), BLOCK, cost::<T, In, L>());
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let rows = split.rows(i);
        let (cache_part, cache_rest) = cache.split_at_mut(L::CACHE * rows.len());
        let (dy_part, dy_rest) = dy.split_at(rows.len());
        let (dx_part, dx_rest) = match dx {
            Some(dx) => {
                let (part, rest) = dx.split_at(rows.len());
                (Some(part), Some(rest))
            }
            None => (None, None),
        };
        parts.push(Backward {
            x: x.rows(rows.clone()),
            y: y.rows(rows.clone()),
            cache: cache_part,
            dy: dy_part,
            dx: dx_part,
            picks: picks.map(|picks| picks.rows(rows)),
            joint,
            dead_at_zero,
            prepared,
            scratch: &mut [],
            team: Team::alone(),
        });
        (cache, dy, dx) = (cache_rest, dy_rest, dx_rest);
    }
    let pass = Pass::<T, In, L> {
        weights,
        types: PhantomData,
    };
    team.share(isa, &pass, parts);
}
