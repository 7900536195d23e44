//! Penalties for large weights in the loss: Keras' regularisers, with Keras' defaults.
//!
//! | word | what a tensor w adds to the loss |
//! | --- | --- |
//! | `l1(l1 = 0.01)` | l1 Σ \|w\| |
//! | `l2(l2 = 0.01)` | l2 Σ w² |
//! | `l1_l2(l1 = 0.01, l2 = 0.01)` | l1 Σ \|w\| + l2 Σ w² |
//!
//! In a model they are arguments of layers: `kernel_regularizer = l2(0.001)`. Without parentheses they
//! have the factors above. If only one of the two factors of `l1_l2` is given, the other is 0, as in
//! Keras.
//!
//! ```
//! use plywood::prelude::*;
//! sequential! {
//!     struct Net: [2] => [1] {
//!         Dense(8, tanh, kernel_regularizer = l2(1e-4)),
//!         Dense(1, kernel_regularizer = l1_l2(l1 = 1e-5, l2 = 1e-4), bias_regularizer = l2),
//!     }
//! }
//! let mut model = Net::new(1);
//! let penalties: f32 = 1e-4 * model.dense.kernel.row(0).iter().map(|w| w * w).sum::<f32>()
//!     + 1e-4 * model.dense.kernel.row(1).iter().map(|w| w * w).sum::<f32>()
//!     + (0..8).map(|i| model.dense_1.kernel[[i, 0]])
//!         .map(|w| 1e-5 * w.abs() + 1e-4 * w * w)
//!         .sum::<f32>();
//! let x = [[0.5, -1.0]];
//! let y = [model.predict(&x[0])]; // targets that are met
//! let training = model.compile(Adam::new(0.01), MeanSquaredError);
//! let loss = training.evaluate(&x, &y)?.loss;
//! assert!((loss - f64::from(penalties)).abs() < 1e-8);
//! # Ok::<(), plywood::Error>(())
//! ```
//!
//! The penalties are part of every loss that is reported: of `fit`, of its validation, of `evaluate` and
//! `train_on_batch`. The gradient of a weight is that of the data plus `l1 sign(w) + 2 l2 w`, before it is
//! clipped. Layers that are not trained ([`freeze`](crate::training::Training::freeze)) add nothing.
//! (Weight decay, an argument of optimisers, is not part of the loss.)
//!
//! Every layer takes `activity_regularizer`, too, for a penalty of its outputs: see
//! [`ActivityRegularization`](crate::layers::ActivityRegularization).

mod penalty;

pub use penalty::Penalty;

use crate::layer::{Argument, Arguments, Float, Kind, Missing, Policy, PolicyWord, Word};
use crate::shape::{Check, Fact};
use core::marker::PhantomData;

/// Whether an argument is a factor, or is not given.
const fn factor<A: Argument>(name: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        matches!(A::KIND, Kind::Missing)
            || matches!(A::KIND, Kind::Float | Kind::Int)
                && A::VALUE >= 0.0
                && A::VALUE < f64::INFINITY,
        "the argument `{0}` of {layer} must be a number of at least 0, such as `0.01`",
        name,
    )
}

/// `l1`: the sum of absolute values.
#[derive(Arguments)]
pub struct L1<L1 = Float<{ 0.01_f64.to_bits() }>>(PhantomData<L1>);

impl<Factor: Argument> Word for L1<Factor> {
    const CHECK: Check = factor::<Factor>(&[Fact::Word("l1")]);
}
impl<Factor: Argument> PolicyWord for L1<Factor> {
    const POLICY: Policy = Policy::penalty(Penalty {
        l1: Factor::VALUE,
        l2: 0.0,
    });
}

/// `l2`: the sum of squares.
#[derive(Arguments)]
pub struct L2<L2 = Float<{ 0.01_f64.to_bits() }>>(PhantomData<L2>);

impl<Factor: Argument> Word for L2<Factor> {
    const CHECK: Check = factor::<Factor>(&[Fact::Word("l2")]);
}
impl<Factor: Argument> PolicyWord for L2<Factor> {
    const POLICY: Policy = Policy::penalty(Penalty {
        l1: 0.0,
        l2: Factor::VALUE,
    });
}

/// `l1_l2`: both sums.
#[derive(Arguments)]
pub struct L1L2<L1 = Missing, L2 = Missing>(PhantomData<(L1, L2)>);

impl<A: Argument, B: Argument> Word for L1L2<A, B> {
    const CHECK: Check = factor::<A>(&[Fact::Word("l1")]).and(factor::<B>(&[Fact::Word("l2")]));
}
impl<A: Argument, B: Argument> PolicyWord for L1L2<A, B> {
    const POLICY: Policy = Policy::penalty(match (A::KIND, B::KIND) {
        (Kind::Missing, Kind::Missing) => Penalty { l1: 0.01, l2: 0.01 },
        // (What is missing has the value 0.)
        _ => Penalty {
            l1: A::VALUE,
            l2: B::VALUE,
        },
    });
}
