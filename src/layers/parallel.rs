//! Lists of layers side by side: what `Residual`, `Add` and `Concatenate` have in common.

use crate::activations::AnyHead;
use crate::initializers::Init;
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Bool, Float, Int, Kept, Kind, Layer, List, Missing, Moment,
    Name, Network, NoWeights, SetArgument, Update, Visitor, VisitorMut, Weights,
};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D1, D2, D3, D4, Dim, Fact, Shape, same_shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use core::ops::Add;
use typenum::Sum as TypeSum;

/// Up to four lists of layers that get the same input, and what becomes of their outputs.
#[allow(clippy::type_complexity)] // the arguments of the layer
pub struct Parallel<M, A = Missing, B = Missing, C = Missing, D = Missing>(
    PhantomData<(M, A, B, C, D)>,
);

#[diagnostic::do_not_recommend]
impl<M, A, B, C, D> Arguments for Parallel<M, A, B, C, D> {
    const NAMES: &'static [&'static str] = &["first", "second", "third", "fourth"];
}
impl<M, A, B, C, D, X> SetArgument<{ usize::MAX }, X> for Parallel<M, A, B, C, D> {
    type With = Self;
}
impl<M, A, B, C, D, X> SetArgument<0, X> for Parallel<M, A, B, C, D> {
    type With = Parallel<M, X, B, C, D>;
}
impl<M, A, B, C, D, X> SetArgument<1, X> for Parallel<M, A, B, C, D> {
    type With = Parallel<M, A, X, C, D>;
}
impl<M, A, B, C, D, X> SetArgument<2, X> for Parallel<M, A, B, C, D> {
    type With = Parallel<M, A, B, X, D>;
}
impl<M, A, B, C, D, X> SetArgument<3, X> for Parallel<M, A, B, C, D> {
    type With = Parallel<M, A, B, C, X>;
}

/// What becomes of the outputs of several lists.
pub trait Merge: 'static {
    /// Whether the input is added, too.
    const SHORTCUT: bool = false;
    /// Whether the outputs are added; otherwise they go side by side.
    const ADDS: bool;
}

/// A list of layers, or nothing.
pub trait Branch<T: Element, In: Shape>: Argument {
    /// The list as a layer.
    type Layer: Layer<T, In>;
    /// Whether there is one.
    const GIVEN: bool = false;
}
impl<T: Element, In: Shape, L: Layer<T, In>> Branch<T, In> for Network<L> {
    type Layer = L;
    const GIVEN: bool = true;
}

/// Arguments that are no lists of layers add nothing.
macro_rules! nothing {
    ($($argument:ty $(, $parameter:ident $(: $bound:ident)?)*;)*) => { $(
        impl<T: Element, In: Shape, $($parameter $(: $bound)?),*> Branch<T, In> for $argument
        where
            Self: Argument,
        {
            type Layer = Absent;
        }
        impl<M, T, In, Before: Shape, $($parameter $(: $bound)?),*> Merged<M, T, In, $argument>
            for Before
        {
            type Out = Before;
        }
    )* };
}
nothing! {
    Missing;
    Int<N>, N: Dim;
    Bool<true>;
    Bool<false>;
    Name<X, A, I, P, R>, X, A, I, P, R;
    List<S>, S: Shape;
}

/// Stands where there is no list.
pub struct Absent;

impl<T: Element, In: Shape> Layer<T, In> for Absent {
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}
    fn backward<I: Isa>(_: I, _: &NoWeights, _: Backward<T>) {}
}

/// The shape of this one's channels beside those of `Other`: the last dimension of vectors and matrices,
/// the channels of images.
pub trait Beside<Other> {
    /// The shape of both.
    type Out: Shape;
}
impl<N: Add<O::Width>, O: Shape> Beside<O> for D1<N>
where
    D1<TypeSum<N, O::Width>>: Shape,
{
    type Out = D1<TypeSum<N, O::Width>>;
}
impl<H, W: Add<O::Width>, O: Shape> Beside<O> for D2<H, W>
where
    D2<H, TypeSum<W, O::Width>>: Shape,
{
    type Out = D2<H, TypeSum<W, O::Width>>;
}
impl<C: Add<O::Channels>, H, W, O: Shape> Beside<O> for D3<C, H, W>
where
    D3<TypeSum<C, O::Channels>, H, W>: Shape,
{
    type Out = D3<TypeSum<C, O::Channels>, H, W>;
}
impl<B, C, H, W: Add<O::Width>, O: Shape> Beside<O> for D4<B, C, H, W>
where
    D4<B, C, H, TypeSum<W, O::Width>>: Shape,
{
    type Out = D4<B, C, H, TypeSum<W, O::Width>>;
}

