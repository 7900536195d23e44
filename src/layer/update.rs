//! The way of a gradient into the weights.

use super::Tensor;
use crate::kernels::Element;
use crate::kernels::rule::Rule;
use crate::rows::Rows;
use crate::simd::Isa;
use crate::team::{Parts, Share, Split, Team};

/// An optimiser's rule for this step, and the state of the tensors still to be updated.
#[derive(Debug)]
pub struct Update<'a, T> {
    team: Team<'a>,
    rule: Rule<T>,
    slots: &'a mut [T],
    gradient: &'a mut [T],
}

impl<'a, T: Element> Update<'a, T> {
    /// `slots` holds `rule.slots()` numbers for each of the weights, `gradient` as many numbers as
    /// the largest tensor that [`tensor`](Self::tensor) will be called for.
    #[inline(always)]
    pub fn new(team: Team<'a>, rule: Rule<T>, slots: &'a mut [T], gradient: &'a mut [T]) -> Self {
        Self {
            team,
            rule,
            slots,
            gradient,
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
        rule.apply(isa, tensor.as_mut_slice(), gradient, slots, W::LEN);
    }

    /// Updates a matrix whose gradient is `xᵀ dz`, while that is still in registers.
    #[inline(always)]
    pub fn product<I: Isa>(&mut self, isa: I, x: Rows<T>, dz: Rows<T>, w: &mut [T]) {
        let (rule, slots) = take(self.rule, &mut self.slots, w.len());
        // Each row of the matrix is a sum over all samples, in their order, whoever takes it.
        let split = self.team.split(x.width(), x.len() * dz.stride());
        if split.len() == 1 {
            return T::affine_weight_grad(isa, x, 0, dz, rule, w, slots);
        }
        share(isa, self.team, split, Product { x, dz, rule }, w, slots);
    }

    /// The rule, and the state of the next tensor, which has `len` numbers: for a kernel that
    /// updates the tensor while its gradient is still in registers.
    #[inline(always)]
    pub fn next(&mut self, len: usize) -> (Rule<T>, &mut [T]) {
        take(self.rule, &mut self.slots, len)
    }
}

/// The update of some rows of a matrix.
struct Product<'a, T> {
    x: Rows<'a, T>,
    dz: Rows<'a, T>,
    rule: Rule<T>,
}

impl<'p, T: Element> Share<(usize, &'p mut [T], &'p mut [T])> for Product<'_, T> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, (first, w, slots): (usize, &'p mut [T], &'p mut [T])) {
        T::affine_weight_grad(isa, self.x, first, self.dz, self.rule, w, slots);
    }
}

/// The update of a matrix, some of its rows on each thread. (Not inlined: the parts take room on the
/// stack.)
#[inline(never)]
fn share<T: Element, I: Isa>(
    isa: I,
    team: Team<'_>,
    split: Split,
    product: Product<'_, T>,
    mut w: &mut [T],
    mut slots: &mut [T],
) {
    let stride = product.dz.stride();
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let rows = split.rows(i);
        let (w_part, w_rest) = w.split_at_mut(rows.len() * stride);
        let (slots_part, slots_rest) = slots.split_at_mut(product.rule.slots() * w_part.len());
        parts.push((rows.start, w_part, slots_part));
        (w, slots) = (w_rest, slots_rest);
    }
    team.share(isa, &product, parts);
}

#[inline(always)]
fn take<'s, T: Element>(
    rule: Rule<T>,
    slots: &mut &'s mut [T],
    len: usize,
) -> (Rule<T>, &'s mut [T]) {
    let (mine, rest) = core::mem::take(slots).split_at_mut(rule.slots() * len);
    *slots = rest;
    (rule, mine)
}
