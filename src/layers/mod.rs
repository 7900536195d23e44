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
    average_pooling1d::AveragePooling1D,
    average_pooling2d::AveragePooling2D,
    conv1d::Conv1D,
    conv2d::Conv2D,
    conv2d_transpose::Conv2DTranspose,
    cropping2d::Cropping2D,
    dense::Dense,
    depthwise_conv2d::DepthwiseConv2D,
    dropout::Dropout,
    flatten::Flatten,
    global_average_pooling1d::GlobalAveragePooling1D,
    global_average_pooling2d::GlobalAveragePooling2D,
    global_max_pooling1d::GlobalMaxPooling1D,
    global_max_pooling2d::GlobalMaxPooling2D,
    max_pooling1d::MaxPooling1D,
    max_pooling2d::MaxPooling2D,
    reshape::Reshape,
    residual::Residual,
    separable_conv2d::SeparableConv2D,
    up_sampling2d::UpSampling2D,
    zero_padding2d::ZeroPadding2D,
}

mod check;
mod convolution;
mod image;
mod parallel;
mod pooling;
mod signal;

pub use convolution::ConvWeights;
pub use dense::DenseWeights;
pub use parallel::{Parallel, ParallelWeights};
pub use separable_conv2d::SeparableConv2DWeights;
