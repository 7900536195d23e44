//! The layer that undoes the shape of a convolution.

use super::check::policies;
use super::convolution::{ConvWeights, KernelGradient, derive};
use super::onnx::sliding;
use super::{check, image};
use crate::activations::{Activation, ActivationArgument, Linear};
use crate::error::Result;
use crate::initializers::{GlorotUniform, Init, InitializerArgument, Zeros};
use crate::kernels::Element;
use crate::kernels::conv::{Conv, Correlate, flip};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Int, Kept, Layer, Missing, Moment, Policies,
    PolicyArgument, Tensor, Update,
};
use crate::onnx::{Attribute, Graph, Values};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D3, Dim, Fact, PaddingArgument, Shape, SlideBack, Valid, Window};
use crate::simd::Isa;
use alloc::vec;
use core::marker::PhantomData;
use typenum::{U1, Unsigned};

/// Filters that write what they see in one pixel onto many: Keras' `Conv2DTranspose`, which makes an
/// image larger as [`Conv2D`](super::Conv2D) with the same arguments makes it smaller.
///
/// Input `[channels, height, width]`, output `[filters, height', width']`; kernel W
/// `[height][width][filters][channels]`, bias b `[filters]`. Every pixel (p, q) adds the sum over its
/// channels c of x(c, p, q) W(i, j, o, c) to output (o, p stride + i dilation - before,
/// q stride + j dilation - before), for all taps (i, j) that lie inside; then b is added, and f applied.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `filters` | required | how many channels come out |
/// | `kernel_size` | required | taps down and across: `3` or `[3, 5]` |
/// | `strides` | `1` | how far apart neighbouring pixels write: `2` or `[1, 2]` |
/// | `padding` | `valid` | `valid`: all that is written stays, `same`: the image grows by `strides` exactly |
/// | `dilation_rate` | `1` | how far apart the taps are |
/// | `activation` | `linear` | f, see [`activations`](crate::activations) |
/// | `use_bias` | `true` | whether there is a b |
/// | `kernel_initializer` | `glorot_uniform` | how W begins, see [`initializers`](crate::initializers) |
/// | `bias_initializer` | `zeros` | how b begins |
/// | `kernel_regularizer`, `bias_regularizer` | none | what W and b add to the loss, see [`regularizers`](crate::regularizers) |
/// | `kernel_constraint`, `bias_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// Height and width of the output are `(n - 1) stride + max(extent, stride)` with `valid`, where
/// `extent = (kernel_size - 1) dilation_rate + 1`, and `n stride` with `same`. (Keras' `output_padding`
/// is always its default.)
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Decoder: [16] => [1, 8, 8] {
///         Reshape([4, 2, 2]),
///         Conv2DTranspose(8, 3, strides = 2, padding = same, activation = relu) => [8, 4, 4],
///         Conv2DTranspose(1, 2, strides = 2, activation = sigmoid),
///     }
/// }
/// assert_eq!(Decoder::PARAMS, (9 * 8 * 4 + 8) + (4 * 8 + 1));
/// ```
///
/// # Errors of the compiler
/// If the input is no image.
#[derive(Arguments)]
pub struct Conv2DTranspose<
    Filters = Missing,
    KernelSize = Missing,
    Strides = Int<U1>,
    Padding = crate::word!(Valid),
    DilationRate = Int<U1>,
    Activation = crate::word!(Linear),
    UseBias = Bool<true>,
    KernelInitializer = crate::word!(GlorotUniform),
    BiasInitializer = crate::word!(Zeros),
    KernelRegularizer = Missing,
    BiasRegularizer = Missing,
    KernelConstraint = Missing,
    BiasConstraint = Missing,
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
        Filters,
        KernelSize,
        Strides,
        Padding,
        DilationRate,
        Activation,
        UseBias,
        KernelInitializer,
        BiasInitializer,
        KernelRegularizer,
        BiasRegularizer,
        KernelConstraint,
        BiasConstraint,
    )>,
);

/// The shapes of a transposed convolution of an input of shape `In`.
pub trait Transposed<In>: 'static {
    /// What comes out.
    type Output: Shape;
    /// `[height, width, filters]` of the kernel.
    type Taps: Shape;
    /// The convolution from the output to the input, in numbers.
    const CONV: Conv;
}

/// Filters, kernel size, strides, padding and dilation.
pub struct Given<N, K, S, P, D>(PhantomData<(N, K, S, P, D)>);

