//! What the layers have in common whose filters move: their weights, and the layer that [`Conv1D`] and
//! [`Conv2D`] are.
//!
//! [`Conv1D`]: super::Conv1D
//! [`Conv2D`]: super::Conv2D

use super::check::policies;
use super::onnx::{features_back, features_first, sliding};
use super::{check, image, signal};
use crate::activations::{Activation, ActivationArgument};
use crate::error::Result;
use crate::initializers::{Init, InitializerArgument};
use crate::kernels::Element;
use crate::kernels::conv::{
    Conv, Correlate, Picks, PicksMut, Pooled, input_grad, prepare, weight_grad,
};
use crate::layer::{
    Argument, Arguments, Backward, Kept, Kernel, Layer, Moment, Policies, PolicyArgument,
    RowGradient, SetArgument, Tensor, Update, Vector, Weights,
};
use crate::onnx::{Attribute, Graph, Values};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{
    Check, D2, D3, Dim, Divides, Fact, Padding, PaddingArgument, Shape, Slide, Window,
};
use crate::simd::Isa;
use alloc::vec;
use core::marker::PhantomData;
use typenum::Unsigned;

/// The weights of a layer whose filters move: `Taps` is what a filter sees, such as `[height, width,
/// channels]`, N how many filters there are, B the biases (as many as channels come out, or none).
#[derive(Debug, Weights)]
pub struct ConvWeights<T: Element, Taps: Shape, N: Dim, B: Dim> {
    /// W: `kernel[[i, j, c, o]]` leads from channel c at tap (i, j) to filter o; i is 0 in a signal.
    pub kernel: Kernel<T, Taps, N>,
    /// b: one number for each channel that comes out.
    pub bias: Vector<T, B>,
}

/// A layer whose filters move over an image or a signal.
pub struct Convolution<Over, Given>(PhantomData<(Over, Given)>);

/// Its arguments.
#[derive(Arguments)]
pub struct ConvArguments<
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
        KernelRegularizer,
        BiasRegularizer,
        KernelConstraint,
        BiasConstraint,
    )>,
);

#[diagnostic::do_not_recommend]
impl<Over, Given: Arguments> Arguments for Convolution<Over, Given> {
    const NAMES: &'static [&'static str] = Given::NAMES;
}

impl<Over, Given: SetArgument<N, V>, const N: usize, V> SetArgument<N, V>
    for Convolution<Over, Given>
{
    type With = Convolution<Over, Given::With>;
}

/// The shapes of a convolution over an input of shape `In`, by the layer's first six arguments.
pub trait Over<In, N, K, S, P, D, G>: 'static {
    /// What comes out.
    type Output: Shape;
    /// What a filter sees.
    type Taps: Shape;
    /// The same in numbers.
    const CONV: Conv;
    /// What is asked of the arguments.
    const ARGUMENTS: Check;
    /// What is asked of the input.
    const INPUT: Check;
    /// Whether the kernel lies inside, where it must.
    const FITS: Check;
}

/// Over the pixels of an image.
pub struct Pixels;
/// Over the steps of a signal.
pub struct Steps;

/// Positions of the filters on a dimension.
type Positions<H, K, S, D, P> = <H as Slide<K, S, D, P>>::Positions;
/// Channels that a filter sees.
type Depth<C, G> = <G as Divides<C>>::Out;

impl<In, N, K, S, P, D, G> Over<In, N, K, S, P, D, G> for Pixels
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
    D3<K::First, K::Second, Depth<In::Channels, G::Number>>: Shape,
    D3<
        N::Number,
        Positions<In::Height, K::First, S::First, D::First, P::Padding>,
        Positions<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >: Shape,
{
    type Output = D3<
        N::Number,
        Positions<In::Height, K::First, S::First, D::First, P::Padding>,
        Positions<In::Width, K::Second, S::Second, D::Second, P::Padding>,
    >;
    type Taps = D3<K::First, K::Second, Depth<In::Channels, G::Number>>;
    const CONV: Conv = Conv {
        windows: [
            <In::Height as Slide<K::First, S::First, D::First, P::Padding>>::WINDOW,
            <In::Width as Slide<K::Second, S::Second, D::Second, P::Padding>>::WINDOW,
        ],
        channels: In::Channels::USIZE,
        filters: N::Number::USIZE,
        groups: if G::Number::USIZE > 0 {
            G::Number::USIZE
        } else {
            1
        },
    };
    const ARGUMENTS: Check = check::filters::<N, K>(&[Fact::Word("Conv2D(8, 3)")])
        .and(check::kernel_size::<K>())
        .and(check::strides::<S>())
        .and(check::padding::<P>())
        .and(check::dilation_rate::<D>());
    const INPUT: Check = image::expected(In::DIMS, const { &image::one_channel::<In>() });
    const FITS: Check = image::fits(
        &conv::<In, N, K, S, P, D, G, Self>().windows,
        P::Padding::ZEROS,
        const { &image::sizes(&conv::<In, N, K, S, P, D, G, Self>().windows) },
    );
}

