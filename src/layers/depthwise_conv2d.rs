//! The layer with filters for each channel of an image.

use super::check::policies;
use super::convolution::{ConvWeights, derive};
use super::onnx::depthwise;
use super::{check, image};
use crate::activations::{Activation, ActivationArgument, Linear};
use crate::error::Result;
use crate::initializers::{GlorotUniform, Init, InitializerArgument, Zeros};
use crate::kernels::Element;
use crate::kernels::channelwise::{Channelwise, depthwise::Depthwise};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Int, Kept, Kind, Layer, Missing, Moment, Policies,
    PolicyArgument, RowGradient, Tensor, Update,
};
use crate::onnx::{Graph, Values};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D3, Dim, Fact, Padding, PaddingArgument, Shape, Slide, Valid};
use crate::simd::Isa;
use core::marker::PhantomData;
use core::ops::Mul;
use typenum::{Prod, U1, Unsigned};

/// `y = f(x * W + b)`: filters that see one channel each, Keras' `DepthwiseConv2D`.
///
/// Input `[channels, height, width]`, output `[channels depth_multiplier, height', width']`; kernel W
/// `[height][width][channels][depth_multiplier]`, bias b `[channels depth_multiplier]`. Output
/// (c depth_multiplier + m, p, q) is b\[c depth_multiplier + m\] plus the sum over all taps (i, j) of
/// x(c, p stride + i dilation - before, q stride + j dilation - before) W(i, j, c, m), where places
/// outside of the image count as 0.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `kernel_size` | required | taps down and across: `3` or `[3, 5]` |
/// | `strides` | `1` | how far the filters move: `2` or `[1, 2]` |
/// | `padding` | `valid` | `valid`: the filters stay inside, `same`: with stride 1 the image keeps its size |
/// | `depth_multiplier` | `1` | how many filters there are for each channel |
/// | `dilation_rate` | `1` | how far apart the taps are |
/// | `activation` | `linear` | f, see [`activations`](crate::activations) |
/// | `use_bias` | `true` | whether there is a b |
/// | `depthwise_initializer` | `glorot_uniform` | how W begins, see [`initializers`](crate::initializers) |
/// | `bias_initializer` | `zeros` | how b begins |
/// | `depthwise_regularizer`, `bias_regularizer` | none | what W and b add to the loss, see [`regularizers`](crate::regularizers) |
/// | `depthwise_constraint`, `bias_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// Height and width of the output are those of [`Conv2D`](super::Conv2D).
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3, 8, 8] => [2] {
///         DepthwiseConv2D(3, padding = same) => [3, 8, 8],
///         Conv2D(8, 1, activation = relu),
///         DepthwiseConv2D(3, strides = 2, depth_multiplier = 2) => [16, 3, 3],
///         GlobalAveragePooling2D,
///         Dense(2, softmax),
///     }
/// }
/// assert_eq!(Net::PARAMS, (9 * 3 + 3) + (3 * 8 + 8) + (9 * 16 + 16) + (16 * 2 + 2));
/// ```
///
/// # Errors of the compiler
/// If the input is no image, or the kernel does not fit into it.
#[derive(Arguments)]
pub struct DepthwiseConv2D<
    KernelSize = Missing,
    Strides = Int<U1>,
    Padding = crate::word!(Valid),
    DepthMultiplier = Int<U1>,
    DilationRate = Int<U1>,
    Activation = crate::word!(Linear),
    UseBias = Bool<true>,
    DepthwiseInitializer = crate::word!(GlorotUniform),
    BiasInitializer = crate::word!(Zeros),
    DepthwiseRegularizer = Missing,
    BiasRegularizer = Missing,
    DepthwiseConstraint = Missing,
    BiasConstraint = Missing,
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
        KernelSize,
        Strides,
        Padding,
        DepthMultiplier,
        DilationRate,
        Activation,
        UseBias,
        DepthwiseInitializer,
        BiasInitializer,
        DepthwiseRegularizer,
        BiasRegularizer,
        DepthwiseConstraint,
        BiasConstraint,
    )>,
);

/// The shapes of filters for each channel of an input of shape `In`, by their arguments.
pub trait Filters<In>: 'static {
    /// How many channels come out.
    type Channels: Dim;
    /// Height and width of what comes out.
    type Height: Dim;
    /// See [`Height`](Self::Height).
    type Width: Dim;
    /// What comes out.
    type Output: Shape;
    /// `[height, width, channels]` of the kernel.
    type Taps: Shape;
    /// The same in numbers.
    const DEPTHWISE: Depthwise;
}

