//! The passes of a training step through all layers of a model, and how threads share them.
//!
//! Where all layers are [`BY_ROW`](super::Layer::BY_ROW) and need no memory besides that of each row on the way
//! back, as in networks of dense layers, each thread takes some of the rows through all of them, and the threads
//! meet once, at the end of the pass. (In other models they meet behind each layer:
//! `sharing`.)

use super::learning::Learning;
use super::memory::Memory;
use super::plan::Plan;
use super::{Backward, Moment};
use crate::kernels::{BLOCK, Element};
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;
use crate::team::{self, Parts, Share, Split, Team};
use core::mem::take;

/// The layers of a model, called one after another: what `sequential!` writes.
pub trait Chain<T: Element, const N: usize>: Sync + Sized + 'static {
    /// Their plan.
    const PLAN: &'static Plan<N>;

    /// All layers do their part of the forward pass.
    fn forward<I: Isa>(
        isa: I,
        model: &Self,
        learning: &mut Learning<'_, T, &mut [T], N>,
        y: &mut RowsMut<T>,
        moment: Moment<'_>,
    );

    /// All layers do their part of the backward pass, the last one first.
    fn backward<I: Isa>(
        isa: I,
        model: &Self,
        learning: &mut Learning<'_, T, &mut [T], N>,
        pass: &mut Backward<T>,
    );
}

/// Where the inputs of a forward pass come from.
pub trait Inputs<T>: Sized + Send {
    /// How many there are.
    fn count(&self) -> usize;

    /// The first ones, and those from `row` on.
    fn split_at(self, row: usize) -> (Self, Self);

    /// The inputs in rows, brought there by the team if they must be brought. Mark it `#[inline(always)]`.
    fn rows<I: Isa>(&mut self, isa: I, team: Team<'_>) -> Rows<'_, T>;
}

impl<T: Element> Inputs<T> for Rows<'_, T> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn split_at(self, row: usize) -> (Self, Self) {
        (self.rows(0..row), self.rows(row..self.len()))
    }

    #[inline(always)]
    fn rows<I: Isa>(&mut self, _: I, _: Team<'_>) -> Rows<'_, T> {
        *self
    }
}

/// Some rows on their way forward.
struct Forth<'a, T, X, const N: usize> {
    x: X,
    memory: Memory<&'a mut [T], N>,
    y: RowsMut<'a, T>,
    moment: Moment<'a>,
}

impl<T: Element, X: Inputs<T>, const N: usize> Forth<'_, T, X, N> {
    #[inline(always)]
    fn run<I: Isa, M: Chain<T, N>>(mut self, isa: I, model: &M) {
        let x = self.x.rows(isa, self.moment.team);
        let mut learning = Learning::with(M::PLAN, x, self.memory);
        M::forward(isa, model, &mut learning, &mut self.y, self.moment);
        learning.end_forward(&mut self.y);
    }
}

/// Some rows on their way backward. (`memory` is the cache of the pass.)
struct Back<'a, T, const N: usize> {
    memory: Memory<&'a mut [T], N>,
    pass: Backward<'a, T>,
}

impl<T: Element, const N: usize> Back<'_, T, N> {
    #[inline(always)]
    fn run<I: Isa, M: Chain<T, N>>(mut self, isa: I, model: &M) {
        let mut learning = Learning::with(M::PLAN, self.pass.x, self.memory);
        M::backward(isa, model, &mut learning, &mut self.pass);
        learning.end_backward(&mut self.pass);
    }
}

/// A pass through all layers of a model.
struct Through<'a, M>(&'a M);

impl<'p, T: Element, X: Inputs<T>, M: Chain<T, N>, const N: usize> Share<Forth<'p, T, X, N>>
    for Through<'_, M>
{
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Forth<'p, T, X, N>) {
        part.run(isa, self.0);
    }
}

impl<'p, T: Element, M: Chain<T, N>, const N: usize> Share<Back<'p, T, N>> for Through<'_, M> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Back<'p, T, N>) {
        part.run(isa, self.0);
    }
}

/// The forward pass of a training step.
#[inline(always)]
pub fn forward<T: Element, M: Chain<T, N>, X: Inputs<T>, I: Isa, const N: usize>(
    isa: I,
    model: &M,
    x: X,
    y: RowsMut<T>,
    cache: &mut [T],
    moment: Moment<'_>,
) {
    let rows = x.count();
    let memory = Memory::of(M::PLAN, cache, rows);
    let all = Forth {
        x,
        memory,
        y,
        moment,
    };
    if const { !M::PLAN.rowwise } {
        return all.run(isa, model);
    }
    let split = moment.team.split(rows, BLOCK, M::PLAN.cost);
    if split.len() == 1 {
        team::run(isa, &Through(model), all);
    } else {
        share_forward(isa, model, all, split);
    }
}

/// The same, some of the rows on each thread. (A function of its own, as the one below: the parts take room on
/// the stack.)
#[inline(never)]
fn share_forward<T: Element, M: Chain<T, N>, X: Inputs<T>, I: Isa, const N: usize>(
    isa: I,
    model: &M,
    mut rest: Forth<T, X, N>,
    split: Split,
) {
    let moment = rest.moment;
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let rows = split.rows(i);
        let (x, other_x) = rest.x.split_at(rows.len());
        let (memory, other_memory) = rest.memory.split_at(M::PLAN, rows.len());
        let (y, other_y) = rest.y.split_at(rows.len());
        parts.push(Forth {
            x,
            memory,
            y,
            moment: moment.from_row(rows.start),
        });
        rest = Forth {
            x: other_x,
            memory: other_memory,
            y: other_y,
            moment,
        };
    }
    moment.team.share(isa, &Through(model), &mut parts);
}

/// The backward pass of a training step.
#[inline(always)]
pub fn backward<T: Element, M: Chain<T, N>, I: Isa, const N: usize>(
    isa: I,
    model: &M,
    mut pass: Backward<T>,
) {
    let (team, rows) = (pass.team, pass.x.len());
    let memory = Memory::of(M::PLAN, take(&mut pass.cache), rows);
    let all = Back { memory, pass };
    if const { !M::PLAN.rowwise } {
        return all.run(isa, model);
    }
    let split = team.split(rows, BLOCK, M::PLAN.cost);
    if split.len() == 1 {
        team::run(isa, &Through(model), all);
    } else {
        share_backward(isa, model, all, split);
    }
}

/// The same, some of the rows on each thread.
#[inline(never)]
fn share_backward<T: Element, M: Chain<T, N>, I: Isa, const N: usize>(
    isa: I,
    model: &M,
    mut rest: Back<T, N>,
    split: Split,
) {
    let team = rest.pass.team;
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let count = split.rows(i).len();
        let (memory, other_memory) = rest.memory.split_at(M::PLAN, count);
        // (Its cache is in the memory.)
        let (pass, other_pass) = rest.pass.split_at(count, 0);
        parts.push(Back { memory, pass });
        rest = Back {
            memory: other_memory,
            pass: other_pass,
        };
    }
    team.share(isa, &Through(model), &mut parts);
}
