//! What holds for weights after each step: Keras' constraints, with Keras' defaults.
//!
//! | word | what becomes of weights w of norm n |
//! | --- | --- |
//! | `max_norm(max_value = 2, axis = 0)` | w min(n, max_value) / (n + 1e-7) |
//! | `non_neg` | max(w, 0) |
//! | `unit_norm(axis = 0)` | w / (n + 1e-7) |
//! | `min_max_norm(min_value = 0, max_value = 1, rate = 1, axis = 0)` | w (rate m + (1 - rate) n) / (n + 1e-7), m being the nearest to n from min_value to max_value |
//!
//! In a model they are arguments of layers: `kernel_constraint = max_norm(3.0)`.
//!
//! A norm is the square root of the sum of squares along `axis`: with 0, the weights of each output of a
//! `Dense` layer have one. The kernel of a convolution is `[height][width][channels][filters]`, so there 0
//! is the height alone, as in Keras; `axis = [0, 1, 2]` takes each filter as a whole. Of a bias there is
//! one norm. Axes are counted as in Keras, whose kernels have the same order.
//!
//! ```
//! use plywood::prelude::*;
//! sequential! {
//!     struct Net: [3, 8, 8] => [1] {
//!         Conv2D(4, 3, kernel_constraint = max_norm(1.5, axis = [0, 1, 2])),
//!         Flatten,
//!         Dense(1, kernel_constraint = non_neg, bias_constraint = non_neg),
//!     }
//! }
//! let mut model = Net::new(1);
//! let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
//! training.train_on_batch(&[[[[0.5; 8]; 8]; 3]], &[[-1.0]])?;
//! let kernel = &training.model().dense.kernel;
//! assert!((0..144).all(|i| kernel[[i, 0]] >= 0.0));
//! # Ok::<(), plywood::Error>(())
//! ```
//!
//! Weights begin as their initialiser makes them: a constraint acts first after the first step. Where
//! many steps make an update, it acts after each update; averages of weights (`use_ema`) are of weights
//! for which it holds. Layers that are not trained ([`freeze`](crate::training::Training::freeze)) stay
//! as they are.

mod bound;

pub use bound::Bound;

use crate::layer::{Argument, Arguments, Float, Int, Kind, Policy, PolicyWord, Word};
use crate::shape::{Check, Fact};
use bound::{axes, is_axis};
use core::marker::PhantomData;
use typenum::U0;

/// Whether an argument is a number from `least` on.
const fn number<A: Argument>(least: f64) -> bool {
    matches!(A::KIND, Kind::Float | Kind::Int) && A::VALUE >= least && A::VALUE < f64::INFINITY
}

/// Whether an argument is a norm that is not 0.
const fn norm<A: Argument>(name: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        number::<A>(0.0) && A::VALUE > 0.0,
        "the argument `{0}` of {layer} must be a number above 0, such as `2.0`",
        name,
    )
}

const fn axis<A: Argument>() -> Check {
    Check::that(
        is_axis::<A>(),
        "the argument `axis` of {layer} must be an axis or a list of axes, such as `0` or `[0, 1, 2]`",
        &[],
    )
}

/// `max_norm`: no norm is larger.
#[derive(Arguments)]
pub struct MaxNorm<MaxValue = Float<{ 2.0_f64.to_bits() }>, Axis = Int<U0>>(
    PhantomData<(MaxValue, Axis)>,
);

impl<Max: Argument, Axis: Argument> Word for MaxNorm<Max, Axis> {
    const CHECK: Check = norm::<Max>(&[Fact::Word("max_value")]).and(axis::<Axis>());
}
impl<Max: Argument, Axis: Argument> PolicyWord for MaxNorm<Max, Axis> {
    const POLICY: Policy = Policy::bound(Bound::Norm {
        min: 0.0,
        max: Max::VALUE,
        rate: 1.0,
        axes: axes::<Axis>(),
    });
}

/// `non_neg`: no weight is negative.
#[derive(Arguments)]
pub struct NonNeg;

impl PolicyWord for NonNeg {
    const POLICY: Policy = Policy::bound(Bound::NonNegative);
}

/// `unit_norm`: every norm is 1.
#[derive(Arguments)]
pub struct UnitNorm<Axis = Int<U0>>(PhantomData<Axis>);

impl<Axis: Argument> Word for UnitNorm<Axis> {
    const CHECK: Check = axis::<Axis>();
}
impl<Axis: Argument> PolicyWord for UnitNorm<Axis> {
    const POLICY: Policy = Policy::bound(Bound::Norm {
        min: 1.0,
        max: 1.0,
        rate: 1.0,
        axes: axes::<Axis>(),
    });
}

/// `min_max_norm`: every norm is in a range, or goes there at a rate.
#[derive(Arguments)]
pub struct MinMaxNorm<
    MinValue = Float<{ 0.0_f64.to_bits() }>,
    MaxValue = Float<{ 1.0_f64.to_bits() }>,
    Rate = Float<{ 1.0_f64.to_bits() }>,
    Axis = Int<U0>,
>(PhantomData<(MinValue, MaxValue, Rate, Axis)>);

impl<Min, Max, Rate, Axis> Word for MinMaxNorm<Min, Max, Rate, Axis>
where
    Min: Argument,
    Max: Argument,
    Rate: Argument,
    Axis: Argument,
{
    const CHECK: Check = Check::that(
        number::<Min>(0.0),
        "the argument `min_value` of {layer} must be a number of at least 0, such as `0.5`",
        &[],
    )
    .and(norm::<Max>(&[Fact::Word("max_value")]))
    .and(Check::that(
        Min::VALUE <= Max::VALUE,
        "the argument `min_value` of {layer} must not be above its `max_value`",
        &[],
    ))
    .and(Check::that(
        number::<Rate>(0.0) && Rate::VALUE <= 1.0,
        "the argument `rate` of {layer} must be a number from 0 to 1",
        &[],
    ))
    .and(axis::<Axis>());
}
impl<Min, Max, Rate, Axis> PolicyWord for MinMaxNorm<Min, Max, Rate, Axis>
where
    Min: Argument,
    Max: Argument,
    Rate: Argument,
    Axis: Argument,
{
    const POLICY: Policy = Policy::bound(Bound::Norm {
        min: Min::VALUE,
        max: Max::VALUE,
        rate: Rate::VALUE,
        axes: axes::<Axis>(),
    });
}