/// Kernel size, strides, padding, multiplier and dilation.
pub struct Given<K, S, P, M, D>(PhantomData<(K, S, P, M, D)>);

/// Positions of the filters on a dimension.
type Positions<H, K, S, D, P> = <H as Slide<K, S, D, P>>::Positions;

impl<In, K, S, P, M, D> Filters<In> for Given<K, S, P, M, D>
where
    In: Shape,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    M: Argument,
    D: Argument,
    In::Height: Slide<K::First, S::First, D::First, P::Padding>,
    In::Width: Slide<K::Second, S::Second, D::Second, P::Padding>,
    In::Channels: Mul<M::Number>,
    Prod<In::Channels, M::Number>: Dim,
    D3<K::First, K::Second, In::Channels>: Shape,
    D3<
        Prod<In::Channels, M::Number>,
        Positions<In::Height, K::First, S::First, D::First, P::Padding>,
        Positions<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >: Shape,
{
    type Channels = Prod<In::Channels, M::Number>;
    type Height = Positions<In::Height, K::First, S::First, D::First, P::Padding>;
    type Width = Positions<In::Width, K::Second, S::Second, D::Second, P::Padding>;
    type Output = D3<Self::Channels, Self::Height, Self::Width>;
    type Taps = D3<K::First, K::Second, In::Channels>;
    const DEPTHWISE: Depthwise = Depthwise {
        over: Channelwise {
            windows: [
                <In::Height as Slide<K::First, S::First, D::First, P::Padding>>::WINDOW,
                <In::Width as Slide<K::Second, S::Second, D::Second, P::Padding>>::WINDOW,
            ],
            channels: In::Channels::USIZE,
        },
        multiplier: M::Number::USIZE,
    };
}

impl<T, In, K, S, P, M, D, Act, UseBias, KI, BI, KR, BR, KC, BC> Layer<T, In>
    for DepthwiseConv2D<K, S, P, M, D, Act, UseBias, KI, BI, KR, BR, KC, BC>
where
    T: Element,
    In: Shape,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    M: Argument,
    D: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
    KI: InitializerArgument,
    BI: InitializerArgument,
    KR: PolicyArgument,
    BR: PolicyArgument,
    KC: PolicyArgument,
    BC: PolicyArgument,
    Given<K, S, P, M, D>: Filters<In>,
{
    type Output = <Given<K, S, P, M, D> as Filters<In>>::Output;
    type Weights = ConvWeights<
        T,
        <Given<K, S, P, M, D> as Filters<In>>::Taps,
        M::Number,
        UseBias::Keep<<Given<K, S, P, M, D> as Filters<In>>::Channels>,
    >;
    type Head = Act::Activation;

    const CHECK: Check = Check::that(
        !matches!(K::KIND, Kind::Missing),
        "{layer} needs the size of its kernel, as in `DepthwiseConv2D(3)`",
        &[],
    )
    .and(check::kernel_size::<K>())
    .and(check::strides::<S>())
    .and(check::padding::<P>())
    .and(check::whole::<M>(&[Fact::Word("depth_multiplier")]))
    .and(check::dilation_rate::<D>())
    .and(check::activation::<Act>())
    .and(check::use_bias::<UseBias>())
    .and(check::initializer::<KI>(&[Fact::Word(
        "depthwise_initializer",
    )]))
    .and(check::initializer::<BI>(&[Fact::Word("bias_initializer")]))
    .and(<Self as Layer<T, In>>::POLICIES.check())
    .and(image::expected(
        In::DIMS,
        const { &image::one_channel::<In>() },
    ))
    .and(image::fits(
        &filters::<In, Given<K, S, P, M, D>>().over.windows,
        P::Padding::ZEROS,
        const { &image::sizes(&filters::<In, Given<K, S, P, M, D>>().over.windows) },
    ));

    const POLICIES: Policies = policies! {
        kernel, depthwise,
            &[K::First::USIZE, K::Second::USIZE, In::Channels::USIZE, M::Number::USIZE], KR, KC;
        bias, bias, &[<Given<K, S, P, M, D> as Filters<In>>::Channels::USIZE], BR, BC;
    };
    const INPUT_WIDTH: usize = In::Channels::USIZE;
    const MACS: usize = K::First::USIZE * K::Second::USIZE * Self::Output::SIZE;
    const CACHE: usize = if Act::Activation::NEEDS_INPUT {
        padded(Self::Output::SIZE)
    } else {
        0
    };
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Act::Activation::DEAD_AT_ZERO;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let taps = K::First::USIZE * K::Second::USIZE;
        let (fan_in, fan_out) = (taps * In::Channels::USIZE, taps * M::Number::USIZE);
        init.fill::<T, _, KI::Initializer>(&mut weights.kernel, fan_in, fan_out);
        let channels = <Given<K, S, P, M, D> as Filters<In>>::Channels::USIZE;
        init.fill::<T, _, BI::Initializer>(&mut weights.bias, channels, channels);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        convolve::<T, In, Given<K, S, P, M, D>, _, _, _, I>(
            isa,
            weights,
            UseBias::FLAG,
            x,
            y.reborrow(),
        );
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
        convolve::<T, In, Given<K, S, P, M, D>, _, _, _, I>(
            isa,
            weights,
            UseBias::FLAG,
            x,
            y.reborrow(),
        );
        if Act::Activation::NEEDS_INPUT {
            cache.copy_from_slice(y.padded_data());
        }
        Act::Activation::forward(isa, y);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, mut pass: Backward<T>) {
        if !pass.joint {
            let size = Self::Output::SIZE;
            derive::<T, Act::Activation, I>(isa, pass.cache, pass.y, size, pass.dy.reborrow());
        }
        let Some(mut dx) = pass.dx else { return };
        let filters = const { filters::<In, Given<K, S, P, M, D>>() };
        for (dz, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            filters.input_grad(isa, dz, weights.kernel.as_slice(), dx);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let gradient = KernelGradient {
            filters: const { filters::<In, Given<K, S, P, M, D>>() },
            x: kept.x,
            dz: kept.dz,
            skip: 0,
        };
        let stride = padded(M::Number::USIZE);
        let cost = kept.dz.len() * Self::Output::SIZE / In::Channels::USIZE.max(1);
        update.rows(isa, &mut weights.kernel, stride, cost, gradient);
        if UseBias::FLAG {
            update.tensor(isa, &mut weights.bias, |gradient| {
                let rows = kept.dz;
                image::add_pixels::<T, <Given<K, S, P, M, D> as Filters<In>>::Channels>(
                    rows, gradient,
                );
            });
        }
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let filters = filters::<In, Given<K, S, P, M, D>>();
        let bias = UseBias::FLAG.then(|| Values::of(&weights.bias));
        depthwise(graph, &filters, "kernel", Values::of(&weights.kernel), bias);
        Act::Activation::onnx(graph)
    }
}

