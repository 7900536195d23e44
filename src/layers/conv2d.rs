//! The layer whose filters move over an image.

use crate::activations::{Activation, ActivationArgument, Linear};
use crate::initializers::{GlorotUniform, Init, InitializerArgument, Zeros as ZeroWeights};
use crate::kernels::Element;
use crate::kernels::conv::{Conv, ConvWeightGrad, Correlate, flip};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Int, Kept, Kernel, Kind, Layer, Missing, Moment,
    RowGradient, Tensor, Update, Vector, Weights,
};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D3, Dim, Divides, Fact, Padding, PaddingArgument, Shape, Slide, Valid, Zeros};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::{U1, Unsigned};

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
#[derive(Arguments)]
pub struct Conv2D<
    Filters = Missing,
    KernelSize = Missing,
    Strides = Int<U1>,
    Padding = crate::word!(Valid),
    DilationRate = Int<U1>,
    Groups = Int<U1>,
    Activation = crate::word!(Linear),
    UseBias = Bool<true>,
    KernelInitializer = crate::word!(GlorotUniform),
    BiasInitializer = crate::word!(ZeroWeights),
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
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
    )>,
);

/// The weights of [`Conv2D`]: `Taps` is `[height, width, channels of a group]`, N the filters, B the
/// biases (N or none).
#[derive(Debug, Weights)]
pub struct Conv2DWeights<T: Element, Taps: Shape, N: Dim, B: Dim> {
    /// W: `kernel[[i, j, c, o]]` leads from channel c at tap (i, j) to filter o.
    pub kernel: Kernel<T, Taps, N>,
    /// b: one number for each filter.
    pub bias: Vector<T, B>,
}

/// The shapes of a convolution of an image.
pub trait Convolution<In> {
    /// What comes out.
    type Image: Shape;
    /// What a filter sees: `[height, width, channels]`.
    type Taps: Shape;
    /// The same in numbers.
    const CONV: Conv;
}

/// Positions of the filters on a dimension.
type Positions<H, K, S, D, P> = <H as Slide<K, S, D, P>>::Positions;

impl<In, N, K, S, P, D, G, Act, UseBias, KernelInit, BiasInit> Convolution<In>
    for Conv2D<N, K, S, P, D, G, Act, UseBias, KernelInit, BiasInit>
where
    In: Shape,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    D: Argument,
    G: Argument<Number: Divides<In::Channels>>,
    In::Height: Slide<K::First, S::First, D::First, P::Padding>,
    In::Width: Slide<K::Second, S::Second, D::Second, P::Padding>,
    D3<K::First, K::Second, <G::Number as Divides<In::Channels>>::Out>: Shape,
    D3<
        N::Number,
        Positions<In::Height, K::First, S::First, D::First, P::Padding>,
        Positions<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >: Shape,
{
    type Image = D3<
        N::Number,
        Positions<In::Height, K::First, S::First, D::First, P::Padding>,
        Positions<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >;
    type Taps = D3<K::First, K::Second, <G::Number as Divides<In::Channels>>::Out>;
    const CONV: Conv = Conv {
        windows: [
            <In::Height as Slide<K::First, S::First, D::First, P::Padding>>::WINDOW,
            <In::Width as Slide<K::Second, S::Second, D::Second, P::Padding>>::WINDOW,
        ],
        channels: In::Channels::USIZE,
        filters: N::Number::USIZE,
        groups: if G::Number::USIZE > 0 { G::Number::USIZE } else { 1 },
    };
}

impl<T, In, N, K, S, P, D, G, Act, UseBias, KernelInit, BiasInit> Layer<T, In>
    for Conv2D<N, K, S, P, D, G, Act, UseBias, KernelInit, BiasInit>
