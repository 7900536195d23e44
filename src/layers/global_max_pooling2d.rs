//! The largest number of each channel of an image.

use super::pooling::{AllPixels, Largest, Pooling};

/// The largest number of each channel of an image: Keras' `GlobalMaxPooling2D`.
///
/// Input `[channels, height, width]`, output `[channels]`. No arguments. The gradient goes to the first of equals.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2, 1, 2] => [2] { GlobalMaxPooling2D }
/// }
/// assert_eq!(Net::new(1).predict(&[[[1.0, 3.0]], [[7.0, 5.0]]]), [3.0, 7.0]);
/// ```
///
/// # Errors of the compiler
/// If the input is no image.
pub type GlobalMaxPooling2D = Pooling<Largest, AllPixels>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 4, 5] => [3] { GlobalMaxPooling2D });
    contract!([2, 3, 3] => [2] { GlobalMaxPooling2D, Dense(2, tanh) });
}