/// The shape that a merge gives, with one more branch.
pub trait Merged<M, T, In, Next> {
    /// The shape.
    type Out: Shape;
}
impl<M, T, In, S: Shape, const BITS: u64> Merged<M, T, In, Float<BITS>> for S {
    type Out = S;
}
impl<T: Element, In: Shape, const BITS: u64> Branch<T, In> for Float<BITS> {
    type Layer = Absent;
}
impl<T, In, S, L> Merged<super::concatenate::SideBySide, T, In, Network<L>> for S
where
    T: Element,
    In: Shape,
    L: Layer<T, In>,
    S: Beside<L::Output>,
{
    type Out = S::Out;
}
impl<T, In, S: Shape, L> Merged<super::add::Sum, T, In, Network<L>> for S {
    type Out = S;
}
impl<T, In, S: Shape, L> Merged<super::residual::WithInput, T, In, Network<L>> for S {
    type Out = S;
}

/// The weights of up to four lists of layers.
#[derive(Debug)]
pub struct ParallelWeights<A, B, C, D> {
    /// Those of the first list.
    pub first: A,
    /// Those of the second list.
    pub second: B,
    /// Those of the third list.
    pub third: C,
    /// Those of the fourth list.
    pub fourth: D,
}

impl<T, A, B, C, D> Weights<T> for ParallelWeights<A, B, C, D>
where
    A: Weights<T>,
    B: Weights<T>,
    C: Weights<T>,
    D: Weights<T>,
{
    const LEN: usize = A::LEN + B::LEN + C::LEN + D::LEN;
    const PARAMS: usize = A::PARAMS + B::PARAMS + C::PARAMS + D::PARAMS;
    const FROZEN: usize = A::FROZEN + B::FROZEN + C::FROZEN + D::FROZEN;

    fn visit(&self, visitor: &mut dyn Visitor<T>) {
        for (name, weights) in [
            ("first", &self.first as &dyn Visited<T>),
            ("second", &self.second),
            ("third", &self.third),
            ("fourth", &self.fourth),
        ] {
            visitor.enter(name);
            weights.show(visitor);
            visitor.leave();
        }
    }

    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut<T>) {
        for (name, weights) in [
            ("first", &mut self.first as &mut dyn Visited<T>),
            ("second", &mut self.second),
            ("third", &mut self.third),
            ("fourth", &mut self.fourth),
        ] {
            visitor.enter(name);
            weights.lend(visitor);
            visitor.leave();
        }
    }
}

/// [`Weights`] of any type.
trait Visited<T> {
    fn show(&self, visitor: &mut dyn Visitor<T>);
    fn lend(&mut self, visitor: &mut dyn VisitorMut<T>);
}
impl<T, W: Weights<T>> Visited<T> for W {
    fn show(&self, visitor: &mut dyn Visitor<T>) {
        self.visit(visitor);
    }
    fn lend(&mut self, visitor: &mut dyn VisitorMut<T>) {
        self.visit_mut(visitor);
    }
}

/// What is to know of a branch: numbers a row, and where its part of the cache begins.
#[derive(Clone, Copy)]
struct Place {
    given: bool,
    /// What it gives.
    dims: &'static [usize],
    out: usize,
    /// Its own cache.
    cache: usize,
    /// `| output | its gradient | own cache |`
    start: usize,
    /// Channels of the branches before it.
    channel: usize,
}

impl Place {
    const fn of<T: Element, In: Shape, B: Branch<T, In>>() -> Place {
        Place {
            given: B::GIVEN,
            dims: <B::Layer as Layer<T, In>>::Output::DIMS,
            out: <B::Layer as Layer<T, In>>::Output::SIZE,
            cache: <B::Layer as Layer<T, In>>::CACHE,
            start: 0,
            channel: 0,
        }
    }

