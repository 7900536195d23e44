//! Placeholder until the real one is there.
use super::{Element, Rule};
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;
#[allow(missing_docs)]
#[inline(always)]
pub fn affine<T: Element, I: Isa>(isa: I, _k: usize, _n: usize, x: Rows<T>, w: &[T], bias: Option<&[T]>, y: RowsMut<T>) { T::affine(isa, x, w, bias, y) }
#[allow(missing_docs)]
#[inline(always)]
pub fn affine_input_grad<T: Element, I: Isa>(isa: I, _k: usize, _n: usize, dz: Rows<T>, w: &[T], dx: RowsMut<T>) { T::affine_input_grad(isa, dz, w, dx) }
#[allow(missing_docs)]
#[inline(always)]
pub fn affine_weight_grad<T: Element, I: Isa>(isa: I, _k: usize, _n: usize, x: Rows<T>, dz: Rows<T>, rule: Rule<T>, w: &mut [T], slots: &mut [T]) { T::affine_weight_grad(isa, x, dz, rule, w, slots) }
#[allow(missing_docs)]
#[inline(always)]
pub fn bias_grad<T: Element, I: Isa>(isa: I, _n: usize, dz: Rows<T>, rule: Rule<T>, b: &mut [T], slots: &mut [T]) { T::bias_grad(isa, dz, rule, b, slots) }
