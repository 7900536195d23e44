//! The layers, by Keras' names, arguments, defaults and definitions.
//!
//! | layer | arguments | input | output |
//! | --- | --- | --- | --- |
//! | [`Dense`] | units, activation, use_bias, kernel_initializer, bias_initializer | `[n]` | `[units]` |
//! | [`Activation`] | activation | any | the same |
//! | [`ActivityRegularization`] | l1, l2 | any | the same |
//! | [`Flatten`] | | any | `[product]` |
//! | [`Reshape`] | target_shape | any | target_shape |
//! | [`Residual`] | a list of layers | any | the same |
//! | [`Add`], [`Concatenate`] | two to four lists of layers | any | what the lists give, added or side by side |
//! | [`TimeDistributed`] | a list of layers | `[n, ...]` | `[n, ...]`, what the list gives for each item |
//! | [`Permute`] | dims | any of at most 3 dimensions | those in another order |
//! | [`RepeatVector`] | n | `[features]` | `[n, features]` |
//! | [`Embedding`] | input_dim, output_dim, embeddings_initializer | `[steps]` | `[steps, output_dim]` |
//! | [`BatchNormalization`] | axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer | any | the same |
//! | [`LayerNormalization`] | axis, epsilon, center, scale, beta_initializer, gamma_initializer | any | the same |
//! | [`GroupNormalization`] | groups, epsilon, center, scale, beta_initializer, gamma_initializer | any | the same |
//! | [`RMSNormalization`] | axis, epsilon | any | the same |
//! | [`Normalization`] | mean, variance, invert | any | the same |
//! | [`Rescaling`] | scale, offset | any | the same |
//! | [`Dropout`] | rate | any | the same |
//! | [`Conv1D`] | filters, kernel_size, strides, padding, dilation_rate, groups, activation, use_bias, kernel_initializer, bias_initializer | `[steps, channels]` | `[steps', filters]` |
//! | [`Conv2D`] | the same | `[channels, height, width]` | `[filters, height', width']` |
//! | [`Conv2DTranspose`] | the same without groups | `[channels, height, width]` | `[filters, height', width']` |
//! | [`DepthwiseConv2D`] | kernel_size, strides, padding, depth_multiplier, dilation_rate, activation, use_bias, depthwise_initializer, bias_initializer | `[channels, height, width]` | `[channels depth_multiplier, height', width']` |
//! | [`SeparableConv2D`] | filters, kernel_size, strides, padding, dilation_rate, depth_multiplier, activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer | `[channels, height, width]` | `[filters, height', width']` |
//! | [`MaxPooling1D`], [`AveragePooling1D`] | pool_size, strides, padding | `[steps, channels]` | `[steps', channels]` |
//! | [`MaxPooling2D`], [`AveragePooling2D`] | pool_size, strides, padding | `[channels, height, width]` | `[channels, height', width']` |
//! | [`GlobalMaxPooling1D`], [`GlobalAveragePooling1D`] | | `[steps, channels]` | `[channels]` |
//! | [`GlobalMaxPooling2D`], [`GlobalAveragePooling2D`] | | `[channels, height, width]` | `[channels]` |
//! | [`UpSampling2D`] | size, interpolation | `[channels, height, width]` | `[channels, height size, width size]` |
//! | [`ZeroPadding2D`] | padding | `[channels, height, width]` | `[channels, height', width']` |
//! | [`Cropping2D`] | cropping | `[channels, height, width]` | `[channels, height', width']` |
//! | [`SpatialDropout1D`] | rate | `[steps, channels]` | the same |
//! | [`SpatialDropout2D`] | rate | `[channels, height, width]` | the same |
//! | [`GaussianDropout`] | rate | any | the same |
//! | [`GaussianNoise`] | stddev | any | the same |
//! | [`Softmax`] | | any | the same |
//! | [`ReLU`] | max_value, negative_slope, threshold | any | the same |
//! | [`LeakyReLU`] | negative_slope | any | the same |
//! | [`ELU`] | alpha | any | the same |
//! | [`PReLU`] | alpha_initializer, alpha_regularizer, alpha_constraint, shared_axes | any | the same |
//!
//! Each tensor of weights whose initialiser is an argument may have a regulariser and a constraint, too:
//! `kernel_regularizer`, `bias_regularizer`, `kernel_constraint`, `bias_constraint`, and so on, behind the
//! initialisers; see [`regularizers`](crate::regularizers) and [`constraints`](crate::constraints). Every layer
//! may have an `activity_regularizer`, see [`ActivityRegularization`].
//!
//! Keras' other names are there, too: `MaxPool2D`, `AvgPool2D`, `GlobalMaxPool2D`, `GlobalAvgPool2D` and
//! those of signals, `Convolution1D`, `Convolution2D`, `Convolution2DTranspose`,
//! `SeparableConvolution2D`. A field without a name of its own is called after the word in the list:
//! `MaxPool2D` is `max_pool2d`, where Keras says `max_pooling2d`.
//!
//! Keras' `data_format` is not there: images always have their channels first, signals last. What Keras
//! gives a list of two for, such as `kernel_size`, takes one number for both or a list of two.

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

            #[test]
            fn onnx() {
                crate::contract::onnx::compare(&[$(super::$module::samples),*]);
            }
        }
    };
}

