//! A row of a table for each number.

use super::check::policies;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::{Init, InitializerArgument, RandomUniform};
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Kept, Kind, Layer, Matrix, Missing, Policies, PolicyArgument,
    Update, Weights,
};
use crate::onnx::{Attribute, Graph, Values};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D2, Dim, Fact, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::Unsigned;

/// Whole numbers become rows of a table that is trained, Keras' `Embedding`.
///
/// Input `[steps]`, whole numbers from 0 to below `input_dim`, in the numbers of the model (`f32` holds
/// whole numbers up to 16777216); output `[steps, output_dim]`. Arrays of integers become such inputs by
/// [`data::indices`](crate::data::indices). Training and evaluation refuse other numbers with an error if
/// this is the model's first layer; a prediction, which has none, takes the nearest row.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `input_dim` | required | how many rows the table has |
/// | `output_dim` | required | how many numbers a row has |
/// | `embeddings_initializer` | `random_uniform` | how they begin, see [`initializers`](crate::initializers) |
/// | `embeddings_regularizer` | none | what they add to the loss, see [`regularizers`](crate::regularizers) |
/// | `embeddings_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [6] => [1] { Embedding(1000, 4), Flatten, Dense(1) }
/// }
/// let model = Net::new(1);
/// assert_eq!(Net::PARAMS, 1000 * 4 + (6 * 4 + 1));
/// model.predict(&[0, 17, 999, 3, 0, 0].map(|word| word as f32));
/// ```
///
/// Texts as numbers of words, 0 where there is none, and whether they praise:
///
/// ```
/// use plywood::data::indices;
/// use plywood::prelude::*;
///
/// const WORDS: [&str; 9] = ["", "a", "bad", "book", "dull", "fine", "good", "not", "film"];
/// let texts: Vec<[u32; 4]> = vec![
///     [1, 6, 3, 0], [1, 5, 8, 0], [6, 3, 0, 0], [7, 1, 2, 8], // a good book, a fine film, ...
///     [1, 2, 3, 0], [1, 4, 8, 0], [2, 8, 0, 0], [7, 1, 6, 8], // a bad book, a dull film, ...
/// ];
/// let x: Vec<[f32; 4]> = indices(&texts, WORDS.len())?;
/// let y = [[1.0], [1.0], [1.0], [1.0], [0.0], [0.0], [0.0], [0.0]];
///
/// sequential! {
///     struct Praise: [4] => [1] {
///         Embedding({ WORDS.len() }, 8),
///         Conv1D(8, 3, activation = tanh),
///         GlobalMaxPooling1D,
///         Dense(1, sigmoid),
///     }
/// }
/// let mut model = Praise::new(1);
/// let mut training = model
///     .compile(Adam::new(0.01), BinaryCrossentropy)
///     .metrics(BinaryAccuracy::default());
/// training.fit(&x, &y, Fit::new().epochs(200).verbose(Verbose::Silent))?;
/// assert_eq!(training.evaluate(&x, &y)?.metric("binary_accuracy"), Some(1.0));
///
/// let [good_film] = indices(&[[1_u32, 6, 8, 0]], WORDS.len())?[..] else { unreachable!() };
/// assert!(model.predict(&good_film)[0] > 0.5);
/// # Ok::<(), plywood::Error>(())
/// ```
///
/// # Errors of the compiler
/// If the input has more than one dimension, or an argument is not in its range.
#[derive(Arguments)]
pub struct Embedding<
    InputDim = Missing,
    OutputDim = Missing,
    EmbeddingsInitializer = crate::word!(RandomUniform),
    EmbeddingsRegularizer = Missing,
    EmbeddingsConstraint = Missing,
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
        InputDim,
        OutputDim,
        EmbeddingsInitializer,
        EmbeddingsRegularizer,
        EmbeddingsConstraint,
    )>,
);

/// The weights of [`Embedding`]: K rows of N numbers.
#[derive(Debug, Weights)]
pub struct EmbeddingWeights<T: Element, K: Dim, N: Dim> {
    /// The table.
    pub embeddings: Matrix<T, K, N>,
}

/// ONNX's number for the type of rows.
const INT64: i64 = 7;

/// Up to here `f32` holds every whole number.
const MOST: usize = 1 << 24;

impl<T, In, K, N, Initializer, Regularizer, Constraint> Layer<T, In>
    for Embedding<K, N, Initializer, Regularizer, Constraint>