where
    T: Element,
    In: Shape,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    D: Argument,
    G: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
    KernelInit: InitializerArgument,
    BiasInit: InitializerArgument,
    Self: Convolution<In> + 'static,
{
    type Output = <Self as Convolution<In>>::Image;
    type Weights = Conv2DWeights<
        T,
        <Self as Convolution<In>>::Taps,
        N::Number,
        UseBias::Keep<N::Number>,
    >;
    type Head = Act::Activation;

    const CHECK: Check = Check::that(
        !matches!(N::KIND, Kind::Missing) && !matches!(K::KIND, Kind::Missing),
        "{layer} needs its number of filters and the size of its kernel, as in `Conv2D(8, 3)`",
        &[],
    )
    .and(Check::that(
        matches!(N::KIND, Kind::Int) && N::Number::USIZE > 0,
        "the filters of {layer} must be a whole number from 1 on, as in `Conv2D(8, 3)`",
        &[],
    ))
    .and(Check::that(
        K::PAIR && K::First::USIZE * K::Second::USIZE > 0,
        "the argument `kernel_size` of {layer} must be `3` or `[3, 5]`, from 1 on",
        &[],
    ))
    .and(Check::that(
        S::PAIR && S::First::USIZE * S::Second::USIZE > 0,
        "the argument `strides` of {layer} must be `2` or `[2, 1]`, from 1 on (an activation is `activation = relu`)",
        &[],
    ))
    .and(Check::that(
        P::OK && !matches!(P::Padding::ZEROS, Zeros::Before),
        "the argument `padding` of {layer} must be `valid` or `same`",
        &[],
    ))
    .and(Check::that(
        D::PAIR && D::First::USIZE * D::Second::USIZE > 0,
        "the argument `dilation_rate` of {layer} must be `2` or `[2, 1]`, from 1 on",
        &[],
    ))
    .and(Check::that(
        matches!(G::KIND, Kind::Int) && G::Number::USIZE > 0,
        "the argument `groups` of {layer} must be a whole number from 1 on",
        &[],
    ))
    .and(Check::that(
        Act::OK,
        "the argument `activation` of {layer} must be an activation, such as `relu`",
        &[],
    ))
    .and(Check::that(
        !Act::Activation::NORMALIZES,
        "{layer} can not end in softmax: put `Flatten` and a `Dense` layer behind it",
        &[],
    ))
    .and(Check::that(
        matches!(UseBias::KIND, Kind::Bool),
        "the argument `use_bias` of {layer} must be `true` or `false`",
        &[],
    ))
    .and(Check::that(
        KernelInit::OK,
        "the argument `kernel_initializer` of {layer} must be an initialiser, such as `he_normal`",
        &[],
    ))
    .and(Check::that(
        BiasInit::OK,
        "the argument `bias_initializer` of {layer} must be an initialiser, such as `zeros`",
        &[],
    ))
    .and(super::image::expected(In::DIMS, const { &super::image::one_channel::<In>() }))
    .and(Check::that(
        In::Channels::USIZE % Self::CONV.groups == 0,
        "{layer} can not divide the {0} channels of its input {input} into {1} groups",
        const { &[Fact::Number(Self::CONV.channels), Fact::Number(Self::CONV.groups)] },
    ))
    .and(Check::that(
        N::Number::USIZE % Self::CONV.groups == 0,
        "{layer} can not divide its {0} filters into {1} groups",
        const { &[Fact::Number(Self::CONV.filters), Fact::Number(Self::CONV.groups)] },
    ))
    .and(super::image::fits(
        &Self::CONV.windows,
        P::Padding::ZEROS,
        const { &super::image::sizes(&Self::CONV.windows) },
    ));

    const INPUT_WIDTH: usize = In::Channels::USIZE;
    const MACS: usize = Self::CONV.taps()
        * Self::CONV.depth()
        * <Self as Convolution<In>>::Image::SIZE;
    const CACHE: usize = if Act::Activation::NEEDS_INPUT {
        padded(<Self as Convolution<In>>::Image::SIZE)
    } else {
        0
    };
    const PREPARED: usize = Self::CONV.flipped_len();
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Act::Activation::DEAD_AT_ZERO;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let conv = Self::CONV;
        let (fan_in, fan_out) = (conv.taps() * conv.depth(), conv.taps() * conv.filters);
        init.fill::<T, _, KernelInit::Initializer>(&mut weights.kernel, fan_in, fan_out);
        init.fill::<T, _, BiasInit::Initializer>(&mut weights.bias, conv.filters, conv.filters);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        correlate::<T, _, _, _, I>(isa, &Self::CONV, weights, UseBias::FLAG, x, y.reborrow());
        Act::Activation::forward(isa, y);
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
        _: Moment<'_>,
    ) {
        correlate::<T, _, _, _, I>(isa, &Self::CONV, weights, UseBias::FLAG, x, y.reborrow());
        if Act::Activation::NEEDS_INPUT {
            cache.copy_from_slice(y.padded_data());
        }
        Act::Activation::forward(isa, y);
    }

    #[inline(always)]
    fn prepare_backward<I: Isa>(_: I, weights: &Self::Weights, prepared: &mut [T]) {
        flip(&Self::CONV, weights.kernel.as_slice(), prepared);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &Self::Weights, mut pass: Backward<T>) {
        if !pass.joint {
            let seen = if Act::Activation::NEEDS_INPUT {
                Rows::new(pass.cache, <Self as Convolution<In>>::Image::SIZE)
            } else {
                pass.y
            };
            Act::Activation::backward(isa, seen, pass.dy.reborrow());
        }
        let Some(mut dx) = pass.dx else { return };
        for group in 0..Self::CONV.groups {
            let dz = pass.dy.as_rows();
            let kernel =
                Correlate::backward(&Self::CONV, group, dz, pass.prepared, dx.reborrow());
            T::correlate(isa, kernel);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(
        isa: I,
        weights: &mut Self::Weights,
        kept: Kept<T>,
        update: &mut Update<T>,
    ) {
        let stride = padded(N::Number::USIZE);
        let cost = kept.dz.len() * kept.dz.width();
        let gradient = KernelGradient {
            conv: Self::CONV,
            kept,
        };
        update.rows(isa, &mut weights.kernel, stride, cost, gradient);
        if UseBias::FLAG {
            update.tensor(isa, &mut weights.bias, |gradient| {
                super::image::add_pixels::<T, N::Number>(kept.dz, gradient);
            });
        }
    }
}

/// `y = x * W + b`, group by group.
#[inline(always)]
fn correlate<T: Element, Taps: Shape, N: Dim, B: Dim, I: Isa>(
    isa: I,
    conv: &Conv,
    weights: &Conv2DWeights<T, Taps, N, B>,
    use_bias: bool,
    x: Rows<T>,
    mut y: RowsMut<T>,
) {
    let bias = use_bias.then(|| weights.bias.as_slice());
    for group in 0..conv.groups {
        let w = weights.kernel.as_slice();
        let kernel = Correlate::forward(conv, group, x, w, bias, y.reborrow());
        T::correlate(isa, kernel);
    }
}

/// The gradient by W.
struct KernelGradient<'a, T> {
    conv: Conv,
    kept: Kept<'a, T>,
}

impl<T: Element> RowGradient<T> for KernelGradient<'_, T> {
    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, first: usize, rows: &mut [T]) {
        let Kept { x, dz, .. } = self.kept;
        for group in 0..self.conv.groups {
            let kernel = ConvWeightGrad::new(&self.conv, group, x, first, dz, rows);
            T::conv_weight_grad(isa, kernel);
        }
    }
}

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