register! {
    activation::Activation,
    activity_regularization::ActivityRegularization,
    add::Add,
    average_pooling1d::AveragePooling1D,
    average_pooling2d::AveragePooling2D,
    batch_normalization::BatchNormalization,
    concatenate::Concatenate,
    conv1d::Conv1D,
    conv2d::Conv2D,
    conv2d_transpose::Conv2DTranspose,
    cropping2d::Cropping2D,
    dense::Dense,
    depthwise_conv2d::DepthwiseConv2D,
    dropout::Dropout,
    elu::ELU,
    embedding::Embedding,
    flatten::Flatten,
    gaussian_dropout::GaussianDropout,
    gaussian_noise::GaussianNoise,
    global_average_pooling1d::GlobalAveragePooling1D,
    global_average_pooling2d::GlobalAveragePooling2D,
    global_max_pooling1d::GlobalMaxPooling1D,
    global_max_pooling2d::GlobalMaxPooling2D,
    group_normalization::GroupNormalization,
    layer_normalization::LayerNormalization,
    leaky_re_lu::LeakyReLU,
    max_pooling1d::MaxPooling1D,
    max_pooling2d::MaxPooling2D,
    normalization::Normalization,
    p_re_lu::PReLU,
    permute::Permute,
    re_lu::ReLU,
    repeat_vector::RepeatVector,
    rescaling::Rescaling,
    reshape::Reshape,
    residual::Residual,
    rms_normalization::RMSNormalization,
    separable_conv2d::SeparableConv2D,
    softmax::Softmax,
    spatial_dropout1d::SpatialDropout1D,
    spatial_dropout2d::SpatialDropout2D,
    time_distributed::TimeDistributed,
    up_sampling2d::UpSampling2D,
    zero_padding2d::ZeroPadding2D,
}

/// Keras' other names for some layers.
macro_rules! aliases {
    ($($alias:ident = $layer:ident),* $(,)?) => {
        $(
            #[doc(no_inline)]
            pub use self::$layer as $alias;
        )*
    };
}

aliases! {
    AvgPool1D = AveragePooling1D,
    AvgPool2D = AveragePooling2D,
    Convolution1D = Conv1D,
    Convolution2D = Conv2D,
    Convolution2DTranspose = Conv2DTranspose,
    GlobalAvgPool1D = GlobalAveragePooling1D,
    GlobalAvgPool2D = GlobalAveragePooling2D,
    GlobalMaxPool1D = GlobalMaxPooling1D,
    GlobalMaxPool2D = GlobalMaxPooling2D,
    MaxPool1D = MaxPooling1D,
    MaxPool2D = MaxPooling2D,
    SeparableConvolution2D = SeparableConv2D,
}

mod axis;
mod check;
mod convolution;
mod features;
mod image;
mod masks;
mod onnx;
mod parallel;
mod parts;
mod pointwise;
mod pooling;
mod signal;

pub use batch_normalization::BatchNormalizationWeights;
pub use convolution::ConvWeights;
pub use dense::DenseWeights;
pub use embedding::EmbeddingWeights;
pub use group_normalization::GroupNormalizationWeights;
pub use layer_normalization::LayerNormalizationWeights;
pub use normalization::NormalizationWeights;
pub use p_re_lu::PReLUWeights;
pub use parallel::{Parallel, ParallelWeights};
pub use rms_normalization::RMSNormalizationWeights;
pub use separable_conv2d::SeparableConv2DWeights;