where
    T: Element,
    In: Shape,
    K: Argument,
    N: Argument,
    Initializer: InitializerArgument,
    Regularizer: PolicyArgument,
    Constraint: PolicyArgument,
    D2<In::Size, N::Number>: Shape,
{
    type Output = D2<In::Size, N::Number>;
    type Weights = EmbeddingWeights<T, K::Number, N::Number>;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        !matches!(K::KIND, Kind::Missing) && !matches!(N::KIND, Kind::Missing),
        "{layer} needs the number of its rows and their length, as in `Embedding(1000, 64)`",
        &[],
    )
    .and(Check::that(
        matches!(K::KIND, Kind::Int) && K::Number::USIZE > 0 && K::Number::USIZE <= MOST,
        "the argument `input_dim` of {layer} must be a whole number from 1 to {0}",
        &[Fact::Number(MOST)],
    ))
    .and(Check::that(
        matches!(N::KIND, Kind::Int) && N::Number::USIZE > 0,
        "the argument `output_dim` of {layer} must be a whole number from 1 on",
        &[],
    ))
    .and(Check::that(
        Initializer::OK,
        "the argument `embeddings_initializer` of {layer} must be an initialiser, such as \
         `random_uniform`",
        &[],
    ))
    .and(<Self as Layer<T, In>>::POLICIES.check())
    .and(Check::that(
        In::DIMS.len() == 1,
        "{layer} expects whole numbers in one dimension, [steps], but {from} gives {input}",
        &[],
    ));
    const POLICIES: Policies = policies! {
        embeddings, embeddings, &[K::Number::USIZE, N::Number::USIZE], Regularizer, Constraint;
    };
    const INDICES: Option<usize> = Some(K::Number::USIZE);
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let (rows, width) = (K::Number::USIZE, N::Number::USIZE);
        init.fill::<T, _, Initializer::Initializer>(&mut weights.embeddings, rows, width);
    }

    #[inline(always)]
    fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for (&x, y) in x.iter().zip(y.chunks_exact_mut(N::Number::USIZE.max(1))) {
                y.copy_from_slice(weights.embeddings.row(nearest::<T, K::Number>(x)));
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &Self::Weights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        for dx in dx.iter_mut() {
            dx.fill(T::zero());
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let width = N::Number::USIZE;
        update.tensor(isa, &mut weights.embeddings, |gradient| {
            for (x, dy) in kept.x.iter().zip(kept.dz.iter()) {
                for (&x, dy) in x.iter().zip(dy.chunks_exact(width.max(1))) {
                    let start = nearest::<T, K::Number>(x) * padded(width);
                    for (gradient, &dy) in gradient[start..start + width].iter_mut().zip(dy) {
                        *gradient += dy;
                    }
                }
            }
        });
    }

    /// (A number in the middle between two rows goes to the even one.)
    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let (first, last) = (
            graph.number(0.0),
            graph.number((K::Number::USIZE - 1) as f64),
        );
        graph.apply("Round", &[], &[]);
        graph.apply("Clip", &[first, last], &[]);
        graph.apply("Cast", &[], &[("to", Attribute::Int(INT64))]);
        let table = graph.tensor("embeddings", Values::of(&weights.embeddings));
        let rows = graph.value();
        graph.set_value(table);
        graph.apply("Gather", &[rows], &[]);
        Ok(())
    }
}

/// The row nearest to a number.
#[inline(always)]
fn nearest<T: Element, K: Dim>(x: T) -> usize {
    // What is below 0, or not a number, becomes 0.
    let row = (x.as_f64() + 0.5) as usize;
    row.min(K::USIZE.saturating_sub(1))
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5, 3] { Embedding(4, 3) });
    contract!([1] => [1, 17] { Embedding(7, 17) });
    contract!([3] => [2] {
        Embedding(5, output_dim = 2, embeddings_initializer = random_normal), Flatten, Dense(2)
    });
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    sequential! {
        struct Net: [2] => [2, 1] { Embedding(3, 1) }
    }

    #[test]
    fn training_refuses_what_is_no_row() {
        let mut model = Net::new(1);
        let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
        let y = [[[0.0], [0.0]]; 2];
        for bad in [3.0, -1.0, 0.5] {
            let error = training
                .train_on_batch(&[[0.0, 2.0], [1.0, bad]], &y)
                .unwrap_err();
            let text = alloc::format!(
                "number 1 of sample 1 of x (counted from 0) is {bad}, but must be a whole number from \
                 0 to 2"
            );
            assert_eq!(alloc::string::ToString::to_string(&error), text);
        }
        training
            .train_on_batch(&[[0.0, 2.0], [1.0, 0.0]], &y)
            .unwrap();
    }

    #[test]
    fn prediction_takes_the_nearest_row() {
        let model = Net::new(1);
        let row = |i: usize| [model.embedding.embeddings[[i, 0]]];
        assert_eq!(model.predict(&[1.2, 7.0]), [row(1), row(2)]);
        assert_eq!(model.predict(&[-7.0, f32::NAN]), [row(0), row(0)]);
    }

    #[test]
    fn rows_that_do_not_occur_stay() {
        let mut model = Net::new(1);
        let before = model.get_weights()[0].values.clone();
        let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
        training
            .train_on_batch(&[[0.0, 0.0]], &[[[1.0], [1.0]]])
            .unwrap();
        let after = model.get_weights()[0].values.clone();
        assert_ne!(before[0], after[0]);
        assert_eq!(before[1..], after[1..]);
    }
}
