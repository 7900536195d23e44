//! Layers whose input is added to their output.

use super::parallel::{Merge, Parallel};
use crate::layer::Missing;

/// `y = x + f(x)`: adds the input of a list of layers to their output.
///
/// Input any, the output has the same shape, and so must the output of the list. The weights of the list
/// are those of its layers by name, in the field `first`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3, 16, 16] => [10] {
///         Conv2D(8, 3, padding = same, activation = relu),
///         Residual(
///             Conv2D(8, 3, padding = same, activation = relu),
///             Conv2D(8, 3, padding = same),
///         ),
///         Activation(relu),
///         Flatten,
///         Dense(10, softmax),
///     }
/// }
/// let net = Net::new(1);
/// assert_eq!(net.get_weights()[2].name, "residual/first/conv2d/kernel");
/// assert_eq!(net.residual.first.conv2d_1.bias.len(), 8);
/// ```
///
/// # Errors of the compiler
/// If the layers give another shape than they get.
pub type Residual<Layers = Missing> = Parallel<WithInput, Layers>;

/// The outputs of all lists, and the input, are added.
pub struct WithInput;
impl Merge for WithInput {
    const SHORTCUT: bool = true;
    const ADDS: bool = true;
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { Residual(Dense(7, tanh), Dense(5)) });
    contract!([5] => [2] { Residual([Dense(5, sigmoid)]), Residual(Dense(5, tanh)), Dense(2) });
    contract!([2, 4, 4] => [2, 4, 4] { Residual(Conv2D(2, 3, padding = same, activation = tanh)) });
    contract!([3] => [3] { Residual(Residual(Dense(3, tanh)), Dropout(0.4), Dense(3)) });
}
