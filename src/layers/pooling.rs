//! What pooling layers have in common: over what their windows move, and what they make of a window.

use super::onnx::{features_back, features_first, sliding};
use super::{check, image, signal};
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::kernels::channelwise::{Channelwise, pool};
use crate::layer::{Argument, Arguments, Backward, Kind, Layer, Moment, NoWeights, SetArgument};
use crate::math::Real;
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{
    Check, D1, D2, D3, Fact, Padding, PaddingArgument, Shape, Slide, Window, Zeros,
};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::{U1, Unsigned};

/// A pooling layer: what is made of the numbers of a window, and over what windows move. Its arguments
/// are those of `Over`.
pub struct Pooling<What, Over>(PhantomData<(What, Over)>);

#[diagnostic::do_not_recommend]
impl<What, O: Arguments> Arguments for Pooling<What, O> {
    const NAMES: &'static [&'static str] = O::NAMES;
}

impl<What, O: SetArgument<N, V>, const N: usize, V> SetArgument<N, V> for Pooling<What, O> {
    type With = Pooling<What, O::With>;
}

impl<T: Element, In: Shape, What: Reduce, O: Over<In>> Layer<T, In> for Pooling<What, O> {
    type Output = O::Output;
    type Weights = NoWeights;
    type Head = AnyHead;

    const CHECK: Check = O::CHECK;
    const CACHE: usize = if What::KEEPS { O::Output::SIZE } else { 0 };
    const BY_ROW: bool = true;
    const PICKS: Option<Channelwise> = if What::KEEPS { Some(O::POOL) } else { None };

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            What::forward(&O::POOL, x, y, &mut []);
        }
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        _: I,
        _: &NoWeights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
        _: Moment<'_>,
    ) {
        for (row, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
            let kept = if What::KEEPS {
                &mut cache[row * y.len()..][..y.len()]
            } else {
                &mut [][..]
            };
            What::forward(&O::POOL, x, y, kept);
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for (row, (dy, dx)) in pass.dy.as_rows().iter().zip(dx.iter_mut()).enumerate() {
            let kept = if What::KEEPS {
                &pass.cache[row * dy.len()..][..dy.len()]
            } else {
                &[][..]
            };
            What::backward(&O::POOL, kept, dy, dx);
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        features_first::<In>(graph);
        if O::Output::DIMS.len() == 1 {
            graph.apply(What::OF_ALL, &[], &[]);
            graph.reshape(O::Output::DIMS);
        } else {
            graph.apply(
                What::OF_WINDOWS,
                &[],
                &sliding(&O::POOL.windows, In::DIMS.len()),
            );
            features_back::<O::Output>(graph);
        }
        Ok(())
    }
}

/// What is made of the numbers of a window.
pub trait Reduce: 'static {
    /// Whether a number is kept from the forward to the backward pass for each output.
    const KEEPS: bool;
    /// ONNX's operator for windows that move.
    const OF_WINDOWS: &'static str;
    /// ONNX's operator for one window over all.
    const OF_ALL: &'static str;
    /// One sample forward; `kept` is empty or has a number for each output.
    fn forward<T: Real>(pool: &Channelwise, x: &[T], y: &mut [T], kept: &mut [T]);
    /// One sample backward.
    fn backward<T: Real>(pool: &Channelwise, kept: &[T], dy: &[T], dx: &mut [T]);
}

/// The largest of them.
pub struct Largest;
/// Their mean.
pub struct Mean;

impl Reduce for Largest {
    const KEEPS: bool = true;
    const OF_WINDOWS: &'static str = "MaxPool";
    const OF_ALL: &'static str = "GlobalMaxPool";
    #[inline(always)]
    fn forward<T: Real>(pool: &Channelwise, x: &[T], y: &mut [T], kept: &mut [T]) {
        pool::max(pool, x, y, kept);
    }
    #[inline(always)]
    fn backward<T: Real>(pool: &Channelwise, kept: &[T], dy: &[T], dx: &mut [T]) {
        pool::max_backward(pool, kept, dy, dx);
    }
}

impl Reduce for Mean {
    const KEEPS: bool = false;
    const OF_WINDOWS: &'static str = "AveragePool";
    const OF_ALL: &'static str = "GlobalAveragePool";
    #[inline(always)]
    fn forward<T: Real>(pool: &Channelwise, x: &[T], y: &mut [T], _: &mut [T]) {
        pool::average(pool, x, y);
    }
    #[inline(always)]
    fn backward<T: Real>(pool: &Channelwise, _: &[T], dy: &[T], dx: &mut [T]) {
        pool::average_backward(pool, dy, dx);
    }
}

/// Over what windows move in an input of shape `In`.
pub trait Over<In>: 'static {
    /// What comes out.
    type Output: Shape;
    /// The windows.
    const POOL: Channelwise;
    /// What is asked of the arguments and the input.
    const CHECK: Check;
}

/// Over the pixels of an image, with these arguments.
#[derive(Arguments)]
pub struct Pixels<PoolSize, Strides, Padding>(PhantomData<(PoolSize, Strides, Padding)>);
/// Over the steps of a signal, with these arguments.
#[derive(Arguments)]
pub struct Steps<PoolSize, Strides, Padding>(PhantomData<(PoolSize, Strides, Padding)>);
/// One window over all pixels of an image.
#[derive(Arguments)]
pub struct AllPixels;
/// One window over all steps of a signal.
#[derive(Arguments)]
pub struct AllSteps;