impl<In, N, K, S, P, D, G> Over<In, N, K, S, P, D, G> for Steps
where
    In: Shape,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    D: Argument,
    G: Argument<Number: Divides<In::Width>>,
    In::Height: Slide<K::Number, S::Number, D::Number, P::Padding>,
    D2<K::Number, Depth<In::Width, G::Number>>: Shape,
    D2<Positions<In::Height, K::Number, S::Number, D::Number, P::Padding>, N::Number>: Shape,
{
    type Output = D2<Positions<In::Height, K::Number, S::Number, D::Number, P::Padding>, N::Number>;
    type Taps = D2<K::Number, Depth<In::Width, G::Number>>;
    const CONV: Conv = Conv {
        windows: [
            Window::ONE,
            <In::Height as Slide<K::Number, S::Number, D::Number, P::Padding>>::WINDOW,
        ],
        channels: In::Width::USIZE,
        filters: N::Number::USIZE,
        groups: if G::Number::USIZE > 0 {
            G::Number::USIZE
        } else {
            1
        },
    };
    const ARGUMENTS: Check = check::filters::<N, K>(&[Fact::Word("Conv1D(8, 3)")])
        .and(check::whole::<K>(&[Fact::Word("kernel_size")]))
        .and(check::whole::<S>(&[Fact::Word("strides")]))
        .and(Check::that(
            P::OK,
            "the argument `padding` of {layer} must be `valid`, `same` or `causal`",
            &[],
        ))
        .and(check::whole::<D>(&[Fact::Word("dilation_rate")]));
    const INPUT: Check = signal::expected(In::DIMS);
    const FITS: Check = signal::fits(
        &conv::<In, N, K, S, P, D, G, Self>().windows[1],
        P::Padding::ZEROS,
        const { &image::sizes(&conv::<In, N, K, S, P, D, G, Self>().windows) },
    );
}

/// The sizes of a convolution.
const fn conv<In, N, K, S, P, D, G, O: Over<In, N, K, S, P, D, G>>() -> Conv {
    O::CONV
}

impl<T, In, O, N, K, S, P, D, G, Act, UseBias, KI, BI, KR, BR, KC, BC> Layer<T, In>
    for Convolution<O, ConvArguments<N, K, S, P, D, G, Act, UseBias, KI, BI, KR, BR, KC, BC>>
