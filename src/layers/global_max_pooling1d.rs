//! The largest number of each channel of a signal.

use super::pooling::{AllSteps, Largest, Pooling};

/// The largest number of each channel of a signal: Keras' `GlobalMaxPooling1D`.
///
/// Input `[steps, channels]`, output `[channels]`. No arguments. The gradient goes to the first of equals.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2, 2] => [2] { GlobalMaxPooling1D }
/// }
/// assert_eq!(Net::new(1).predict(&[[1.0, 7.0], [3.0, 5.0]]), [3.0, 7.0]);
/// ```
///
/// # Errors of the compiler
/// If the input is no signal.
pub type GlobalMaxPooling1D = Pooling<Largest, AllSteps>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([6, 3] => [3] { GlobalMaxPooling1D });
    contract!([5, 2] => [2] { GlobalMaxPooling1D, Dense(2, tanh) });
}
