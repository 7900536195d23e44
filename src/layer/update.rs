//! The way of a gradient into the weights.

use super::{Frozen, Tensor};
use crate::kernels::rule::{Fused, Rule};
use crate::kernels::{Adjust, Element};
use crate::rows::{Rows, padded};
use crate::simd::Isa;
use crate::team::{Parts, Share, Split, Team};

/// How many rows of a matrix stay together, since kernels like to take so many at once.
const TILE: usize = 8;

/// An optimiser's rule for this step, and the state of the tensors still to be updated.
#[derive(Debug)]
pub struct Update<'a, T> {
    team: Team<'a>,
    rule: Fused<T>,
    slots: &'a mut [T],
    gradient: &'a mut [T],
    /// Whether weights may change.
    learns: bool,
}

impl<'a, T: Element> Update<'a, T> {
    /// `slots` holds `rule.slots()` numbers for each of the weights, `gradient` as many numbers as
    /// the largest tensor that [`tensor`](Self::tensor) will be called for.
    #[inline(always)]
    pub fn new(team: Team<'a>, rule: Fused<T>, slots: &'a mut [T], gradient: &'a mut [T]) -> Self {
        Self {
            team,
            rule,
            slots,
            gradient,
            learns: true,
        }
    }

    /// The same, where gradients are only looked at: no statistics change.
    pub(crate) fn looking(self) -> Self {
        Self {
            learns: false,
            ..self
        }
    }

    /// Updates a tensor: `add` adds its gradient to an array of zeros that is laid out like the
    /// tensor.
    #[inline(always)]
    pub fn tensor<I: Isa, W: Tensor<T>>(
        &mut self,
        isa: I,
        tensor: &mut W,
        add: impl FnOnce(&mut [T]),
    ) {
        if W::LEN == 0 {
            return;
        }
        let (rule, slots) = take(self.rule, &mut self.slots, W::LEN);
        let gradient = &mut self.gradient[..W::LEN];
        gradient.fill(T::zero());
        add(gradient);
        let (adjust, w) = (Adjust::nothing(), tensor.as_mut_slice());
        let stride = W::DIMS.last().map_or(1, |&width| padded(width));
        T::apply_rule(isa, Rule::Fused(rule), adjust, stride, gradient, w, slots);
    }

    /// Changes a tensor that is not trained, from what the step has seen. (When gradients are only
    /// looked at, nothing changes.)
    #[inline(always)]
    pub fn frozen<W: Tensor<T>>(&mut self, tensor: &mut Frozen<W>, change: impl FnOnce(&mut W)) {
        if self.learns {
            change(tensor);
        }
    }

    /// Updates a matrix whose gradient is `xᵀ dz`, and a bias whose gradient is the sum of the rows of dz, while
    /// these are still in registers. (Not inlined, for where nothing is optimised each layer would have its own
    /// copy of all this on the stack.)
    #[inline(never)]
    pub fn affine<I: Isa>(
        &mut self,
        isa: I,
        x: Rows<T>,
        dz: Rows<T>,
        w: &mut [T],
        bias: Option<&mut [T]>,
    ) {
        let (rule, slots) = take(self.rule, &mut self.slots, w.len());
        let bias = bias.map(|b| {
            let (_, slots) = take(rule, &mut self.slots, b.len());
            (b, slots)
        });
        // Each row of the matrix is a sum over all samples, in their order, whoever takes it.
        let split = self.team.split(x.width(), TILE, x.len() * dz.stride());
        let affine = Affine { x, dz, rule };
        let all = AffinePart {
            first: 0,
            w,
            slots,
            bias,
        };
        if split.len() == 1 {
            return affine.run(isa, all);
        }
        share(isa, self.team, split, affine, all);
    }

    /// Updates a tensor of rows of `stride` numbers, each row of which has a gradient that costs `cost`
    /// multiply-adds and can be computed by itself.
    #[inline(always)]
    pub fn rows<I: Isa, W: Tensor<T>, G: RowGradient<T>>(
        &mut self,
        isa: I,
        tensor: &mut W,
        stride: usize,
        cost: usize,
        gradient: G,
    ) {
        if W::LEN == 0 {
            return;
        }
        let (rule, slots) = take(self.rule, &mut self.slots, W::LEN);
        let kept = &mut self.gradient[..W::LEN];
        let split = self.team.split(W::LEN / stride, TILE, cost);
        let rows = RowUpdate {
            gradient,
            rule,
            stride,
        };
        share_rows(
            isa,
            self.team,
            split,
            rows,
            tensor.as_mut_slice(),
            kept,
            slots,
        );
    }