/// The dimension over which the window moves back.
type Input<H, K, S, D, P> = <H as SlideBack<K, S, D, P>>::Input;

impl<In, N, K, S, P, D> Transposed<In> for Given<N, K, S, P, D>
where
    In: Shape,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    D: Argument,
    In::Height: SlideBack<K::First, S::First, D::First, P::Padding>,
    In::Width: SlideBack<K::Second, S::Second, D::Second, P::Padding>,
    D3<K::First, K::Second, N::Number>: Shape,
    D3<
        N::Number,
        Input<In::Height, K::First, S::First, D::First, P::Padding>,
        Input<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >: Shape,
{
    type Output = D3<
        N::Number,
        Input<In::Height, K::First, S::First, D::First, P::Padding>,
        Input<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >;
    type Taps = D3<K::First, K::Second, N::Number>;
    const CONV: Conv = Conv {
        windows: [
            <In::Height as SlideBack<K::First, S::First, D::First, P::Padding>>::WINDOW,
            <In::Width as SlideBack<K::Second, S::Second, D::Second, P::Padding>>::WINDOW,
        ],
        channels: N::Number::USIZE,
        filters: In::Channels::USIZE,
        groups: 1,
    };
}

impl<T, In, N, K, S, P, D, Act, UseBias, KI, BI, KR, BR, KC, BC> Layer<T, In>
    for Conv2DTranspose<N, K, S, P, D, Act, UseBias, KI, BI, KR, BR, KC, BC>
where
    T: Element,
    In: Shape,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    D: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
    KI: InitializerArgument,
    BI: InitializerArgument,
    KR: PolicyArgument,
    BR: PolicyArgument,
    KC: PolicyArgument,
    BC: PolicyArgument,
    Given<N, K, S, P, D>: Transposed<In>,
{
    type Output = <Given<N, K, S, P, D> as Transposed<In>>::Output;
    type Weights = ConvWeights<
        T,
        <Given<N, K, S, P, D> as Transposed<In>>::Taps,
        In::Channels,
        UseBias::Keep<N::Number>,
    >;
    type Head = Act::Activation;

    const CHECK: Check = check::filters::<N, K>(&[Fact::Word("Conv2DTranspose(8, 3)")])
        .and(check::kernel_size::<K>())
        .and(check::strides::<S>())
        .and(check::padding::<P>())
        .and(check::dilation_rate::<D>())
        .and(check::activation::<Act>())
        .and(check::use_bias::<UseBias>())
        .and(check::initializer::<KI>(&[Fact::Word(
            "kernel_initializer",
        )]))
        .and(check::initializer::<BI>(&[Fact::Word("bias_initializer")]))
        .and(<Self as Layer<T, In>>::POLICIES.check())
        .and(image::expected(
            In::DIMS,
            const { &image::one_channel::<In>() },
        ));

    const POLICIES: Policies = policies! {
        kernel, kernel, &[K::First::USIZE, K::Second::USIZE, N::Number::USIZE, In::Channels::USIZE],
            KR, KC;
        bias, bias, &[N::Number::USIZE], BR, BC;
    };
    const INPUT_WIDTH: usize = In::Channels::USIZE;
    const MACS: usize = {
        let conv = conv::<In, Given<N, K, S, P, D>>();
        conv.taps() * conv.channels * In::SIZE
    };
    /// What the activation needs, and behind that of the first row the weights as they are read.
    const CACHE: usize = conv::<In, Given<N, K, S, P, D>>().flipped_len()
        + if Act::Activation::NEEDS_INPUT {
            padded(Self::Output::SIZE)
        } else {
            0
        };
    const SCRATCH: usize = conv::<In, Given<N, K, S, P, D>>().flipped_len();
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Act::Activation::DEAD_AT_ZERO;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let conv = conv::<In, Given<N, K, S, P, D>>();
        let (fan_in, fan_out) = (conv.taps() * conv.channels, conv.taps() * conv.filters);
        init.fill::<T, _, KI::Initializer>(&mut weights.kernel, fan_in, fan_out);
        let filters = conv.channels;
        init.fill::<T, _, BI::Initializer>(&mut weights.bias, filters, filters);
    }

    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        let scratch = &mut vec![T::zero(); <Self as Layer<T, In>>::SCRATCH];
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
        let conv = conv::<In, Given<N, K, S, P, D>>();
        spread::<T, _, _, _, I>(isa, &conv, weights, UseBias::FLAG, scratch, x, y.reborrow());
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
        let conv = conv::<In, Given<N, K, S, P, D>>();
        let len = <Self as Layer<T, In>>::CACHE - conv.flipped_len();
        if let Some(flipped) = cache.get_mut(len..) {
            spread::<T, _, _, _, I>(isa, &conv, weights, UseBias::FLAG, flipped, x, y.reborrow());
        }
        if Act::Activation::NEEDS_INPUT {
            let caches = cache.chunks_exact_mut(<Self as Layer<T, In>>::CACHE);
            for (y, cache) in y.padded_data().chunks_exact(len).zip(caches) {
                cache[..len].copy_from_slice(y);
            }
        }
        Act::Activation::forward(isa, y);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, mut pass: Backward<T>) {
        let conv = conv::<In, Given<N, K, S, P, D>>();
        if !pass.joint {
            // Row by row: what is kept of one does not follow that of the one before.
            let (size, len) = (Self::Output::SIZE, padded(Self::Output::SIZE));
            let caches = pass.cache.chunks_exact(<Self as Layer<T, In>>::CACHE);
            let rows = pass.y.padded_data().chunks_exact(len);
            let gradients = pass.dy.padded_data().chunks_exact_mut(len);
            for ((cache, y), dz) in caches.zip(rows).zip(gradients) {
                let kept = if Act::Activation::NEEDS_INPUT {
                    &cache[..len]
                } else {
                    &[][..]
                };
                let (y, dz) = (Rows::new(y, size), RowsMut::new(dz, size));
                derive::<T, Act::Activation, I>(isa, kept, y, size, dz);
            }
        }
        let Some(dx) = pass.dx else { return };
        let (dz, w) = (pass.dy.as_rows(), weights.kernel.as_slice());
        T::correlate(isa, Correlate::forward(&conv, 0, dz, w, None, dx));
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let gradient = KernelGradient {
            conv: conv::<In, Given<N, K, S, P, D>>(),
            x: kept.dz,
            dz: kept.x,
            picks: None,
        };
        let (stride, cost) = (padded(In::Channels::USIZE), kept.x.len() * In::SIZE);
        update.rows(isa, &mut weights.kernel, stride, cost, gradient);
        if UseBias::FLAG {
            update.tensor(isa, &mut weights.bias, |gradient| {
                image::add_pixels::<T, N::Number>(kept.dz, gradient);
            });
        }
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let windows = conv::<In, Given<N, K, S, P, D>>().windows;
        // From [height][width][filters][channels] to [channels][filters][height][width].
        let kernel = Values::of(&weights.kernel).turned(&[3, 2, 0, 1]);
        let mut inputs = vec![graph.tensor("kernel", kernel)];
        if UseBias::FLAG {
            inputs.push(graph.tensor("bias", Values::of(&weights.bias)));
        }
        let mut attributes = sliding(&windows, 3);
        let unwritten = Attribute::sizes(windows.iter().map(Window::unseen));
        attributes.push(("output_padding", unwritten));
        graph.apply("ConvTranspose", &inputs, &attributes);
        Act::Activation::onnx(graph)
    }
}

