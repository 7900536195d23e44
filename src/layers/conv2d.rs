//! The layer whose filters move over an image.

use super::convolution::{ConvArguments, Convolution, Pixels};
use crate::activations::Linear;
use crate::initializers::{GlorotUniform, Zeros};
use crate::layer::{Bool, Int, Missing};
use crate::shape::Valid;
use typenum::U1;

/// `y = f(x * W + b)`: filters that move over an image, Keras' `Conv2D`.
///
/// Input `[channels, height, width]`, output `[filters, height', width']`; kernel W
/// `[height][width][channels / groups][filters]`, bias b `[filters]`. Output (o, p, q) is b\[o\] plus the
/// sum over all taps (i, j) and channels c of
/// x(c, p stride + i dilation - before, q stride + j dilation - before) W(i, j, c, o), where places
/// outside of the image count as 0.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `filters` | required | how many channels come out |
/// | `kernel_size` | required | taps down and across: `3` or `[3, 5]` |
/// | `strides` | `1` | how far the filters move: `2` or `[1, 2]` |
/// | `padding` | `valid` | `valid`: the filters stay inside, `same`: with stride 1 the image keeps its size |
/// | `dilation_rate` | `1` | how far apart the taps are |
/// | `groups` | `1` | into how many groups the channels are divided; each group of filters sees its own |
/// | `activation` | `linear` | f, see [`activations`](crate::activations) |
/// | `use_bias` | `true` | whether there is a b |
/// | `kernel_initializer` | `glorot_uniform` | how W begins, see [`initializers`](crate::initializers) |
/// | `bias_initializer` | `zeros` | how b begins |
/// | `kernel_regularizer`, `bias_regularizer` | none | what W and b add to the loss, see [`regularizers`](crate::regularizers) |
/// | `kernel_constraint`, `bias_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// Height and width of the output are `(n - extent) / stride + 1` with `valid`, where
/// `extent = (kernel_size - 1) dilation_rate + 1`, and `n / stride`, rounded up, with `same`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1, 28, 28] => [10] {
///         Conv2D(8, 3, activation = relu) => [8, 26, 26],
///         Conv2D(16, [3, 3], strides = 2, padding = same) => [16, 13, 13],
///         Flatten,
///         Dense(10, softmax),
///     }
/// }
/// assert_eq!(Net::PARAMS, (9 * 8 + 8) + (9 * 8 * 16 + 16) + (16 * 13 * 13 * 10 + 10));
/// ```
///
/// # Errors of the compiler
/// If the input is no image, the kernel does not fit into it, or the channels can not be divided into
/// the groups.
pub type Conv2D<
    Filters = Missing,
    KernelSize = Missing,
    Strides = Int<U1>,
    Padding = crate::word!(Valid),
    DilationRate = Int<U1>,
    Groups = Int<U1>,
    Activation = crate::word!(Linear),
    UseBias = Bool<true>,
    KernelInitializer = crate::word!(GlorotUniform),
    BiasInitializer = crate::word!(Zeros),
    KernelRegularizer = Missing,
    BiasRegularizer = Missing,
    KernelConstraint = Missing,
    BiasConstraint = Missing,
> = Convolution<
    Pixels,
    ConvArguments<
        Filters,
        KernelSize,
        Strides,
        Padding,
        DilationRate,
        Groups,
        Activation,
        UseBias,
        KernelInitializer,
        BiasInitializer,
        KernelRegularizer,
        BiasRegularizer,
        KernelConstraint,
        BiasConstraint,
    >,
>;

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([1, 5, 6] => [3, 3, 4] { Conv2D(3, 3) });
    contract!([3, 4, 5] => [2, 4, 5] { Conv2D(2, [3, 2], padding = same, activation = tanh) });
    contract!([2, 7, 6] => [4, 4, 2] { Conv2D(4, 3, [2, 3], same, use_bias = false) });
    contract!([2, 8, 7] => [3, 4, 3] { Conv2D(3, 3, dilation_rate = 2, activation = silu) });
    contract!([4, 5, 5] => [6, 3, 3] { Conv2D(6, 3, groups = 2) });
    contract!([2, 6, 6] => [3] {
        Conv2D(4, 3, activation = elu), Conv2D(5, 2, strides = 2, kernel_initializer = he_normal),
        Flatten, Dense(3, sigmoid)
    });
}