/// The sizes of filters, as a function: a constant of a trait can not be borrowed for ever.
pub const fn filters<In, F: Filters<In>>() -> Depthwise {
    F::DEPTHWISE
}

/// `y = x * W + b`.
#[inline(always)]
fn convolve<T: Element, In, F: Filters<In>, Taps: Shape, M: Dim, B: Dim, I: Isa>(
    isa: I,
    weights: &ConvWeights<T, Taps, M, B>,
    use_bias: bool,
    x: Rows<T>,
    mut y: RowsMut<T>,
) {
    let bias = use_bias.then(|| weights.bias.as_slice());
    for (x, y) in x.iter().zip(y.iter_mut()) {
        F::DEPTHWISE.forward(isa, x, weights.kernel.as_slice(), bias, y);
    }
}

/// The gradient by W.
pub struct KernelGradient<'a, T> {
    /// The filters.
    pub filters: Depthwise,
    /// Their input.
    pub x: Rows<'a, T>,
    /// The gradient by their output,
    pub dz: Rows<'a, T>,
    /// after so many other numbers in each row.
    pub skip: usize,
}

impl<T: Element> RowGradient<T> for KernelGradient<'_, T> {
    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, first: usize, rows: &mut [T]) {
        for (x, dz) in self.x.iter().zip(self.dz.iter()) {
            self.filters
                .weight_grad(isa, x, first, &dz[self.skip..], rows);
        }
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 5, 4] => [3, 3, 2] { DepthwiseConv2D(3) });
    contract!([2, 5, 6] => [6, 3, 3] {
        DepthwiseConv2D([3, 2], 2, same, 3, activation = tanh)
    });
    contract!([18, 5, 6] => [18, 3, 3] { DepthwiseConv2D(3, strides = 2, padding = same) });
    contract!([19, 4, 4] => [19, 2, 2] { DepthwiseConv2D(2, dilation_rate = 2, use_bias = false) });
    contract!([2, 4, 4] => [2] {
        DepthwiseConv2D(3, depth_multiplier = 2, padding = same, activation = silu), Flatten, Dense(2)
    });
}
