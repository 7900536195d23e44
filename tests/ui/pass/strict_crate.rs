//! A crate that refuses unsafe code, warnings and missing documentation.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, clippy::all)]

use plywood::prelude::*;

sequential! {
    /// A block of two layers.
    pub struct Block: [8] => [4] {
        Dense(16, relu, activity_regularizer = l1(1e-5)),
        narrow: Dense(4, relu),
    }
}

sequential! {
    /// A classifier with a block in it.
    pub struct Classifier: [2, 4] => [3] {
        Flatten,
        Block,
        Dropout(0.1),
        Dense(3, softmax),
    }
}

sequential! {
    /// A model over any numbers.
    pub struct Generic<T>: [8] => [1] {
        Dense(4, tanh),
        Dense(1),
    }
}

/// Models that are not the crate's own.
pub mod inner {
    use plywood::prelude::*;

    sequential! {
        /// A model in a module.
        pub struct Small: [4] => [4] { Dense(4) }
    }
}

/// Trains and predicts.
///
/// # Errors
/// None.
pub fn main() -> plywood::Result<()> {
    sequential! {
        struct Local: [4] => [2] { inner::Small, Dense(2, softmax) }
    }
    let mut local = Local::new(1);
    let mut training = local
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy)
        .metrics(Accuracy);
    training.fit(
        &[[0.0; 4], [1.0; 4]],
        &[0u8, 1],
        Fit::new().verbose(Verbose::Silent),
    )?;
    assert_eq!(local.predict(&[0.0; 4]).len(), Local::OUTPUT_SHAPE[0]);
    assert_eq!(Classifier::new(1).predict(&[[0.0; 4]; 2]).len(), 3);
    assert_eq!(Generic::<f64>::new(1).predict(&[0.0; 8]), [0.0]);
    assert_eq!(Generic::<f32>::PARAMS, 8 * 4 + 4 + 4 + 1);
    Ok(())
}