    /// Numbers a row of its part of the cache.
    const fn len(&self) -> usize {
        if self.given {
            2 * padded(self.out) + self.cache
        } else {
            0
        }
    }

    /// Behind `before`.
    const fn behind(mut self, before: Place) -> Place {
        self.start = before.start + before.len();
        self.channel = before.channel
            + if before.given {
                channels(before.dims)
            } else {
                0
            };
        self
    }

    /// Adds its output to that of all, or puts it in its place.
    #[inline(always)]
    fn merge<T: Element, M: Merge>(&self, own: Rows<T>, all: &mut RowsMut<T>, total: usize) {
        let own_channels = channels(self.dims);
        for (own, all) in own.iter().zip(all.iter_mut()) {
            if M::ADDS {
                for (all, &own) in all.iter_mut().zip(own) {
                    *all += own;
                }
            } else {
                let pixels = all.chunks_exact_mut(total.max(1));
                for (all, own) in pixels.zip(own.chunks_exact(own_channels.max(1))) {
                    all[self.channel..][..own_channels].copy_from_slice(own);
                }
            }
        }
    }

    /// The other way, for gradients.
    #[inline(always)]
    fn part<T: Element, M: Merge>(&self, all: Rows<T>, own: &mut RowsMut<T>, total: usize) {
        let own_channels = channels(self.dims);
        for (own, all) in own.iter_mut().zip(all.iter()) {
            if M::ADDS {
                own.copy_from_slice(&all[..own.len()]);
            } else {
                let pixels = all.chunks_exact(total.max(1));
                for (all, own) in pixels.zip(own.chunks_exact_mut(own_channels.max(1))) {
                    own.copy_from_slice(&all[self.channel..][..own_channels]);
                }
            }
        }
    }
}

/// How many numbers lie side by side at each place.
const fn channels(dims: &[usize]) -> usize {
    match *dims {
        [channels, _, _] => channels,
        [.., last] => last,
        [] => 1,
    }
}

/// Whether two shapes are equal but for their channels.
const fn agree(a: &[usize], b: &[usize]) -> bool {
    match (a, b) {
        ([_, h, w], [_, i, j]) => *h == *i && *w == *j,
        ([h, _], [i, _]) => *h == *i,
        ([_], [_]) => true,
        _ => false,
    }
}

const fn max(numbers: [usize; 4]) -> usize {
    let (mut max, mut i) = (0, 0);
    while i < 4 {
        if numbers[i] > max {
            max = numbers[i];
        }
        i += 1;
    }
    max
}

/// The branches of a layer in numbers.
trait Places<T, In> {
    const PLACES: [Place; 4];
    /// Numbers a row of all parts of the cache.
    const LEN: usize;
}

impl<M, T, In, A, B, C, D> Places<T, In> for Parallel<M, A, B, C, D>
where
    T: Element,
    In: Shape,
    A: Branch<T, In>,
    B: Branch<T, In>,
    C: Branch<T, In>,
    D: Branch<T, In>,
{
    const PLACES: [Place; 4] = {
        let a = Place::of::<T, In, A>();
        let b = Place::of::<T, In, B>().behind(a);
        let c = Place::of::<T, In, C>().behind(b);
        [a, b, c, Place::of::<T, In, D>().behind(c)]
    };
    const LEN: usize = Self::PLACES[3].start + Self::PLACES[3].len();
}

/// What all branches of a forward pass work on.
struct Forward<'a, 'y, T> {
    x: Rows<'a, T>,
    y: RowsMut<'y, T>,
    /// Channels of all branches together.
    channels: usize,
}

impl<T: Element> Forward<'_, '_, T> {
    /// A branch does its part of prediction.
    #[inline(always)]
    fn infer<M: Merge, In: Shape, B: Branch<T, In>, I: Isa>(
        &mut self,
        isa: I,
        place: Place,
        weights: &<B::Layer as Layer<T, In>>::Weights,
        scratch: &mut [T],
    ) {
        if const { B::GIVEN } {
            let (y, rest) = scratch.split_at_mut(padded(place.out) * self.x.len());
            let scratch = &mut rest[..<B::Layer as Layer<T, In>>::SCRATCH * self.x.len()];
            let own = RowsMut::new(&mut *y, place.out);
            B::Layer::forward_inference(isa, weights, self.x, own, scratch);
            place.merge::<T, M>(Rows::new(y, place.out), &mut self.y, self.channels);
        }
    }

