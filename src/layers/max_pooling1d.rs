//! The largest number of each window of a signal.

use super::pooling::{Largest, Pooling, Steps};
use crate::layer::{Int, Missing};
use crate::shape::Valid;
use typenum::U2;

/// The largest number of each window that moves over a signal: Keras' `MaxPooling1D`.
///
/// Input `[steps, channels]`, output `[steps', channels]`. Output (p, c) is the largest number of its window: NaN if there is one, over all
/// x(p stride + i - before, c) inside the signal. The gradient goes to the first of equals.
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
///     struct Net: [4, 1] => [2, 1] { MaxPooling1D }
/// }
/// assert_eq!(Net::new(1).predict(&[[1.0], [3.0], [4.0], [8.0]]), [[3.0], [8.0]]);
/// ```
///
/// # Errors of the compiler
/// If the input is no signal, or the window does not fit into it.
pub type MaxPooling1D<PoolSize = Int<U2>, Strides = Missing, Padding = crate::word!(Valid)> =
    Pooling<Largest, Steps<PoolSize, Strides, Padding>>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([7, 3] => [3, 3] { MaxPooling1D });
    contract!([8, 2] => [4, 2] { MaxPooling1D(3, strides = 2, padding = same) });
    contract!([6, 5] => [4, 5] { MaxPooling1D(3, 1) });
}
