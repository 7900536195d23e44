//! The mean of each channel of an image.

use super::pooling::{AllPixels, Mean, Pooling};

/// The mean of each channel of an image: Keras' `GlobalAveragePooling2D`.
///
/// Input `[channels, height, width]`, output `[channels]`. No arguments.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2, 1, 2] => [2] { GlobalAveragePooling2D }
/// }
/// assert_eq!(Net::new(1).predict(&[[[1.0, 3.0]], [[7.0, 5.0]]]), [2.0, 6.0]);
/// ```
///
/// # Errors of the compiler
/// If the input is no image.
pub type GlobalAveragePooling2D = Pooling<Mean, AllPixels>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 4, 5] => [3] { GlobalAveragePooling2D });
    contract!([2, 3, 3] => [2] { GlobalAveragePooling2D, Dense(2, tanh) });
}
