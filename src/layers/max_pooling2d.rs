//! The largest number of each window of an image.

use super::pooling::{Largest, Pixels, Pooling};
use crate::layer::{Int, Missing};
use crate::shape::Valid;
use typenum::U2;

/// The largest number of each window that moves over an image: Keras' `MaxPooling2D`.
///
/// Input `[channels, height, width]`, output `[channels, height', width']`. Output (c, p, q) is
/// the largest number of its window: NaN if there is one, over all x(c, p stride + i - before, q stride + j - before) inside the image.
/// The gradient goes to the first of equals.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `pool_size` | `2` | how large the window is, down and across: `2` or `[2, 3]` |
/// | `strides` | `pool_size` | how far it moves: `2` or `[2, 1]` |
/// | `padding` | `valid` | `valid`: windows stay inside, `same`: they may reach over the edges |
///
/// Height and width of the output are `(n - pool_size) / stride + 1` with `valid`, and `n / stride`,
/// rounded up, with `same`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1, 2, 4] => [1, 1, 2] { MaxPooling2D }
/// }
/// let image = [[[1.0, 2.0, 3.0, 4.0], [4.0, 5.0, 6.0, 7.0]]];
/// assert_eq!(Net::new(1).predict(&image), [[[5.0, 7.0]]]);
/// ```
///
/// # Errors of the compiler
/// If the input is no image, or the window does not fit into it.
pub type MaxPooling2D<PoolSize = Int<U2>, Strides = Missing, Padding = crate::word!(Valid)> =
    Pooling<Largest, Pixels<PoolSize, Strides, Padding>>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 5, 6] => [3, 2, 3] { MaxPooling2D });
    contract!([2, 5, 7] => [2, 5, 3] { MaxPooling2D([3, 2], [1, 3], same) });
    contract!([19, 4, 4] => [19, 2, 2] { MaxPooling2D(3, strides = 1) });
    contract!([1, 5, 5] => [2] { MaxPooling2D(2, padding = same), Flatten, Dense(2) });
    // Convolutions that take their gradient from behind it: of a few channels, and of eights.
    contract!([1, 5, 5] => [8, 1, 1] { Conv2D(8, 3, activation = relu), MaxPooling2D(2) });
    contract!([8, 4, 3] => [8, 1, 1] { Conv2D(8, [3, 2], activation = tanh), MaxPooling2D(2) });
    // Both in one pass: over one channel and over several, some windows at a time and those left over, and
    // where threads share a layer's samples instead of the whole step.
    contract!([1, 5, 8] => [8, 1, 3] { Conv2D(8, 3, activation = relu), MaxPooling2D(2) });
    contract!([1, 6, 6] => [8, 1, 1] { Conv2D(8, 5, activation = relu), MaxPooling2D(2) });
    contract!([2, 4, 8] => [2] {
        Conv2D(8, 3, activation = relu, use_bias = false),
        MaxPooling2D(2),
        BatchNormalization,
        Flatten,
        Dense(2)
    });
    contract!([8, 6, 6] => [2] {
        Conv2D(8, 2, activation = relu, use_bias = false),
        MaxPooling2D(3, strides = 2),
        Flatten,
        Dense(2)
    });
    contract!([2, 4, 4] => [2, 2, 2] {
        Concatenate(
            [Conv2D(8, 3, padding = same), MaxPooling2D(2)],
            [Conv2D(8, 3, strides = 2, padding = same, activation = relu)]
        ),
        Conv2D(2, 1, activation = sigmoid)
    });
}