where
    T: Element,
    In: Shape,
    O: Over<In, N, K, S, P, D, G>,
    N: Argument,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    D: Argument,
    G: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
    KI: InitializerArgument,
    BI: InitializerArgument,
    KR: PolicyArgument,
    BR: PolicyArgument,
    KC: PolicyArgument,
    BC: PolicyArgument,
{
    type Output = O::Output;
    type Weights = ConvWeights<T, O::Taps, N::Number, UseBias::Keep<N::Number>>;
    type Head = Act::Activation;

    const CHECK: Check = O::ARGUMENTS
        .and(check::whole::<G>(&[Fact::Word("groups")]))
        .and(check::activation::<Act>())
        .and(check::use_bias::<UseBias>())
        .and(check::initializer::<KI>(&[Fact::Word(
            "kernel_initializer",
        )]))
        .and(check::initializer::<BI>(&[Fact::Word("bias_initializer")]))
        .and(<Self as Layer<T, In>>::POLICIES.check())
        .and(O::INPUT)
        .and(Check::that(
            O::CONV.channels % O::CONV.groups == 0,
            "{layer} can not divide the {0} channels of its input {input} into {1} groups",
            const { &[Fact::Number(O::CONV.channels), Fact::Number(O::CONV.groups)] },
        ))
        .and(Check::that(
            O::CONV.filters % O::CONV.groups == 0,
            "{layer} can not divide its {0} filters into {1} groups",
            const { &[Fact::Number(O::CONV.filters), Fact::Number(O::CONV.groups)] },
        ))
        .and(O::FITS);

    const POLICIES: Policies = policies! {
        kernel, kernel, <Kernel<T, O::Taps, N::Number> as Tensor<T>>::DIMS, KR, KC;
        bias, bias, &[N::Number::USIZE], BR, BC;
    };
    const INPUT_WIDTH: usize = O::CONV.channels;
    const MACS: usize = O::CONV.taps() * O::CONV.depth() * O::Output::SIZE;
    const CACHE: usize = if Act::Activation::NEEDS_INPUT {
        padded(O::Output::SIZE)
    } else {
        0
    };
    const PREPARED: usize = O::CONV.prepared_len();
    const BY_ROW: bool = true;
    // (The derivatives by those outputs that are picked must be had without the others.)
    const FOLLOWS: Option<Conv> = if Act::Activation::NEEDS_INPUT || Act::Activation::NORMALIZES {
        None
    } else {
        Some(O::CONV)
    };
    const JOINS: Option<Conv> = if Act::Activation::RECTIFIES {
        Some(O::CONV)
    } else {
        None
    };
    const DEAD_AT_ZERO: bool = Act::Activation::DEAD_AT_ZERO;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let conv = O::CONV;
        let (fan_in, fan_out) = (conv.taps() * conv.depth(), conv.taps() * conv.filters);
        init.fill::<T, _, KI::Initializer>(&mut weights.kernel, fan_in, fan_out);
        init.fill::<T, _, BI::Initializer>(&mut weights.bias, conv.filters, conv.filters);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        correlate::<T, _, _, _, Act::Activation, I>(
            isa,
            &O::CONV,
            weights,
            UseBias::FLAG,
            x,
            y.reborrow(),
        );
        if !Act::Activation::RECTIFIES {
            Act::Activation::forward(isa, y);
        }
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
        if !Act::Activation::NEEDS_INPUT {
            return <Self as Layer<T, In>>::forward(isa, weights, x, y);
        }
        correlate::<T, _, _, _, Act::Activation, I>(
            isa,
            &O::CONV,
            weights,
            UseBias::FLAG,
            x,
            y.reborrow(),
        );
        cache.copy_from_slice(y.padded_data());
        Act::Activation::forward(isa, y);
    }

    #[inline(always)]
    fn forward_picked<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        y: RowsMut<T>,
        picks: PicksMut<T>,
    ) {
        let (w, bias) = (weights.kernel.as_slice(), weights.bias.as_slice());
        let bias = UseBias::FLAG.then_some(bias);
        T::pooled(isa, Pooled::new(&O::CONV, x, w, bias, y, picks));
    }

    #[inline(always)]
    fn prepare_backward<I: Isa>(_: I, weights: &Self::Weights, prepared: &mut [T]) {
        prepare(&O::CONV, weights.kernel.as_slice(), prepared);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &Self::Weights, mut pass: Backward<T>) {
        if !pass.joint {
            let size = O::Output::SIZE;
            derive::<T, Act::Activation, I>(isa, pass.cache, pass.y, size, pass.dy.reborrow());
        }
        if let Some(dx) = pass.dx {
            let dz = pass.dy.as_rows();
            input_grad(isa, &O::CONV, dz, pass.picks, pass.prepared, dx);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let stride = padded(N::Number::USIZE);
        let cost = kept.dz.len() * kept.dz.width();
        let gradient = KernelGradient {
            conv: O::CONV,
            x: kept.x,
            dz: kept.dz,
            picks: kept.picks,
        };
        update.rows(isa, &mut weights.kernel, stride, cost, gradient);
        if UseBias::FLAG {
            update.tensor(isa, &mut weights.bias, |gradient| {
                image::add_pixels::<T, N::Number>(kept.dz, gradient);
            });
        }
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        // From [taps][channels][filters] to [filters][channels][taps].
        let order: &[usize] = if In::DIMS.len() == 3 {
            &[3, 2, 0, 1]
        } else {
            &[2, 1, 0]
        };
        let mut inputs = vec![graph.tensor("kernel", Values::of(&weights.kernel).turned(order))];
        if UseBias::FLAG {
            inputs.push(graph.tensor("bias", Values::of(&weights.bias)));
        }
        let mut attributes = sliding(&O::CONV.windows, In::DIMS.len());
        attributes.push(("group", Attribute::Int(O::CONV.groups as i64)));
        features_first::<In>(graph);
        graph.apply("Conv", &inputs, &attributes);
        features_back::<O::Output>(graph);
        Act::Activation::onnx(graph)
    }
}

/// `y = x * W + b`, group by group; if the activation is relu, that too.
#[inline(always)]
fn correlate<T: Element, Taps: Shape, N: Dim, B: Dim, Act: Activation, I: Isa>(
    isa: I,
    conv: &Conv,
    weights: &ConvWeights<T, Taps, N, B>,
    use_bias: bool,
    x: Rows<T>,
    mut y: RowsMut<T>,
) {
    let bias = use_bias.then(|| weights.bias.as_slice());
    for group in 0..conv.groups {
        let w = weights.kernel.as_slice();
        let kernel = Correlate::forward(conv, group, x, w, bias, y.reborrow());
        T::correlate(isa, kernel.rectifying(Act::RECTIFIES));
    }
}

/// dy becomes dz: the way back through an activation that has kept `size` numbers of each sample in
/// `cache`, if it needs them.
#[inline(always)]
pub fn derive<T: Element, Act: Activation, I: Isa>(
    isa: I,
    cache: &[T],
    y: Rows<T>,
    size: usize,
    dy: RowsMut<T>,
) {
    let seen = if Act::NEEDS_INPUT {
        Rows::new(cache, size)
    } else {
        y
    };
    Act::backward(isa, seen, dy);
}

/// The gradient by W.
pub struct KernelGradient<'a, T> {
    /// The convolution.
    pub conv: Conv,
    /// Its input.
    pub x: Rows<'a, T>,
    /// The gradient by its output.
    pub dz: Rows<'a, T>,
    /// What was picked of its output, if dz is the gradient by that.
    pub picks: Option<Picks<'a, T>>,
}

impl<T: Element> RowGradient<T> for KernelGradient<'_, T> {
    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, first: usize, rows: &mut [T]) {
        weight_grad(isa, &self.conv, self.x, first, self.dz, self.picks, rows);
    }
}
