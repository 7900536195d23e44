//! The mean of each window of a signal.

use super::pooling::{Mean, Pooling, Steps};
use crate::layer::{Int, Missing};
use crate::shape::Valid;
use typenum::U2;

/// The mean of each window that moves over a signal: Keras' `AveragePooling1D`.
///
/// Input `[steps, channels]`, output `[steps', channels]`. Output (p, c) is the mean of its window, over all
/// x(p stride + i - before, c) inside the signal. Zeros around the signal are not counted.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `pool_size` | `2` | how long the window is |
/// | `strides` | `pool_size` | how far it moves |
/// | `padding` | `valid` | `valid`: windows stay inside, `same`: they may reach over the ends |
///
/// The steps of the output are `(n - pool_size) / stride + 1` with `valid`, and `n / stride`, rounded
/// up, with `same`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [4, 1] => [2, 1] { AveragePooling1D }
/// }
/// assert_eq!(Net::new(1).predict(&[[1.0], [3.0], [4.0], [8.0]]), [[2.0], [6.0]]);
/// ```
///
/// # Errors of the compiler
/// If the input is no signal, or the window does not fit into it.
pub type AveragePooling1D<PoolSize = Int<U2>, Strides = Missing, Padding = crate::word!(Valid)> =
    Pooling<Mean, Steps<PoolSize, Strides, Padding>>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([7, 3] => [3, 3] { AveragePooling1D });
    contract!([8, 2] => [4, 2] { AveragePooling1D(3, strides = 2, padding = same) });
    contract!([6, 5] => [4, 5] { AveragePooling1D(3, 1) });
}
