//! Filters for each channel, and a mixture of what they give.

use super::check::policies;
use super::convolution::{KernelGradient as PointwiseGradient, derive};
use super::depthwise_conv2d::{Filters, Given, KernelGradient, filters};
use super::onnx::depthwise;
use super::{check, image};
use crate::activations::{Activation, ActivationArgument, Linear};
use crate::error::Result;
use crate::initializers::{GlorotUniform, Init, InitializerArgument, Zeros};
use crate::kernels::Element;
use crate::kernels::conv::{Conv, Correlate, flip};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Int, Kept, Kernel, Layer, Missing, Moment, Policies,
    PolicyArgument, Tensor, Update, Vector, Weights,
};
use crate::onnx::{Graph, Values};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D3, Dim, Fact, Padding, PaddingArgument, Shape, Valid, Window};
use crate::simd::Isa;
use alloc::vec;
use core::marker::PhantomData;
use typenum::{U1, Unsigned};

/// `y = f((x * D) P + b)`: filters that see one channel each, and then a mixture of all they give at a
/// pixel, Keras' `SeparableConv2D`.
///
/// Input `[channels, height, width]`, output `[filters, height', width']`; depthwise kernel D
/// `[height][width][channels][depth_multiplier]`, pointwise kernel P
/// `[1][1][channels depth_multiplier][filters]`, bias b `[filters]`. It is a
/// [`DepthwiseConv2D`](super::DepthwiseConv2D) without bias and activation, followed by a
/// [`Conv2D`](super::Conv2D) of one tap.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `filters` | required | how many channels come out |
/// | `kernel_size` | required | taps of D down and across: `3` or `[3, 5]` |
/// | `strides` | `1` | how far the filters move: `2` or `[1, 2]` |
/// | `padding` | `valid` | `valid`: the filters stay inside, `same`: with stride 1 the image keeps its size |
/// | `dilation_rate` | `1` | how far apart the taps are |
/// | `depth_multiplier` | `1` | how many filters D has for each channel |
/// | `activation` | `linear` | f, see [`activations`](crate::activations) |
/// | `use_bias` | `true` | whether there is a b |
/// | `depthwise_initializer` | `glorot_uniform` | how D begins, see [`initializers`](crate::initializers) |
/// | `pointwise_initializer` | `glorot_uniform` | how P begins |
/// | `bias_initializer` | `zeros` | how b begins |
/// | `depthwise_regularizer`, `pointwise_regularizer`, `bias_regularizer` | none | what they add to the loss, see [`regularizers`](crate::regularizers) |
/// | `depthwise_constraint`, `pointwise_constraint`, `bias_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// Height and width of the output are those of [`Conv2D`](super::Conv2D).
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3, 8, 8] => [16, 4, 4] {
///         SeparableConv2D(16, 3, strides = 2, padding = same, activation = relu),
///     }
/// }
/// assert_eq!(Net::PARAMS, 9 * 3 + 3 * 16 + 16);
/// ```
///
/// # Errors of the compiler
/// If the input is no image, or the kernel does not fit into it.
#[derive(Arguments)]
pub struct SeparableConv2D<
    Filters = Missing,
    KernelSize = Missing,
    Strides = Int<U1>,
    Padding = crate::word!(Valid),
    DilationRate = Int<U1>,
    DepthMultiplier = Int<U1>,
    Activation = crate::word!(Linear),
    UseBias = Bool<true>,
    DepthwiseInitializer = crate::word!(GlorotUniform),
    PointwiseInitializer = crate::word!(GlorotUniform),
    BiasInitializer = crate::word!(Zeros),
    DepthwiseRegularizer = Missing,
    PointwiseRegularizer = Missing,
    BiasRegularizer = Missing,
    DepthwiseConstraint = Missing,
    PointwiseConstraint = Missing,
    BiasConstraint = Missing,
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
        Filters,
        KernelSize,
        Strides,
        Padding,
        DilationRate,
        DepthMultiplier,
        Activation,
        UseBias,
        DepthwiseInitializer,
        PointwiseInitializer,
        BiasInitializer,
        DepthwiseRegularizer,
        PointwiseRegularizer,
        BiasRegularizer,
        DepthwiseConstraint,
        PointwiseConstraint,
        BiasConstraint,
    )>,
);

