//! The same layers, with the same weights, for each item of a list.

use super::parallel::Branch;
use crate::error::Result;
use crate::initializers::Init;
use crate::kernels::Element;
use crate::layer::{
    Arguments, Backward, Kept, Kind, Layer, Missing, Moment, OverItems, Policies, Update, penalties,
};
use crate::layout::{in_items, put_item, take_item};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, Fact, Items, Several, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::Unsigned;

/// `y_i = f(x_i)`: one list of layers, with one set of weights, for each item of the first dimension:
/// Keras' `TimeDistributed`.
///
/// Input `[n, ...]` of two to four dimensions; the list gets each of the n items by itself. Output
/// `[n, ...]`: what the list gives for each. The gradients of all uses add up.
///
/// The argument is a layer, several layers, or a list in brackets, as in `[Encoder]` for a model without
/// arguments. Its weights are the layers' by name.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     /// A number for each of 20 steps.
///     struct Steps: [20, 6] => [20, 1] {
///         TimeDistributed(Dense(8, relu), Dense(1)),
///     }
/// }
/// assert_eq!(Steps::PARAMS, (6 * 8 + 8) + (8 + 1));
/// assert_eq!(Steps::new(1).get_weights()[0].name, "time_distributed/dense/kernel");
/// ```
///
/// Every layer of a model has weights of its own, and a model that stands in a list twice is two networks.
/// This is how to use one twice: as for two pictures of which a siamese network says whether they are alike.
///
/// ```
/// # use plywood::prelude::*;
/// sequential! {
///     struct Encoder: [28, 28] => [16] { Flatten, Dense(32, relu), Dense(16) }
/// }
/// sequential! {
///     struct Alike: [2, 28, 28] => [1] {
///         TimeDistributed([Encoder]) => [2, 16],
///         Flatten,
///         Dense(16, relu),
///         Dense(1, sigmoid),
///     }
/// }
/// let model = Alike::new(1);
/// assert_eq!(model.time_distributed.encoder.dense_1.bias.len(), 16);
/// ```
///
/// # Errors of the compiler
/// If the input has one dimension, or the list gives four.
#[derive(Arguments)]
pub struct TimeDistributed<Layer = Missing>(PhantomData<Layer>);

impl<L> OverItems for TimeDistributed<L> {}

/// The list as a layer.
type Inner<T, In, L> = <L as Branch<T, <In as Items>::Item>>::Layer;
/// What it gives for an item.
type Out<T, In, L> = <Inner<T, In, L> as Layer<T, <In as Items>::Item>>::Output;
/// Where its inputs lie.
type X<In> = Place<In, <In as Items>::Item>;
/// Where its outputs lie.
type Y<T, In, L> = Place<<Out<T, In, L> as Several<<In as Items>::Count>>::Shape, Out<T, In, L>>;