    /// A branch does its part of a training step.
    #[inline(always)]
    fn train<M: Merge, In: Shape, B: Branch<T, In>, I: Isa>(
        &mut self,
        isa: I,
        place: Place,
        weights: &<B::Layer as Layer<T, In>>::Weights,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        if const { B::GIVEN } {
            let ([y, _, own_cache], out) = (place.split(cache, self.x.len()), place.out);
            let own = RowsMut::new(&mut *y, out);
            B::Layer::forward_training(isa, weights, self.x, own, own_cache, moment);
            place.merge::<T, M>(Rows::new(y, out), &mut self.y, self.channels);
        }
    }
}

impl Place {
    /// Its part of the cache of so many rows: output, gradient, own cache.
    #[inline(always)]
    fn split<'c, T>(&self, cache: &'c mut [T], rows: usize) -> [&'c mut [T]; 3] {
        let cache = &mut cache[self.start * rows..][..self.len() * rows];
        let (y, rest) = cache.split_at_mut(padded(self.out) * rows);
        let (dy, own) = rest.split_at_mut(padded(self.out) * rows);
        [y, dy, own]
    }
}

/// A branch does its part of the backward pass, and adds to the gradient by the input.
#[inline(always)]
fn backward<T: Element, M: Merge, In: Shape, B: Branch<T, In>, I: Isa>(
    isa: I,
    place: Place,
    weights: &<B::Layer as Layer<T, In>>::Weights,
    pass: &mut Backward<T>,
    channels: usize,
) {
    if const { !B::GIVEN } {
        return;
    }
    let (rows, width) = (pass.x.len(), In::SIZE);
    // The gradients by the input that the branches give are added; each has the same room.
    let (branches, own_dx) = pass
        .cache
        .split_at_mut(pass.cache.len() - padded(width) * rows);
    let [y, dy, cache] = place.split(branches, rows);
    let mut dy = RowsMut::new(dy, place.out);
    place.part::<T, M>(pass.dy.as_rows(), &mut dy, channels);
    let (prepared, scratch) = pass
        .scratch
        .split_at_mut(<B::Layer as Layer<T, In>>::PREPARED);
    if pass.dx.is_some() {
        B::Layer::prepare_backward(isa, weights, prepared);
    }
    let dx = pass.dx.as_ref().map(|_| RowsMut::new(&mut *own_dx, width));
    B::Layer::backward(
        isa,
        weights,
        Backward {
            x: pass.x,
            y: Rows::new(y, place.out),
            cache,
            dy,
            dx,
            joint: false,
            dead_at_zero: pass.dead_at_zero,
            prepared,
            scratch: &mut scratch[..<B::Layer as Layer<T, In>>::BACKWARD_SCRATCH],
            team: pass.team,
        },
    );
    if let Some(dx) = &mut pass.dx {
        add(Rows::new(own_dx, width), dx);
    }
}

/// A branch hands its gradients to the optimiser.
#[inline(always)]
fn update<T: Element, In: Shape, B: Branch<T, In>, I: Isa>(
    isa: I,
    place: Place,
    weights: &mut <B::Layer as Layer<T, In>>::Weights,
    kept: Kept<T>,
    update: &mut Update<T>,
) {
    if const { !B::GIVEN } {
        return;
    }
    let rows = kept.x.len();
    let cache = &kept.cache[place.start * rows..][..place.len() * rows];
    let (y, rest) = cache.split_at(padded(place.out) * rows);
    let (dz, cache) = rest.split_at(padded(place.out) * rows);
    let own = Kept {
        x: kept.x,
        y: Rows::new(y, place.out),
        cache,
        dz: Rows::new(dz, place.out),
    };
    B::Layer::update(isa, weights, own, update);
}

/// `y += x`.
#[inline(always)]
fn add<T: Element>(x: Rows<T>, y: &mut RowsMut<T>) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y += x;
        }
    }
}

