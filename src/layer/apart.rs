//! Passes in functions of their own.
//!
//! All layers of a network are inlined into one function, so that small ones cost no calls. The time that
//! a compiler takes grows faster than a function: where a layer has layers of its own, and work enough that
//! nobody sees a call, its passes are left outside.

use super::{Backward, Kept, Layer, Moment, Update};
use crate::kernels::Element;
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use crate::simd::{Isa, Job};
use core::marker::PhantomData;

/// So many multiply-adds of a pass are work enough. (In tests so few that both ways are taken.)
const ENOUGH: usize = if cfg!(test) { 64 } else { 1 << 20 };

/// Whether a layer's passes are left outside.
pub const fn is_apart<T: Element, In: Shape, L: Layer<T, In>>() -> bool {
    !L::BY_ROW && L::MACS >= ENOUGH
}

/// The forward pass of a training step.
struct Forward<'a, T: Element, In: Shape, L: Layer<T, In>> {
    weights: &'a L::Weights,
    x: Rows<'a, T>,
    y: RowsMut<'a, T>,
    cache: &'a mut [T],
    moment: Moment<'a>,
    types: PhantomData<fn(In, L)>,
}

impl<T: Element, In: Shape, L: Layer<T, In>> Job for Forward<'_, T, In, L> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        L::forward_training(isa, self.weights, self.x, self.y, self.cache, self.moment);
    }
}

/// The backward pass.
struct Back<'a, T: Element, In: Shape, L: Layer<T, In>> {
    weights: &'a L::Weights,
    pass: Backward<'a, T>,
    types: PhantomData<fn(In, L)>,
}

impl<T: Element, In: Shape, L: Layer<T, In>> Job for Back<'_, T, In, L> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        L::backward(isa, self.weights, self.pass);
    }
}

/// The update of the weights.
struct Step<'a, 'u, T: Element, In: Shape, L: Layer<T, In>> {
    weights: &'a mut L::Weights,
    kept: Kept<'a, T>,
    update: &'a mut Update<'u, T>,
    types: PhantomData<fn(In, L)>,
}

impl<T: Element, In: Shape, L: Layer<T, In>> Job for Step<'_, '_, T, In, L> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        L::update(isa, self.weights, self.kept, self.update);
    }
}

/// [`Layer::forward_training`].
#[inline(always)]
pub fn forward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &L::Weights,
    x: Rows<T>,
    y: RowsMut<T>,
    cache: &mut [T],
    moment: Moment<'_>,
) {
    isa.enter(Forward::<T, In, L> {
        weights,
        x,
        y,
        cache,
        moment,
        types: PhantomData,
    });
}

/// [`Layer::backward`].
#[inline(always)]
pub fn backward<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &L::Weights,
    pass: Backward<T>,
) {
    isa.enter(Back::<T, In, L> {
        weights,
        pass,
        types: PhantomData,
    });
}

/// [`Layer::update`].
#[inline(always)]
pub fn update<T: Element, In: Shape, L: Layer<T, In>, I: Isa>(
    isa: I,
    weights: &mut L::Weights,
    kept: Kept<T>,
    update: &mut Update<T>,
) {
    isa.enter(Step::<T, In, L> {
        weights,
        kept,
        update,
        types: PhantomData,
    });
}