impl<T, In, L> Layer<T, In> for TimeDistributed<L>
where
    T: Element,
    In: Items,
    L: Branch<T, In::Item>,
    Out<T, In, L>: Several<In::Count>,
{
    type Output = <Out<T, In, L> as Several<In::Count>>::Shape;
    type Weights = <Inner<T, In, L> as Layer<T, In::Item>>::Weights;
    type Head = <Inner<T, In, L> as Layer<T, In::Item>>::Head;

    const CHECK: Check = Check::that(
        matches!(L::KIND, Kind::Network),
        "{layer} needs a layer with its arguments, or a list of layers in brackets, as in \
         `TimeDistributed(Dense(8))` or `TimeDistributed([Flatten])`",
        &[],
    )
    .and(Check::that(
        In::DIMS.len() > 1,
        "{layer} takes the items of the first of two to four dimensions, but {from} gives {input}",
        &[],
    ))
    .and(Check::that(
        Out::<T, In, L>::DIMS.len() < 4,
        "the layers of {layer} give {0}, and several of these would have five dimensions",
        const { &[Fact::Shape(Out::<T, In, L>::DIMS)] },
    ));
    const POLICIES: Policies = Inner::<T, In, L>::POLICIES;
    const INDICES: Option<usize> = Inner::<T, In, L>::INDICES;
    const MACS: usize = In::Count::USIZE * Inner::<T, In, L>::MACS;
    const CACHE: usize = 2 * X::<In>::OWN
        + 2 * Y::<T, In, L>::OWN
        + In::Count::USIZE * Inner::<T, In, L>::CACHE
        + Inner::<T, In, L>::PENALIZES as usize;
    const SEPARATE: bool = Inner::<T, In, L>::SEPARATE;
    const PENALIZES: bool = Inner::<T, In, L>::PENALIZES;
    const SCRATCH: usize = X::<In>::OWN
        + Y::<T, In, L>::OWN
        + In::Count::USIZE * Inner::<T, In, L>::SCRATCH
        + Inner::<T, In, L>::PENALIZES as usize;
    const PREPARED: usize = Inner::<T, In, L>::PREPARED;
    const PREPARES_ALWAYS: bool = Inner::<T, In, L>::PREPARES_ALWAYS;
    const BACKWARD_SCRATCH: usize = Inner::<T, In, L>::BACKWARD_SCRATCH;
    const GRADIENT: usize = Inner::<T, In, L>::GRADIENT;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        Inner::<T, In, L>::init(weights, init);
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
        let (rest, penalties) = penalties::split(scratch, x.len(), Inner::<T, In, L>::PENALIZES);
        let (x_own, rest) = rest.split_at_mut(X::<In>::OWN * x.len());
        let (y_own, scratch) = rest.split_at_mut(Y::<T, In, L>::OWN * x.len());
        X::<In>::take(x, x_own);
        let items = Y::<T, In, L>::items_mut(&mut y, y_own);
        let x = X::<In>::items(x, x_own);
        Inner::<T, In, L>::forward_inference(isa, weights, x, items, &mut *scratch);
        Y::<T, In, L>::put(y_own, &mut y);
        if const { Inner::<T, In, L>::PENALIZES } {
            penalties.fill(T::zero());
            penalties::add(scratch, In::Count::USIZE, penalties);
        }
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
        let [x_own, _, y_own, _, cache, penalties] = Self::split::<T, In>(cache, x.len());
        X::<In>::take(x, x_own);
        let items = Y::<T, In, L>::items_mut(&mut y, y_own);
        let x = X::<In>::items(x, x_own);
        let moment = moment.of_items(In::Count::USIZE);
        Inner::<T, In, L>::forward_training(isa, weights, x, items, &mut *cache, moment);
        Y::<T, In, L>::put(y_own, &mut y);
        if const { Inner::<T, In, L>::PENALIZES } {
            penalties.fill(T::zero());
            penalties::add(cache, In::Count::USIZE, penalties);
        }
    }

    #[inline(always)]
    fn prepare_backward<I: Isa>(isa: I, weights: &Self::Weights, prepared: &mut [T]) {
        Inner::<T, In, L>::prepare_backward(isa, weights, prepared);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, mut pass: Backward<T>) {
        let [x_own, dx_own, y_own, dy_own, cache, _] =
            Self::split::<T, In>(pass.cache, pass.x.len());
        Y::<T, In, L>::take(pass.dy.as_rows(), dy_own);
        let dx = match &mut pass.dx {
            Some(dx) => Some(X::<In>::items_mut(dx, dx_own)),
            None => None,
        };
        Inner::<T, In, L>::backward(
            isa,
            weights,
            Backward {
                x: X::<In>::items(pass.x, x_own),
                y: Y::<T, In, L>::items(pass.y, y_own),
                cache,
                dy: Y::<T, In, L>::items_mut(&mut pass.dy, dy_own),
                dx,
                picks: None,
                ..pass
            },
        );
        if let Some(dx) = &mut pass.dx {
            X::<In>::put(dx_own, dx);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let rows = kept.x.len();
        let (x_own, rest) = kept.cache.split_at(X::<In>::OWN * rows);
        let (_, rest) = rest.split_at(X::<In>::OWN * rows);
        let (y_own, rest) = rest.split_at(Y::<T, In, L>::OWN * rows);
        let (dz_own, cache) = rest.split_at(Y::<T, In, L>::OWN * rows);
        let own = Kept {
            x: X::<In>::items(kept.x, x_own),
            y: Y::<T, In, L>::items(kept.y, y_own),
            cache,
            dz: Y::<T, In, L>::items(kept.dz, dz_own),
            picks: None,
        };
        Inner::<T, In, L>::update(isa, weights, own, update);
    }

    /// The items are the samples of a larger batch.
    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        graph.reshape(In::Item::DIMS);
        Inner::<T, In, L>::onnx(weights, graph)?;
        graph.reshape(Self::Output::DIMS);
        Ok(())
    }
}

