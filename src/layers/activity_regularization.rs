//! A penalty for large numbers between layers.

use super::check::is_number;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Float, Layer, Missing, Moment, NoWeights, PolicyArgument,
    penalties,
};
use crate::onnx::Graph;
use crate::regularizers::Penalty;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Fact, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// `y = x`, and each sample adds `l1 Σ |x| + l2 Σ x²` to its loss, Keras' `ActivityRegularization`.
///
/// Any input, the output has the same shape. The sums are those over all numbers of the sample, so a batch
/// adds their mean: to every loss that is reported, and to the gradient by x. Weights of samples do not
/// count in it.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `l1` | 0.0 | the factor of the absolute values; at least 0 |
/// | `l2` | 0.0 | the factor of the squares; at least 0 |
/// | `activity_regularizer` | none | both as a word, see [`regularizers`](crate::regularizers) |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3] => [3] { ActivityRegularization(l1 = 0.1, l2 = 0.01) }
/// }
/// let mut model = Net::new(1);
/// let x = [[1.0, -2.0, 0.0]];
/// let y = [model.predict(&x[0])]; // targets that are met
/// assert_eq!(y, x);
/// let training = model.compile(Sgd::new(0.1), MeanSquaredError);
/// let loss = training.evaluate(&x, &y)?.loss;
/// assert!((loss - (0.1 * (1.0 + 2.0) + 0.01 * (1.0 + 4.0))).abs() < 1e-7);
/// # Ok::<(), plywood::Error>(())
/// ```
///
/// In Keras every layer has the argument `activity_regularizer`. Here it stands for this layer, put behind
/// that one: the following two are the same.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Short: [784] => [784] {
///         Dense(32, relu, activity_regularizer = l1(1e-5)),
///         Dense(784, sigmoid),
///     }
/// }
/// sequential! {
///     struct Long: [784] => [784] {
///         Dense(32, relu),
///         ActivityRegularization(l1 = 1e-5),
///         Dense(784, sigmoid),
///     }
/// }
/// # assert_eq!(Short::new(1).predict(&[0.5; 784]), Long::new(1).predict(&[0.5; 784]));
/// ```
///
/// Behind the last layer of a model, it hides the activation from the loss, as a `Reshape` does: the compiler
/// then does not see whether they go together.
///
/// # Errors of the compiler
/// If an argument is not in its range.
#[derive(Arguments)]
pub struct ActivityRegularization<
    L1 = Float<{ 0.0_f64.to_bits() }>,
    L2 = Float<{ 0.0_f64.to_bits() }>,
    ActivityRegularizer = Missing,
>(PhantomData<(L1, L2, ActivityRegularizer)>);

/// A factor, whose name is the fact.
const fn factor<X: Argument>(name: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        is_number::<X>() && X::VALUE >= 0.0 && X::VALUE < f64::INFINITY,
        "the argument `{0}` of {layer} must be a number of at least 0, such as `0.01`",
        name,
    )
}

/// What a sample adds to the loss.
const fn penalty<L1: Argument, L2: Argument, R: PolicyArgument>() -> Penalty {
    let mut penalty = Penalty {
        l1: L1::VALUE,
        l2: L2::VALUE,
    };
    if let Some(policy) = R::POLICY
        && let Some(more) = policy.penalty
    {
        penalty.l1 += more.l1;
        penalty.l2 += more.l2;
    }
    penalty
}

/// `y = x`, with the penalties of the rows at the end of some memory.
#[inline(always)]
fn forward<T: Element, I: Isa>(
    isa: I,
    penalty: Penalty,
    x: Rows<T>,
    mut y: RowsMut<T>,
    memory: &mut [T],
) {
    let (_, penalties) = penalties::split(memory, x.len(), true);
    for ((x, y), to) in x.iter().zip(y.iter_mut()).zip(penalties) {
        y.copy_from_slice(x);
        *to = T::of(penalty.sum(isa, x));
    }
}

impl<T, In, L1, L2, R> Layer<T, In> for ActivityRegularization<L1, L2, R>
where
    T: Element,
    In: Shape,
    L1: Argument,
    L2: Argument,
    R: PolicyArgument,
{
    type Output = In;
    type Weights = NoWeights;
    type Head = AnyHead;
    const CHECK: Check = factor::<L1>(&[Fact::Word("l1")])
        .and(factor::<L2>(&[Fact::Word("l2")]))
        .and(Check::that(
            matches!(R::POLICY, Some(policy) if policy.bound.is_none()),
            "an `activity_regularizer` must be a regulariser, such as `l2(0.01)`",
            &[],
        ));
    const PENALIZES: bool = true;
    const SEPARATE: bool = true;
    // What a sample counts in the loss, and its penalty.
    const CACHE: usize = 2;
    const SCRATCH: usize = 1;

    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            y.copy_from_slice(x);
        }
    }

    #[inline(always)]
    fn forward_inference<I: Isa>(
        isa: I,
        _: &NoWeights,
        x: Rows<T>,
        y: RowsMut<T>,
        scratch: &mut [T],
    ) {
        forward(isa, const { penalty::<L1, L2, R>() }, x, y, scratch);
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        _: &NoWeights,
        x: Rows<T>,
        y: RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        cache[..x.len()].fill(T::of(moment.share()));
        forward(isa, const { penalty::<L1, L2, R>() }, x, y, cache);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let penalty = const { penalty::<L1, L2, R>() };
        let rows = pass.x.iter().zip(pass.dy.as_rows().iter());
        for (((x, dy), dx), &share) in rows.zip(dx.iter_mut()).zip(&*pass.cache) {
            dx.copy_from_slice(dy);
            penalty.scaled(share.as_f64()).add_gradient(isa, x, dx);
        }
    }

    /// Nothing is computed in prediction.
    fn onnx(_: &NoWeights, _: &mut Graph) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { ActivityRegularization(0.3, 0.2) });
    contract!([3] => [2] { Dense(4, tanh), ActivityRegularization(l2 = 0.5), Dense(2) });
    contract!([3] => [2] { Dense(4, relu, activity_regularizer = l1), BatchNormalization, Dense(2) });
    contract!([2, 3] => [2, 4] {
        TimeDistributed(Dense(4, tanh), ActivityRegularization(l2 = 0.1)), ActivityRegularization(1)
    });
    contract!([2, 3, 3] => [2, 3, 3] {
        Residual(Conv2D(2, 1, activity_regularizer = l1_l2(0.1, 0.2)), ReLU), ActivityRegularization
    });
    contract!([3] => [5] {
        Concatenate([Dense(2, activity_regularizer = l2)], [Dense(3, activity_regularizer = l1)]),
        ActivityRegularization(l1 = 0.1)
    });
}
