//! The same operations for layers whose sizes the compiler knows and which are small, up to about
//! 32 by 32: inlined where they are called, so that the sizes are constants, loops over them
//! unroll, and no call costs more than the arithmetic.
//!
//! They are the kernels themselves, so the bits are the same. Use them only inside a
//! [`Job`](crate::simd::Job), and only where the widths of the rows are constants: otherwise the whole kernel
//! is compiled once more for nothing.

use super::{BiasGrad, Element, Forward, InputGrad, Rule, WeightGrad};
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;

/// [`Element::affine`], inlined.
#[inline(always)]
pub fn affine<T: Element, I: Isa>(
    isa: I,
    x: Rows<T>,
    w: &[T],
    bias: Option<&[T]>,
    y: RowsMut<T>,
) {
    T::inline(isa, Forward::new(x, w, bias, y));
}

/// [`Element::affine_input_grad`], inlined.
#[inline(always)]
pub fn affine_input_grad<T: Element, I: Isa>(
    isa: I,
    dz: Rows<T>,
    w: &[T],
    dx: RowsMut<T>,
) {
    T::inline(isa, InputGrad::new(dz, w, dx));
}

/// [`Element::affine_weight_grad`], inlined.
#[inline(always)]
pub fn affine_weight_grad<T: Element, I: Isa>(
    isa: I,
    x: Rows<T>,
    dz: Rows<T>,
    rule: Rule<T>,
    w: &mut [T],
    slots: &mut [T],
) {
    T::inline(isa, WeightGrad::new(x, dz, rule, w, slots));
}

/// [`Element::bias_grad`], inlined.
#[inline(always)]
pub fn bias_grad<T: Element, I: Isa>(
    isa: I,
    dz: Rows<T>,
    rule: Rule<T>,
    b: &mut [T],
    slots: &mut [T],
) {
    T::inline(isa, BiasGrad::new(dz, rule, b, slots));
}