/// `y = x` if the input is added, otherwise 0.
#[inline(always)]
fn begin<T: Element, M: Merge>(x: Rows<T>, y: &mut RowsMut<T>) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        if M::SHORTCUT && x.len() == y.len() {
            y.copy_from_slice(x);
        } else if M::ADDS {
            y.fill(T::zero());
        }
    }
}

/// The output of a branch, after the branches before it.
type With<S, M, T, In, B> = <S as Merged<M, T, In, B>>::Out;
/// What the layers of a branch give.
type Out<T, In, B> = <<B as Branch<T, In>>::Layer as Layer<T, In>>::Output;
/// Their weights.
type WeightsOf<T, In, B> = <<B as Branch<T, In>>::Layer as Layer<T, In>>::Weights;

impl<M, T, In, A, B, C, D> Layer<T, In> for Parallel<M, A, B, C, D>
where
    M: Merge,
    T: Element,
    In: Shape,
    A: Branch<T, In>,
    B: Branch<T, In>,
    C: Branch<T, In>,
    D: Branch<T, In>,
    Out<T, In, A>: Merged<M, T, In, B>,
    With<Out<T, In, A>, M, T, In, B>: Merged<M, T, In, C>,
    With<With<Out<T, In, A>, M, T, In, B>, M, T, In, C>: Merged<M, T, In, D>,
{
    type Output = With<With<With<Out<T, In, A>, M, T, In, B>, M, T, In, C>, M, T, In, D>;
    type Weights = ParallelWeights<
        WeightsOf<T, In, A>,
        WeightsOf<T, In, B>,
        WeightsOf<T, In, C>,
        WeightsOf<T, In, D>,
    >;
    type Head = AnyHead;

    const CHECK: Check = {
        let places = Self::PLACES;
        let lists = matches!(A::KIND, Kind::Network)
            && matches!(B::KIND, Kind::Network | Kind::Missing)
            && matches!(C::KIND, Kind::Network | Kind::Missing)
            && matches!(D::KIND, Kind::Network | Kind::Missing);
        let mut check = Check::that(
            lists && (M::SHORTCUT || places[1].given),
            if M::SHORTCUT {
                "{layer} needs a list of layers, as in `Residual(Dense(8, relu), Dense(8))`"
            } else {
                "{layer} needs two to four lists of layers, each in brackets, as in `([Dense(8)], [Dense(8)])`"
            },
            &[],
        )
        .and(Check::that(
            !M::SHORTCUT || !places[1].given,
            "{layer} takes one list of layers, without brackets around each",
            &[],
        ))
        .and(Check::that(
            !M::SHORTCUT || same_shape(places[0].dims, In::DIMS),
            "the layers of {layer} give {0}, which can not be added to their input {input}",
            const { &[Fact::Shape(<Self as Places<T, In>>::PLACES[0].dims)] },
        ));
        let facts = const {
            let p = <Self as Places<T, In>>::PLACES;
            &[
                [Fact::Shape(p[0].dims), Fact::Shape(p[1].dims)],
                [Fact::Shape(p[0].dims), Fact::Shape(p[2].dims)],
                [Fact::Shape(p[0].dims), Fact::Shape(p[3].dims)],
            ]
        };
        let mut i = 1;
        while i < 4 {
            if places[i].given {
                let (sentence, fits) = if M::ADDS {
                    (
                        "the lists of {layer} give {0} and {1}, which can not be added",
                        same_shape(places[0].dims, places[i].dims),
                    )
                } else {
                    (
                        "the lists of {layer} give {0} and {1}, which can not stand side by side",
                        agree(places[0].dims, places[i].dims),
                    )
                };
                check = check.and(Check::that(fits, sentence, &facts[i - 1]));
            }
            i += 1;
        }
        check
    };
    const MACS: usize = <A::Layer as Layer<T, In>>::MACS
        + <B::Layer as Layer<T, In>>::MACS
        + <C::Layer as Layer<T, In>>::MACS
        + <D::Layer as Layer<T, In>>::MACS;
    const CACHE: usize = Self::LEN + padded(In::SIZE);
    const SCRATCH: usize = max([
        padded(Self::PLACES[0].out) + <A::Layer as Layer<T, In>>::SCRATCH,
        padded(Self::PLACES[1].out) + <B::Layer as Layer<T, In>>::SCRATCH,
        padded(Self::PLACES[2].out) + <C::Layer as Layer<T, In>>::SCRATCH,
        padded(Self::PLACES[3].out) + <D::Layer as Layer<T, In>>::SCRATCH,
    ]);
    const GRADIENT: usize = max([
        <A::Layer as Layer<T, In>>::GRADIENT,
        <B::Layer as Layer<T, In>>::GRADIENT,
        <C::Layer as Layer<T, In>>::GRADIENT,
        <D::Layer as Layer<T, In>>::GRADIENT,
    ]);
    const BACKWARD_SCRATCH: usize = max([
        <A::Layer as Layer<T, In>>::PREPARED + <A::Layer as Layer<T, In>>::BACKWARD_SCRATCH,
        <B::Layer as Layer<T, In>>::PREPARED + <B::Layer as Layer<T, In>>::BACKWARD_SCRATCH,
        <C::Layer as Layer<T, In>>::PREPARED + <C::Layer as Layer<T, In>>::BACKWARD_SCRATCH,
        <D::Layer as Layer<T, In>>::PREPARED + <D::Layer as Layer<T, In>>::BACKWARD_SCRATCH,
    ]);

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        A::Layer::init(&mut weights.first, init);
        B::Layer::init(&mut weights.second, init);
        C::Layer::init(&mut weights.third, init);
        D::Layer::init(&mut weights.fourth, init);
    }

    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        crate::__private::forward::<I, T, In, Self>(isa, weights, x, y);
    }

    #[inline(always)]
    fn forward_inference<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        scratch: &mut [T],
    ) {
        begin::<T, M>(x, &mut y);
        let [a, b, c, d] = Self::PLACES;
        let channels = channels(Self::Output::DIMS);
        let mut pass = Forward { x, y, channels };
        pass.infer::<M, In, A, I>(isa, a, &weights.first, scratch);
        pass.infer::<M, In, B, I>(isa, b, &weights.second, scratch);
        pass.infer::<M, In, C, I>(isa, c, &weights.third, scratch);
        pass.infer::<M, In, D, I>(isa, d, &weights.fourth, scratch);
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        begin::<T, M>(x, &mut y);
        let [a, b, c, d] = Self::PLACES;
        let channels = channels(Self::Output::DIMS);
        let mut pass = Forward { x, y, channels };
        pass.train::<M, In, A, I>(isa, a, &weights.first, cache, moment.layer(0));
        pass.train::<M, In, B, I>(isa, b, &weights.second, cache, moment.layer(1));
        pass.train::<M, In, C, I>(isa, c, &weights.third, cache, moment.layer(2));
        pass.train::<M, In, D, I>(isa, d, &weights.fourth, cache, moment.layer(3));
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, mut pass: Backward<T>) {
        if let Some(dx) = &mut pass.dx {
            for (dx, dy) in dx.iter_mut().zip(pass.dy.as_rows().iter()) {
                if M::SHORTCUT && dx.len() == dy.len() {
                    dx.copy_from_slice(dy);
                } else {
                    dx.fill(T::zero());
                }
            }
        }
        let [a, b, c, d] = Self::PLACES;
        let channels = channels(Self::Output::DIMS);
        backward::<T, M, In, A, I>(isa, a, &weights.first, &mut pass, channels);
        backward::<T, M, In, B, I>(isa, b, &weights.second, &mut pass, channels);
        backward::<T, M, In, C, I>(isa, c, &weights.third, &mut pass, channels);
        backward::<T, M, In, D, I>(isa, d, &weights.fourth, &mut pass, channels);
    }

    #[inline(always)]
    fn update<I: Isa>(
        isa: I,
        weights: &mut Self::Weights,
        kept: Kept<T>,
        optimizer: &mut Update<T>,
    ) {
        let [a, b, c, d] = Self::PLACES;
        update::<T, In, A, I>(isa, a, &mut weights.first, kept, optimizer);
        update::<T, In, B, I>(isa, b, &mut weights.second, kept, optimizer);
        update::<T, In, C, I>(isa, c, &mut weights.third, kept, optimizer);
        update::<T, In, D, I>(isa, d, &mut weights.fourth, kept, optimizer);
    }
}