    /// The rule, and the state of the next tensor, which has `len` numbers: for a kernel that
    /// updates the tensor while its gradient is still in registers. For each row of the tensor there
    /// are `rule.slots()` rows like it.
    #[inline(always)]
    pub fn next(&mut self, len: usize) -> (Fused<T>, &mut [T]) {
        take(self.rule, &mut self.slots, len)
    }
}

/// The gradient by the rows of a tensor.
pub trait RowGradient<T>: Sync {
    /// Adds the gradient by the rows from `first` on to `rows`. Mark it `#[inline(always)]`.
    fn add<I: Isa>(&self, isa: I, first: usize, rows: &mut [T]);
}

/// The update of some rows of a tensor whose gradient is stored first.
struct RowUpdate<T, G> {
    gradient: G,
    rule: Fused<T>,
    stride: usize,
}

/// The first row, the rows, room for their gradients, and what the optimiser keeps for them.
type RowPart<'p, T> = (usize, &'p mut [T], &'p mut [T], &'p mut [T]);

impl<'p, T: Element, G: RowGradient<T>> Share<RowPart<'p, T>> for RowUpdate<T, G> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, (first, w, gradient, slots): RowPart<'p, T>) {
        gradient.fill(T::zero());
        self.gradient.add(isa, first, gradient);
        let (adjust, stride) = (Adjust::nothing(), self.stride);
        T::apply_rule(
            isa,
            Rule::Fused(self.rule),
            adjust,
            stride,
            gradient,
            w,
            slots,
        );
    }
}

/// The same, some of the rows on each thread. (Not inlined: the parts take room on the stack.)
#[inline(never)]
fn share_rows<T: Element, I: Isa, G: RowGradient<T>>(
    isa: I,
    team: Team<'_>,
    split: Split,
    rows: RowUpdate<T, G>,
    mut w: &mut [T],
    mut gradient: &mut [T],
    mut slots: &mut [T],
) {
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let range = split.rows(i);
        let len = range.len() * rows.stride;
        let (w_part, w_rest) = w.split_at_mut(len);
        let (gradient_part, gradient_rest) = gradient.split_at_mut(len);
        let (slots_part, slots_rest) = slots.split_at_mut(rows.rule.slots() * len);
        parts.push((range.start, w_part, gradient_part, slots_part));
        (w, gradient, slots) = (w_rest, gradient_rest, slots_rest);
    }
    team.share(isa, &rows, &mut parts);
}

/// The update of a matrix and a bias.
struct Affine<'a, T> {
    x: Rows<'a, T>,
    dz: Rows<'a, T>,
    rule: Fused<T>,
}

/// Some rows of the matrix, from `first` on, and what the optimiser keeps for them; perhaps the bias, and what it
/// keeps for that.
struct AffinePart<'p, T> {
    first: usize,
    w: &'p mut [T],
    slots: &'p mut [T],
    bias: Option<(&'p mut [T], &'p mut [T])>,
}

impl<'p, T: Element> Share<AffinePart<'p, T>> for Affine<'_, T> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: AffinePart<'p, T>) {
        let Self { x, dz, rule } = *self;
        T::affine_weight_grad(isa, x, part.first, dz, rule, part.w, part.slots);
        if let Some((bias, slots)) = part.bias {
            T::bias_grad(isa, dz, rule, bias, slots);
        }
    }
}

/// The update of a matrix and a bias, some of the rows on each thread, the bias with the last of them. (Not
/// inlined: the parts take room on the stack.)
#[inline(never)]
fn share<T: Element, I: Isa>(
    isa: I,
    team: Team<'_>,
    split: Split,
    affine: Affine<'_, T>,
    mut rest: AffinePart<'_, T>,
) {
    let stride = affine.dz.stride();
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let rows = split.rows(i);
        let (w, other_w) = rest.w.split_at_mut(rows.len() * stride);
        let (slots, other_slots) = rest.slots.split_at_mut(affine.rule.slots() * w.len());
        let is_last = i + 1 == split.len();
        parts.push(AffinePart {
            first: rows.start,
            w,
            slots,
            bias: if is_last { rest.bias.take() } else { None },
        });
        (rest.w, rest.slots) = (other_w, other_slots);
    }
    team.share(isa, &affine, &mut parts);
}

#[inline(always)]
fn take<'s, T: Element>(
    rule: Fused<T>,
    slots: &mut &'s mut [T],
    len: usize,
) -> (Fused<T>, &'s mut [T]) {
    let (mine, rest) = core::mem::take(slots).split_at_mut(rule.slots() * len);
    *slots = rest;
    (rule, mine)
}