impl<L> TimeDistributed<L> {
    /// The cache in six: items that came in and their gradients, items that went out and theirs, what the
    /// list keeps, and penalties.
    #[inline(always)]
    fn split<T, In>(cache: &mut [T], rows: usize) -> [&mut [T]; 6]
    where
        T: Element,
        In: Items,
        L: Branch<T, In::Item>,
        Out<T, In, L>: Several<In::Count>,
    {
        let any = Inner::<T, In, L>::PENALIZES;
        let (cache, penalties) = penalties::split(cache, rows, any);
        let (x, rest) = cache.split_at_mut(X::<In>::OWN * rows);
        let (dx, rest) = rest.split_at_mut(X::<In>::OWN * rows);
        let (y, rest) = rest.split_at_mut(Y::<T, In, L>::OWN * rows);
        let (dy, cache) = rest.split_at_mut(Y::<T, In, L>::OWN * rows);
        [x, dx, y, dy, cache, penalties]
    }
}

/// Where the items of a batch lie for the list: where they are, or in rows of their own.
struct Place<Whole, Item>(PhantomData<(Whole, Item)>);

impl<Whole: Shape, Item: Shape> Place<Whole, Item> {
    /// How many numbers the items of a sample take in rows of their own.
    const OWN: usize = if in_items::<Whole, Item>() {
        0
    } else {
        Whole::SIZE / if Item::SIZE > 0 { Item::SIZE } else { 1 } * padded(Item::SIZE)
    };

    /// The items, of which `own` are the rows of their own.
    #[inline(always)]
    fn items<'a, T>(whole: Rows<'a, T>, own: &'a [T]) -> Rows<'a, T> {
        let data = if Self::OWN > 0 {
            own
        } else {
            whole.padded_data()
        };
        Rows::new(data, Item::SIZE)
    }

    /// The same, to be written.
    #[inline(always)]
    fn items_mut<'a, T>(whole: &'a mut RowsMut<'_, T>, own: &'a mut [T]) -> RowsMut<'a, T> {
        let data = if Self::OWN > 0 {
            own
        } else {
            whole.padded_data()
        };
        RowsMut::new(data, Item::SIZE)
    }

    /// Copies the items into rows of their own.
    #[inline(always)]
    fn take<T: Copy>(whole: Rows<T>, own: &mut [T]) {
        for (whole, own) in whole.iter().zip(own.chunks_exact_mut(Self::OWN.max(1))) {
            for (i, item) in RowsMut::new(own, Item::SIZE).iter_mut().enumerate() {
                take_item::<Whole, Item, _>(whole, i, item);
            }
        }
    }

    /// Copies them back.
    #[inline(always)]
    fn put<T: Copy>(own: &[T], whole: &mut RowsMut<T>) {
        for (whole, own) in whole.iter_mut().zip(own.chunks_exact(Self::OWN.max(1))) {
            for (i, item) in Rows::new(own, Item::SIZE).iter().enumerate() {
                put_item::<Whole, Item, _>(item, i, whole);
            }
        }
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    // Items that are copied, and items that are not, before and behind the list.
    contract!([3, 5] => [3, 2] { TimeDistributed(Dense(7, tanh), Dense(2)) });
    contract!([2, 16] => [2, 16] { TimeDistributed(Dense(16, gelu)) });
    contract!([4, 8] => [4, 3] { TimeDistributed([Dense(3)]), TimeDistributed(Dense(3, sigmoid)) });
    contract!([2, 3] => [2, 4] { TimeDistributed(Dropout(0.3), Dense(4)) });
    // Items of two dimensions stand for the channels of an image inside, those of three are images.
    contract!([2, 3, 5] => [2, 4] { TimeDistributed([Flatten, Dense(4, tanh)]) });
    contract!([3, 4] => [2, 3, 2] { TimeDistributed([Reshape([2, 2])]), Permute([2, 1, 3]) });
    contract!([3, 2, 4, 3] => [3, 2, 3, 2] { TimeDistributed(Conv2D(2, 2, activation = tanh)) });
    contract!([2, 2, 3, 3] => [3] {
        TimeDistributed(Conv2D(3, 2), GlobalAveragePooling2D), Flatten, Dense(3)
    });
    contract!([2, 3, 4] => [2, 3, 4] {
        TimeDistributed(Residual(TimeDistributed(Dense(4, tanh)))), BatchNormalization
    });
    contract!([2, 3] => [2, 3, 2] { TimeDistributed(Embedding(4, 2)) });
}
