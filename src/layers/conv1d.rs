//! The layer whose filters move over a signal.

use super::convolution::{ConvArguments, Convolution, Steps};
use crate::activations::Linear;
use crate::initializers::{GlorotUniform, Zeros};
use crate::layer::{Bool, Int, Missing};
use crate::shape::Valid;
use typenum::U1;

/// `y = f(x * W + b)`: filters that move over a signal, Keras' `Conv1D`.
///
/// Input `[steps, channels]`, output `[steps', filters]`; kernel W `[taps][channels / groups][filters]`,
/// bias b `[filters]`. Output (p, o) is b\[o\] plus the sum over all taps i and channels c of
/// x(p stride + i dilation - before, c) W(i, c, o), where places outside of the signal count as 0.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `filters` | required | how many channels come out |
/// | `kernel_size` | required | how many taps a filter has |
/// | `strides` | `1` | how far the filters move |
/// | `padding` | `valid` | `valid`: the filters stay inside, `same`: with stride 1 the signal keeps its length, `causal`: so that no output sees a later step |
/// | `dilation_rate` | `1` | how far apart the taps are |
/// | `groups` | `1` | into how many groups the channels are divided; each group of filters sees its own |
/// | `activation` | `linear` | f, see [`activations`](crate::activations) |
/// | `use_bias` | `true` | whether there is a b |
/// | `kernel_initializer` | `glorot_uniform` | how W begins, see [`initializers`](crate::initializers) |
/// | `bias_initializer` | `zeros` | how b begins |
/// | `kernel_regularizer`, `bias_regularizer` | none | what W and b add to the loss, see [`regularizers`](crate::regularizers) |
/// | `kernel_constraint`, `bias_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// The steps of the output are `(n - extent) / stride + 1` with `valid`, where
/// `extent = (kernel_size - 1) dilation_rate + 1`, and `n / stride`, rounded up, with `same` and
/// `causal`.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [100, 3] => [4] {
///         Conv1D(8, 5, activation = relu) => [96, 8],
///         Conv1D(16, 3, strides = 2, padding = causal) => [48, 16],
///         Flatten,
///         Dense(4, softmax),
///     }
/// }
/// assert_eq!(Net::PARAMS, (5 * 3 * 8 + 8) + (3 * 8 * 16 + 16) + (48 * 16 * 4 + 4));
/// ```
///
/// # Errors of the compiler
/// If the input is no signal, the kernel does not fit into it, or the channels can not be divided into
/// the groups.
pub type Conv1D<
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
    Steps,
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
    contract!([7, 3] => [5, 4] { Conv1D(4, 3) });
    contract!([8, 2] => [4, 3] { Conv1D(3, 3, 2, same, activation = tanh) });
    contract!([6, 2] => [6, 5] { Conv1D(5, 2, padding = causal, dilation_rate = 2, use_bias = false) });
    contract!([6, 4] => [2] { Conv1D(6, 3, groups = 2, activation = gelu), Flatten, Dense(2) });
}
