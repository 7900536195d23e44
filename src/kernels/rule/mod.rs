//! What an optimiser does with a gradient, as plain numbers that a kernel can take along.
//!
//! Each rule is written once, for any vector (`Step`). Which one it is, is decided once for a
//! whole tensor (`with_rule!`), so that its loop is compiled for it alone.
//!
//! The [`Fused`] rules meet gradients while these are still in registers: every kernel that makes
//! gradients is compiled for each of them. That saves some hundredths of a step's time, and costs
//! some of the library's build time: so it is done for the rules that most trainings take, and the
//! others find their gradients in memory.

#![allow(unsafe_code)] // vectors are read and written through pointers, as `Simd` asks

mod adagrad;
mod adam;
mod lion;
mod settle;
mod sgd;
mod step;
mod store;

pub use adagrad::{Adadelta, Adagrad, RmsProp};
pub use adam::{Adam, Adamax, Nadam};
pub use lion::Lion;
pub use settle::settles;
pub use sgd::{Add, Decayed, Momentum, Sgd};
pub(super) use step::Step;
pub use store::Store;

use super::scalar::Scalar;
use crate::math::Real;
use crate::simd::Isa;

/// One optimiser step for one weight `w` with gradient `g`. All learning rates and corrections of
/// the step are already worked in, so that nothing here depends on the number of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule<T> {
    /// One that kernels take along.
    Fused(Fused<T>),
    /// See [`Sgd`].
    Sgd(Sgd<T>),
    /// See [`Decayed`].
    Decayed(Decayed<T>),
    /// See [`RmsProp`].
    RmsProp(RmsProp<T>),
    /// See [`Adagrad`].
    Adagrad(Adagrad<T>),
    /// See [`Adadelta`].
    Adadelta(Adadelta<T>),
    /// See [`Adamax`].
    Adamax(Adamax<T>),
    /// See [`Nadam`].
    Nadam(Nadam<T>),
    /// See [`Lion`].
    Lion(Lion<T>),
}

/// A rule that kernels take along to where gradients are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fused<T> {
    /// See [`Store`].
    Store(Store),
    /// See [`Add`].
    Add(Add),
    /// See [`Momentum`].
    Momentum(Momentum<T>),
    /// See [`Adam`].
    Adam(Adam<T>),
}

/// Evaluates an expression with the rule itself under a name.
macro_rules! with_rule {
    ($rule:expr, $name:ident => $body:expr) => {
        match $rule {
            $crate::kernels::rule::Rule::Fused(rule) => {
                $crate::kernels::rule::with_fused!(rule, $name => $body)
            }
            $crate::kernels::rule::Rule::Sgd($name) => $body,
            $crate::kernels::rule::Rule::Decayed($name) => $body,
            $crate::kernels::rule::Rule::RmsProp($name) => $body,
            $crate::kernels::rule::Rule::Adagrad($name) => $body,
            $crate::kernels::rule::Rule::Adadelta($name) => $body,
            $crate::kernels::rule::Rule::Adamax($name) => $body,
            $crate::kernels::rule::Rule::Nadam($name) => $body,
            $crate::kernels::rule::Rule::Lion($name) => $body,
        }
    };
}
/// The same for a fused rule.
macro_rules! with_fused {
    ($rule:expr, $name:ident => $body:expr) => {
        match $rule {
            $crate::kernels::rule::Fused::Store($name) => $body,
            $crate::kernels::rule::Fused::Add($name) => $body,
            $crate::kernels::rule::Fused::Momentum($name) => $body,
            $crate::kernels::rule::Fused::Adam($name) => $body,
        }
    };
}
pub(super) use {with_fused, with_rule};

impl<T: Real> Rule<T> {
    /// How many numbers the rule keeps for each weight.
    pub const fn slots(&self) -> usize {
        match self {
            Rule::Fused(rule) => rule.slots(),
            Rule::Sgd(_) | Rule::Decayed(_) => 0,
            Rule::Adagrad(_) | Rule::Lion(_) => 1,
            Rule::RmsProp(_) | Rule::Adadelta(_) | Rule::Adamax(_) | Rule::Nadam(_) => 2,
        }
    }

    /// What kernels take along of the rule, if they can, and what gradients have to be multiplied by
    /// before.
    ///
    /// The gradients of a step are linear in those of the loss. So plain gradient descent multiplies
    /// these by its rate, a few numbers for each sample, and has only an addition left for each weight,
    /// which processors do beside the products of the next tile.
    #[inline(always)]
    pub(crate) fn taken_along(self) -> Option<(T, Fused<T>)> {
        match self {
            Rule::Fused(rule) => Some((T::one(), rule)),
            Rule::Sgd(sgd) => Some((-sgd.rate, Fused::Add(Add))),
            _ => None,
        }
    }

    /// Applies the rule to neighbouring weights: `slots` holds their numbers for slot 0 from its
    /// beginning on, those for slot 1 `apart` later.
    #[inline(always)]
    pub fn apply<I: Isa>(&self, isa: I, w: &mut [T], g: &[T], slots: &mut [T], apart: usize) {
        with_rule!(*self, rule => one_by_one(isa, rule, w, g, slots, apart));
    }
}

impl<T: Real> Fused<T> {
    /// See [`Rule::slots`].
    pub const fn slots(&self) -> usize {
        match self {
            Fused::Add(_) => 0,
            Fused::Store(_) | Fused::Momentum(_) => 1,
            Fused::Adam(_) => 2,
        }
    }

    /// See [`Rule::apply`].
    #[inline(always)]
    pub fn apply<I: Isa>(&self, isa: I, w: &mut [T], g: &[T], slots: &mut [T], apart: usize) {
        with_fused!(*self, rule => one_by_one(isa, rule, w, g, slots, apart));
    }
}

/// Applies a rule to neighbouring weights, see [`Rule::apply`].
#[inline(always)]
fn one_by_one<T: Real, I: Isa, R: Step<T>>(
    isa: I,
    rule: R,
    w: &mut [T],
    g: &[T],
    slots: &mut [T],
    apart: usize,
) {
    let (s, len) = (Scalar::new(isa), w.len());
    assert!(g.len() >= len, "the gradient does not fit the weights");
    assert!(
        R::SLOTS == 0 || slots.len() >= (R::SLOTS - 1) * apart + len,
        "the optimiser's numbers do not fit the weights"
    );
    let (w, kept) = (w.as_mut_ptr(), slots.as_mut_ptr());
    for i in 0..len {
        // SAFETY: there are so many weights, gradients and numbers of each slot.
        unsafe { rule.take(s, g[i], w.add(i), kept.wrapping_add(i), apart) };
    }
    if rule.settles() {
        for slot in 0..R::SLOTS {
            settle::settle(&mut slots[slot * apart..][..len]);
        }
    }
}
