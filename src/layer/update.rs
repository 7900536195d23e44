//! The way of a gradient into the weights.

use super::Tensor;
use crate::kernels::Element;
use crate::kernels::rule::Rule;
use crate::simd::Isa;

/// An optimiser's rule for this step, and the state of the tensors still to be updated.
#[derive(Debug)]
pub struct Update<'a, T> {
    rule: Rule<T>,
    slots: &'a mut [T],
    gradient: &'a mut [T],
}

impl<'a, T: Element> Update<'a, T> {
    /// `slots` holds `rule.slots()` numbers for each of the weights, `gradient` as many numbers as
    /// the largest tensor that [`tensor`](Self::tensor) will be called for.
    #[inline(always)]
    pub fn new(rule: Rule<T>, slots: &'a mut [T], gradient: &'a mut [T]) -> Self {
        Self {
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

    /// The rule, and the state of the next tensor, which has `len` numbers: for a kernel that
    /// updates the tensor while its gradient is still in registers.
    #[inline(always)]
    pub fn next(&mut self, len: usize) -> (Rule<T>, &mut [T]) {
        take(self.rule, &mut self.slots, len)
    }
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