/// The weights of [`SeparableConv2D`]: `Taps` is `[height, width, channels]`, M the multiplier, `Mixed`
/// `[1, 1, channels times multiplier]`, N the filters, B the biases (N or none).
#[derive(Debug, Weights)]
pub struct SeparableConv2DWeights<T: Element, Taps: Shape, M: Dim, Mixed: Shape, N: Dim, B: Dim> {
    /// D: `depthwise_kernel[[i, j, c, m]]` is for channel c at tap (i, j).
    pub depthwise_kernel: Kernel<T, Taps, M>,
    /// P: `pointwise_kernel[[0, 0, c, o]]` leads to filter o.
    pub pointwise_kernel: Kernel<T, Mixed, N>,
    /// b: one number for each filter.
    pub bias: Vector<T, B>,
}

/// The shapes of both steps.
pub trait Separable<In, N>: Filters<In> {
    /// What comes out.
    type Image: Shape;
    /// What a filter of the second step sees.
    type Mixed: Shape;
    /// The second step in numbers.
    const POINTWISE: Conv;
}

impl<In, N, F> Separable<In, N> for F
where
    F: Filters<In>,
    N: Dim,
    D3<N, F::Height, F::Width>: Shape,
    D3<U1, U1, F::Channels>: Shape,
{
    type Image = D3<N, F::Height, F::Width>;
    type Mixed = D3<U1, U1, F::Channels>;
    const POINTWISE: Conv = Conv {
        windows: [over(F::Height::USIZE), over(F::Width::USIZE)],
        channels: F::Channels::USIZE,
        filters: N::USIZE,
        groups: 1,
    };
}

/// A window of one tap on a dimension.
const fn over(n: usize) -> Window {
    Window {
        input: n,
        output: n,
        ..Window::ONE
    }
}

impl<T, In, N, K, S, P, D, M, Act, UseBias, DI, PI, BI, DR, PR, BR, DC, PC, BC> Layer<T, In>
    for SeparableConv2D<N, K, S, P, D, M, Act, UseBias, DI, PI, BI, DR, PR, BR, DC, PC, BC>
