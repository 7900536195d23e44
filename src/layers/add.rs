//! Layers side by side whose outputs are added.

use super::parallel::{Merge, Parallel};
use crate::layer::Missing;

/// `y = f(x) + g(x) + ...`: adds the outputs of two to four lists of layers that get the same input,
/// like Keras' `Add`.
///
/// Input any; the lists must give the same shape, which is the output's. Their weights are the fields
/// `first`, `second`, `third` and `fourth`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [4] => [3] {
///         Add([Dense(8, relu), Dense(3)], [Dense(3)]),
///     }
/// }
/// assert_eq!(Net::PARAMS, (4 * 8 + 8) + (8 * 3 + 3) + (4 * 3 + 3));
/// ```
///
/// # Errors of the compiler
/// If the lists give different shapes.
pub type Add<First = Missing, Second = Missing, Third = Missing, Fourth = Missing> =
    Parallel<Sum, First, Second, Third, Fourth>;

/// The outputs of all lists are added.
pub struct Sum;
impl Merge for Sum {
    const ADDS: bool = true;
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([4] => [3] { Add([Dense(6, tanh), Dense(3)], [Dense(3, sigmoid)]) });
    contract!([2, 5, 4] => [3, 3, 2] {
        Add([Conv2D(3, 3)], [Conv2D(4, 2, activation = tanh), Conv2D(3, 2)], [Conv2D(3, 3, activation = silu)])
    });
}