/// The convolution from the output to the input.
const fn conv<In, G: Transposed<In>>() -> Conv {
    G::CONV
}

/// The way back of the convolution, with a bias. `flipped` has room for its weights turned around.
#[inline(always)]
fn spread<T: Element, Taps: Shape, C: Dim, B: Dim, I: Isa>(
    isa: I,
    conv: &Conv,
    weights: &ConvWeights<T, Taps, C, B>,
    use_bias: bool,
    flipped: &mut [T],
    x: Rows<T>,
    y: RowsMut<T>,
) {
    if x.is_empty() {
        return;
    }
    flip(
        conv,
        weights.kernel.as_slice(),
        &mut flipped[..conv.flipped_len()],
    );
    let bias = use_bias.then(|| weights.bias.as_slice());
    T::correlate(isa, Correlate::backward(conv, 0, x, flipped, bias, y));
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 3, 2] => [2, 5, 4] { Conv2DTranspose(2, 3) });
    contract!([2, 3, 2] => [3, 6, 6] { Conv2DTranspose(3, [2, 4], [2, 3], same, activation = tanh) });
    contract!([2, 2, 3] => [1, 6, 9] { Conv2DTranspose(1, 2, strides = 3, use_bias = false) });
    contract!([4] => [2] {
        Reshape([1, 2, 2]),
        Conv2DTranspose(2, 2, dilation_rate = 2, activation = silu),
        Flatten,
        Dense(2)
    });
}