where
    T: Element,
    In: Shape,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    M: Argument,
    D: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
    DI: InitializerArgument,
    PI: InitializerArgument,
    BI: InitializerArgument,
    DR: PolicyArgument,
    PR: PolicyArgument,
    BR: PolicyArgument,
    DC: PolicyArgument,
    PC: PolicyArgument,
    BC: PolicyArgument,
    Given<K, S, P, M, D>: Separable<In, N::Number>,
{
    type Output = <Given<K, S, P, M, D> as Separable<In, N::Number>>::Image;
    type Weights = SeparableConv2DWeights<
        T,
        <Given<K, S, P, M, D> as Filters<In>>::Taps,
        M::Number,
        <Given<K, S, P, M, D> as Separable<In, N::Number>>::Mixed,
        N::Number,
        UseBias::Keep<N::Number>,
    >;
    type Head = Act::Activation;

    const CHECK: Check = check::filters::<N, K>(&[Fact::Word("SeparableConv2D(8, 3)")])
        .and(check::kernel_size::<K>())
        .and(check::strides::<S>())
        .and(check::padding::<P>())
        .and(check::dilation_rate::<D>())
        .and(check::whole::<M>(&[Fact::Word("depth_multiplier")]))
        .and(check::activation::<Act>())
        .and(check::use_bias::<UseBias>())
        .and(check::initializer::<DI>(&[Fact::Word(
            "depthwise_initializer",
        )]))
        .and(check::initializer::<PI>(&[Fact::Word(
            "pointwise_initializer",
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
        depthwise_kernel, depthwise,
            &[K::First::USIZE, K::Second::USIZE, In::Channels::USIZE, M::Number::USIZE], DR, DC;
        pointwise_kernel, pointwise,
            &[1, 1, <Given<K, S, P, M, D> as Filters<In>>::Channels::USIZE, N::Number::USIZE], PR, PC;
        bias, bias, &[N::Number::USIZE], BR, BC;
    };
    const INPUT_WIDTH: usize = In::Channels::USIZE;
    const MACS: usize = {
        let between = filters::<In, Given<K, S, P, M, D>>().outputs();
        between * (K::First::USIZE * K::Second::USIZE + N::Number::USIZE)
    };
    /// What both steps give, and the gradient between them.
    const CACHE: usize = 2 * padded(between::<In, Given<K, S, P, M, D>>())
        + if Act::Activation::NEEDS_INPUT {
            padded(Self::Output::SIZE)
        } else {
            0
        };
    const SCRATCH: usize = padded(between::<In, Given<K, S, P, M, D>>());
    const PREPARED: usize = pointwise::<In, N::Number, Given<K, S, P, M, D>>().flipped_len();
    const PREPARES_ALWAYS: bool = true;
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Act::Activation::DEAD_AT_ZERO;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let taps = K::First::USIZE * K::Second::USIZE;
        let (fan_in, fan_out) = (taps * In::Channels::USIZE, taps * M::Number::USIZE);
        let kernel = &mut weights.depthwise_kernel;
        init.fill::<T, _, DI::Initializer>(kernel, fan_in, fan_out);
        let (fan_in, fan_out) = (In::Channels::USIZE * M::Number::USIZE, N::Number::USIZE);
        let kernel = &mut weights.pointwise_kernel;
        init.fill::<T, _, PI::Initializer>(kernel, fan_in, fan_out);
        init.fill::<T, _, BI::Initializer>(&mut weights.bias, fan_out, fan_out);
    }

    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        let scratch = &mut vec![T::zero(); <Self as Layer<T, In>>::SCRATCH * x.len()];
        Self::forward_inference(isa, weights, x, y, scratch);
    }

    #[inline(always)]
    fn forward_inference<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        scratch: &mut [T],
    ) {
        let first = const { filters::<In, Given<K, S, P, M, D>>() };
        let second = const { pointwise::<In, N::Number, Given<K, S, P, M, D>>() };
        let width = first.outputs();
        for (x, z) in x.iter().zip(RowsMut::new(scratch, width).iter_mut()) {
            first.forward(isa, x, weights.depthwise_kernel.as_slice(), None, z);
        }
        let (w, bias) = (weights.pointwise_kernel.as_slice(), weights.bias.as_slice());
        let bias = UseBias::FLAG.then_some(bias);
        let z = Rows::new(scratch, width);
        T::correlate(
            isa,
            Correlate::forward(&second, 0, z, w, bias, y.reborrow()),
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
        let first = const { filters::<In, Given<K, S, P, M, D>>() };
        let second = const { pointwise::<In, N::Number, Given<K, S, P, M, D>>() };
        let width = first.outputs();
        let caches = cache.chunks_exact_mut(<Self as Layer<T, In>>::CACHE);
        for (x, cache) in x.iter().zip(caches) {
            first.forward(
                isa,
                x,
                weights.depthwise_kernel.as_slice(),
                None,
                &mut cache[..width],
            );
        }
        let (w, bias) = (weights.pointwise_kernel.as_slice(), weights.bias.as_slice());
        let bias = UseBias::FLAG.then_some(bias);
        let z = Rows::dense(cache, <Self as Layer<T, In>>::CACHE).first(width);
        T::correlate(
            isa,
            Correlate::forward(&second, 0, z, w, bias, y.reborrow()),
        );
        if Act::Activation::NEEDS_INPUT {
            let caches = cache.chunks_exact_mut(<Self as Layer<T, In>>::CACHE);
            for (y, cache) in y
                .padded_data()
                .chunks_exact(y_len::<T, In, Self>())
                .zip(caches)
            {
                cache[2 * padded(width)..].copy_from_slice(y);
            }
        }
        Act::Activation::forward(isa, y);
    }

    #[inline(always)]
    fn prepare_backward<I: Isa>(_: I, weights: &Self::Weights, prepared: &mut [T]) {
        let second = const { pointwise::<In, N::Number, Given<K, S, P, M, D>>() };
        flip(&second, weights.pointwise_kernel.as_slice(), prepared);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, mut pass: Backward<T>) {
        let first = const { filters::<In, Given<K, S, P, M, D>>() };
        let second = const { pointwise::<In, N::Number, Given<K, S, P, M, D>>() };
        let (width, size, len) = (first.outputs(), Self::Output::SIZE, y_len::<T, In, Self>());
        // Row by row: what is kept of a row lies together.
        let caches = pass.cache.chunks_exact_mut(<Self as Layer<T, In>>::CACHE);
        let rows = pass.y.padded_data().chunks_exact(len);
        let gradients = pass.dy.padded_data().chunks_exact_mut(len);
        for ((cache, y), dz) in caches.zip(rows).zip(gradients) {
            let (z, seen) = cache.split_at_mut(2 * padded(width));
            if !pass.joint {
                let (y, dz) = (Rows::new(y, size), RowsMut::new(dz, size));
                derive::<T, Act::Activation, I>(isa, seen, y, size, dz);
            }
            let (dz, between) = (Rows::new(dz, size), &mut z[padded(width)..]);
            let between = RowsMut::new(between, width);
            let kernel = Correlate::backward(&second, 0, dz, pass.prepared, None, between);
            T::correlate(isa, kernel);
        }
        let Some(mut dx) = pass.dx else { return };
        let caches = pass.cache.chunks_exact(<Self as Layer<T, In>>::CACHE);
        for (cache, dx) in caches.zip(dx.iter_mut()) {
            let between = &cache[padded(width)..][..width];
            first.input_grad(isa, between, weights.depthwise_kernel.as_slice(), dx);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let first = const { filters::<In, Given<K, S, P, M, D>>() };
        let second = const { pointwise::<In, N::Number, Given<K, S, P, M, D>>() };
        let width = first.outputs();
        let cache = Rows::dense(kept.cache, <Self as Layer<T, In>>::CACHE);
        let gradient = KernelGradient {
            filters: first,
            x: kept.x,
            dz: cache.first(padded(width) + width),
            skip: padded(width),
        };
        let cost = kept.dz.len() * width / In::Channels::USIZE.max(1);
        let stride = padded(M::Number::USIZE);
        update.rows(isa, &mut weights.depthwise_kernel, stride, cost, gradient);
        let gradient = PointwiseGradient {
            conv: second,
            x: cache.first(width),
            dz: kept.dz,
            picks: None,
        };
        let (stride, cost) = (padded(N::Number::USIZE), kept.dz.len() * Self::Output::SIZE);
        update.rows(isa, &mut weights.pointwise_kernel, stride, cost, gradient);
        if UseBias::FLAG {
            update.tensor(isa, &mut weights.bias, |gradient| {
                image::add_pixels::<T, N::Number>(kept.dz, gradient);
            });
        }
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let filters = filters::<In, Given<K, S, P, M, D>>();
        let kernel = Values::of(&weights.depthwise_kernel);
        depthwise(graph, &filters, "depthwise_kernel", kernel, None);
        let kernel = Values::of(&weights.pointwise_kernel).turned(&[3, 2, 0, 1]);
        let mut inputs = vec![graph.tensor("pointwise_kernel", kernel)];
        if UseBias::FLAG {
            inputs.push(graph.tensor("bias", Values::of(&weights.bias)));
        }
        graph.apply("Conv", &inputs, &[]);
        Act::Activation::onnx(graph)
    }
}

/// How many numbers there are between the two steps.
const fn between<In, F: Filters<In>>() -> usize {
    F::DEPTHWISE.outputs()
}

/// The second step.
const fn pointwise<In, N, F: Separable<In, N>>() -> Conv {
    F::POINTWISE
}

/// How many numbers a row of the output takes.
const fn y_len<T: Element, In: Shape, L: Layer<T, In>>() -> usize {
    padded(L::Output::SIZE)
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 5, 4] => [4, 3, 2] { SeparableConv2D(4, 3) });
    contract!([2, 5, 6] => [3, 3, 3] {
        SeparableConv2D(3, [3, 2], 2, same, depth_multiplier = 3, activation = tanh)
    });
    contract!([2, 5, 5] => [2] {
        SeparableConv2D(5, 2, dilation_rate = 2, activation = gelu, use_bias = false),
        Flatten,
        Dense(2)
    });
}
