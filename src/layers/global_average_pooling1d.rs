//! The mean of each channel of a signal.

use super::pooling::{AllSteps, Mean, Pooling};

/// The mean of each channel of a signal: Keras' `GlobalAveragePooling1D`.
///
/// Input `[steps, channels]`, output `[channels]`. No arguments.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2, 2] => [2] { GlobalAveragePooling1D }
/// }
/// assert_eq!(Net::new(1).predict(&[[1.0, 7.0], [3.0, 5.0]]), [2.0, 6.0]);
/// ```
///
/// # Errors of the compiler
/// If the input is no signal.
pub type GlobalAveragePooling1D = Pooling<Mean, AllSteps>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([6, 3] => [3] { GlobalAveragePooling1D });
    contract!([5, 2] => [2] { GlobalAveragePooling1D, Dense(2, tanh) });
}
