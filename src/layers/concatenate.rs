//! Layers side by side whose outputs stand side by side.

use super::parallel::{Merge, Parallel};
use crate::layer::Missing;

/// The outputs of two to four lists of layers that get the same input, one behind the other: Keras'
/// `Concatenate` along the last axis, and along the channels of images.
///
/// Input any; the lists must give shapes that differ in nothing but their last dimension, or but the
/// channels of images, which add up. Their weights are the fields `first`, `second`, `third` and
/// `fourth`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1, 8, 8] => [24, 8, 8] {
///         Concatenate(
///             [Conv2D(8, 1)],
///             [Conv2D(4, 1, activation = relu), Conv2D(16, 3, padding = same)],
///         ),
///     }
/// }
/// ```
///
/// # Errors of the compiler
/// If the shapes differ in more.
pub type Concatenate<First = Missing, Second = Missing, Third = Missing, Fourth = Missing> =
    Parallel<SideBySide, First, Second, Third, Fourth>;

/// The outputs of all lists stand side by side.
pub struct SideBySide;
impl Merge for SideBySide {
    const ADDS: bool = false;
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([4] => [9] { Concatenate([Dense(6, tanh)], [Dense(3, sigmoid)]) });
    contract!([2, 4, 3] => [6, 3, 2] {
        Concatenate([Conv2D(1, 2)], [Conv2D(2, 2, activation = tanh)], [Conv2D(3, 2)])
    });
    contract!([3, 4] => [3, 12] { Concatenate([Activation(tanh)], [Dropout(0.3)], [Activation(silu)]) });
}
