//! The layers, by Keras' names, arguments, defaults and definitions.
//!
//! | layer | arguments | input | output |
//! | --- | --- | --- | --- |
//! | [`Dense`] | units, activation, use_bias, kernel_initializer, bias_initializer | `[n]` | `[units]` |
//! | [`Activation`] | activation | any | the same |
//! | [`Flatten`] | | any | `[product]` |
//! | [`Reshape`] | target_shape | any | target_shape |
//! | [`Dropout`] | rate | any | the same |

/// Declares the layers: the module of each, its type, and its samples, which put it under the
/// contract that every layer keeps.
macro_rules! register {
    ($($module:ident::$layer:ident),* $(,)?) => {
        $(
            mod $module;
            pub use $module::$layer;
        )*

        #[cfg(test)]
        mod contract {
            $(
                #[test]
                fn $module() {
                    super::$module::samples();
                }
            )*
        }
    };
}

register! {
    activation::Activation,
    add::Add,
    concatenate::Concatenate,
    conv2d::Conv2D,
    dense::Dense,
    dropout::Dropout,
    flatten::Flatten,
    reshape::Reshape,
    residual::Residual,
}

mod image;
mod parallel;

pub use conv2d::Conv2DWeights;
pub use dense::DenseWeights;
pub use parallel::{Parallel, ParallelWeights};
