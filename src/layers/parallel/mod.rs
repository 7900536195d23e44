//! Lists of layers side by side: what `Residual`, `Add` and `Concatenate` have in common.

mod branch;
mod onnx;
mod passes;
mod place;
mod weights;

pub use branch::{Branch, Merge};
pub use weights::ParallelWeights;

use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::Init;
use crate::kernels::Element;
use crate::layer::{
    Arguments, Backward, Kept, Kind, Layer, Missing, Moment, Policies, SetArgument, Update,
    penalties,
};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, Fact, Shape, same_shape};
use crate::simd::Isa;
use alloc::vec::Vec;
use branch::Merged;
use core::marker::PhantomData;
use onnx::{merge, write};
use passes::{Forward, backward, begin, update};
use place::{Place, agree, channels};

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
    const POLICIES: Policies = Policies::Layers(
        const {
            &[
                <A::Layer as Layer<T, In>>::POLICIES,
                <B::Layer as Layer<T, In>>::POLICIES,
                <C::Layer as Layer<T, In>>::POLICIES,
                <D::Layer as Layer<T, In>>::POLICIES,
            ]
        },
    );
    const CACHE: usize = Self::LEN + padded(In::SIZE) + Self::PENALIZES as usize;
    const SEPARATE: bool = <A::Layer as Layer<T, In>>::SEPARATE
        && <B::Layer as Layer<T, In>>::SEPARATE
        && <C::Layer as Layer<T, In>>::SEPARATE
        && <D::Layer as Layer<T, In>>::SEPARATE;
    const PENALIZES: bool = <A::Layer as Layer<T, In>>::PENALIZES
        || <B::Layer as Layer<T, In>>::PENALIZES
        || <C::Layer as Layer<T, In>>::PENALIZES
        || <D::Layer as Layer<T, In>>::PENALIZES;
    const SCRATCH: usize = Self::PENALIZES as usize
        + max([
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
        let (scratch, penalties) = penalties::split(scratch, x.len(), Self::PENALIZES);
        let mut pass = Forward::new(x, y, channels(Self::Output::DIMS), penalties);
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
        let (cache, penalties) = penalties::split(cache, x.len(), Self::PENALIZES);
        let mut pass = Forward::new(x, y, channels(Self::Output::DIMS), penalties);
        pass.train::<M, In, A, I>(isa, a, &weights.first, cache, moment.layer(0, a.tensor));
        pass.train::<M, In, B, I>(isa, b, &weights.second, cache, moment.layer(1, b.tensor));
        pass.train::<M, In, C, I>(isa, c, &weights.third, cache, moment.layer(2, c.tensor));
        pass.train::<M, In, D, I>(isa, d, &weights.fourth, cache, moment.layer(3, d.tensor));
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
        pass.cache = penalties::split(pass.cache, pass.x.len(), Self::PENALIZES).0;
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

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let x = graph.value();
        let mut outputs = Vec::new();
        if M::SHORTCUT {
            outputs.push(x);
        }
        outputs.extend(write::<T, In, A>("first", &weights.first, x, graph)?);
        outputs.extend(write::<T, In, B>("second", &weights.second, x, graph)?);
        outputs.extend(write::<T, In, C>("third", &weights.third, x, graph)?);
        outputs.extend(write::<T, In, D>("fourth", &weights.fourth, x, graph)?);
        merge(M::ADDS, In::DIMS.len() == 3, &outputs, graph);
        Ok(())
    }
}