/// The window of pooling of size K on a dimension N.
type Down<N, K, S, P> = <N as Slide<K, S, U1, P>>::Positions;
/// The strides, or the size of the window if there are none.
type Strides<S, K> = <S as Argument>::Or<K>;

impl<In, K, S, P> Over<In> for Pixels<K, S, P>
where
    In: Shape,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    In::Height: Slide<K::First, <Strides<S, K> as Argument>::First, U1, P::Padding>,
    In::Width: Slide<K::Second, <Strides<S, K> as Argument>::Second, U1, P::Padding>,
    D3<
        In::Channels,
        Down<In::Height, K::First, <Strides<S, K> as Argument>::First, P::Padding>,
        Down<In::Width, K::Second, <Strides<S, K> as Argument>::Second, P::Padding>,
    >: Shape,
{
    type Output = D3<
        In::Channels,
        Down<In::Height, K::First, <Strides<S, K> as Argument>::First, P::Padding>,
        Down<In::Width, K::Second, <Strides<S, K> as Argument>::Second, P::Padding>,
    >;
    const POOL: Channelwise = Channelwise {
        windows:
            [
                <In::Height as Slide<
                    K::First,
                    <Strides<S, K> as Argument>::First,
                    U1,
                    P::Padding,
                >>::WINDOW,
                <In::Width as Slide<
                    K::Second,
                    <Strides<S, K> as Argument>::Second,
                    U1,
                    P::Padding,
                >>::WINDOW,
            ],
        channels: In::Channels::USIZE,
    };
    const CHECK: Check = Check::that(
        check::is_pair::<K>(),
        "the argument `pool_size` of {layer} must be `2` or `[2, 3]`, from 1 on",
        &[],
    )
    .and(Check::that(
        matches!(S::KIND, Kind::Missing) || check::is_pair::<S>(),
        "the argument `strides` of {layer} must be `2` or `[2, 1]`, from 1 on",
        &[],
    ))
    .and(check::padding::<P>())
    .and(image::expected(
        In::DIMS,
        const { &image::one_channel::<In>() },
    ))
    .and(Check::that(
        fits(&<Self as Over<In>>::POOL, P::Padding::ZEROS),
        "the {0}x{1} window of {layer} does not fit into its input {input}",
        const { &image::sizes(&<Self as Over<In>>::POOL.windows) },
    ));
}

impl<In, K, S, P> Over<In> for Steps<K, S, P>
where
    In: Shape,
    K: Argument,
    S: Argument,
    P: PaddingArgument,
    In::Height: Slide<K::Number, <Strides<S, K> as Argument>::Number, U1, P::Padding>,
    D2<Down<In::Height, K::Number, <Strides<S, K> as Argument>::Number, P::Padding>, In::Width>:
        Shape,
{
    type Output =
        D2<Down<In::Height, K::Number, <Strides<S, K> as Argument>::Number, P::Padding>, In::Width>;
    const POOL: Channelwise = Channelwise {
        windows:
            [
                Window::ONE,
                <In::Height as Slide<
                    K::Number,
                    <Strides<S, K> as Argument>::Number,
                    U1,
                    P::Padding,
                >>::WINDOW,
            ],
        channels: In::Width::USIZE,
    };
    const CHECK: Check = check::whole::<K>(&[Fact::Word("pool_size")])
        .and(Check::that(
            matches!(S::KIND, Kind::Missing)
                || matches!(S::KIND, Kind::Int) && S::Number::USIZE > 0,
            "the argument `strides` of {layer} must be a whole number from 1 on",
            &[],
        ))
        .and(check::padding::<P>())
        .and(signal::expected(In::DIMS))
        .and(Check::that(
            fits(&<Self as Over<In>>::POOL, P::Padding::ZEROS),
            "the window of {layer}, {1} long, does not fit into its input {input}",
            const { &image::sizes(&<Self as Over<In>>::POOL.windows) },
        ));
}

impl<In: Shape> Over<In> for AllPixels {
    type Output = D1<In::Channels>;
    const POOL: Channelwise = Channelwise {
        windows: [whole(In::Height::USIZE), whole(In::Width::USIZE)],
        channels: In::Channels::USIZE,
    };
    const CHECK: Check = image::expected(In::DIMS, const { &image::one_channel::<In>() });
}

impl<In: Shape> Over<In> for AllSteps {
    type Output = D1<In::Width>;
    const POOL: Channelwise = Channelwise {
        windows: [Window::ONE, whole(In::Height::USIZE)],
        channels: In::Width::USIZE,
    };
    const CHECK: Check = signal::expected(In::DIMS);
}

/// The window that covers a dimension.
const fn whole(n: usize) -> Window {
    Window {
        input: n,
        kernel: n,
        ..Window::ONE
    }
}

/// Whether both windows lie inside, where they must.
const fn fits(pool: &Channelwise, zeros: Zeros) -> bool {
    pool.windows[0].fits(zeros) && pool.windows[1].fits(zeros)
}
