//! Normalisation by the statistics of a batch.

use super::axis::FeatureAxis;
use super::check::policies;
use super::features::Pattern;
use super::onnx::{axis_first, features_back, features_first, scale_and_shift};
use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::{Init, InitializerArgument, Ones, Zeros};
use crate::kernels::Element;
use crate::kernels::channelwise::pattern::{Distances, Numbers, Squares};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Float, Frozen, Kept, Kind, Layer, Missing, Moment,
    Policies, PolicyArgument, Update, Vector, Weights,
};
use crate::onnx::{Attribute, Graph, Values};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Dim, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::Unsigned;

/// Each feature gets mean 0 and variance 1, then a scale and a mean that are trained, Keras'
/// `BatchNormalization`: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`.
///
/// Any input, the output has the same shape. A feature is one of `[n]`, one of the last dimension of
/// `[steps, channels]`, or a channel of an image `[channels, height, width]`: axis -1. With `axis = 1` it is
/// a step of `[steps, channels]`. In training, mean and variance (divided by the count, not by one less)
/// are those of the batch, over all its samples and places. In prediction they are `moving_mean` and
/// `moving_variance`, of which each training step keeps the share `momentum`, and takes the rest from its
/// batch. These two are weights that are not trained: no optimiser changes them.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `axis` | -1 | the axis of the features: the last one or, but for images, any, counted from 1 on |
/// | `momentum` | 0.99 | the share of the moving statistics that a step keeps, from 0 to 1 |
/// | `epsilon` | 0.001 | is added to the variance; above 0 |
/// | `center` | `true` | whether there is a beta |
/// | `scale` | `true` | whether there is a gamma |
/// | `beta_initializer` | `zeros` | how beta begins, see [`initializers`](crate::initializers) |
/// | `gamma_initializer` | `ones` | how gamma begins |
/// | `beta_regularizer`, `gamma_regularizer` | none | what they add to the loss, see [`regularizers`](crate::regularizers) |
/// | `beta_constraint`, `gamma_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3] => [2] {
///         Dense(8, use_bias = false),
///         BatchNormalization(momentum = 0.9),
///         Activation(relu),
///         Dense(2),
///     }
/// }
/// assert_eq!(Net::PARAMS, 3 * 8 + (8 + 8) + (8 * 2 + 2));
/// assert_eq!(Net::new(1).batch_normalization.moving_variance.len(), 8); // not trained
/// ```
///
/// A sample alone has no variance: on `[n]`, train with batches of some samples at least.
///
/// Where the layer is frozen ([`Training::freeze`](crate::training::Training::freeze)), training
/// normalises by the moving statistics, too, and they stay as they are.
///
/// # Errors of the compiler
/// If there is no such axis, or an argument is not in its range.
#[derive(Arguments)]
pub struct BatchNormalization<
    Axis = Float<{ (-1.0_f64).to_bits() }>,
    Momentum = Float<{ 0.99_f64.to_bits() }>,
    Epsilon = Float<{ 1e-3_f64.to_bits() }>,
    Center = Bool<true>,
    Scale = Bool<true>,
    BetaInitializer = crate::word!(Zeros),
    GammaInitializer = crate::word!(Ones),
    BetaRegularizer = Missing,
    GammaRegularizer = Missing,
    BetaConstraint = Missing,
    GammaConstraint = Missing,
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
        Axis,
        Momentum,
        Epsilon,
        Center,
        Scale,
        BetaInitializer,
        GammaInitializer,
        BetaRegularizer,
        GammaRegularizer,
        BetaConstraint,
        GammaConstraint,
    )>,
);

/// The weights of [`BatchNormalization`]: G gammas, B betas (the features or none), F features.
#[derive(Debug, Weights)]
pub struct BatchNormalizationWeights<T: Element, G: Dim, B: Dim, F: Dim> {
    /// What each normalised feature is multiplied by.
    pub gamma: Vector<T, G>,
    /// What is added then.
    pub beta: Vector<T, B>,
    /// The mean of each feature, for prediction.
    pub moving_mean: Frozen<Vector<T, F>>,
    /// The variance of each feature, for prediction.
    pub moving_variance: Frozen<Vector<T, F>>,
}

impl<T, In, Axis, Momentum, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC> Layer<T, In>
    for BatchNormalization<Axis, Momentum, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC>
where
    T: Element,
    In: Shape,
    Axis: FeatureAxis<In>,
    Momentum: Argument,
    Epsilon: Argument,
    Center: Argument,
    Scale: Argument,
    BI: InitializerArgument,
    GI: InitializerArgument,
    BR: PolicyArgument,
    GR: PolicyArgument,
    BC: PolicyArgument,
    GC: PolicyArgument,
{
    type Output = In;
    type Weights = BatchNormalizationWeights<
        T,
        Scale::Keep<Axis::Features>,
        Center::Keep<Axis::Features>,
        Axis::Features,
    >;
    type Head = AnyHead;

    const CHECK: Check = Axis::CHECK
        .and(Check::that(
            matches!(Momentum::KIND, Kind::Float | Kind::Int)
                && Momentum::VALUE >= 0.0
                && Momentum::VALUE <= 1.0,
            "the argument `momentum` of {layer} must be a number from 0 to 1, such as `0.99`",
            &[],
        ))
        .and(super::check::epsilon::<Epsilon>())
        .and(super::check::center_and_scale::<Center, Scale, BI, GI>())
        .and(<Self as Layer<T, In>>::POLICIES.check());

    const POLICIES: Policies = policies! {
        gamma, gamma, &[Axis::Features::USIZE], GR, GC;
        beta, beta, &[Axis::Features::USIZE], BR, BC;
    };
    // Of a batch, and not of each row: the first row's share is enough.
    const CACHE: usize = 4 * Pattern::of_axis::<In, Axis>().len() + SHARE;
    const SCRATCH: usize = 3 * Pattern::of_axis::<In, Axis>().len();
    const BACKWARD_SCRATCH: usize = 3 * Pattern::of_axis::<In, Axis>().len();

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let n = Axis::Features::USIZE;
        init.fill::<T, _, GI::Initializer>(&mut weights.gamma, n, n);
        init.fill::<T, _, BI::Initializer>(&mut weights.beta, n, n);
        weights.moving_variance.fill(T::one());
    }

    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        let mut scratch = alloc::vec![T::zero(); <Self as Layer<T, In>>::SCRATCH * x.len()];
        <Self as Layer<T, In>>::forward_inference(isa, weights, x, y, &mut scratch);
    }

    #[inline(always)]
    fn forward_inference<I: Isa>(
        _: I,
        weights: &Self::Weights,
        x: Rows<T>,
        y: RowsMut<T>,
        scratch: &mut [T],
    ) {
        if x.is_empty() {
            return;
        }
        let pattern = const { Pattern::of_axis::<In, Axis>() };
        let [mean, factor, beta] = patterns(pattern, scratch);
        pattern.fill(factor, &weights.moving_variance, T::one());
        gain(pattern, factor, Epsilon::VALUE, &weights.gamma);
        pattern.fill(mean, &weights.moving_mean, T::zero());
        pattern.fill(beta, &weights.beta, T::zero());
        normalise(x, y, mean, factor, beta);
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        _: I,
        weights: &Self::Weights,
        x: Rows<T>,
        y: RowsMut<T>,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        if x.is_empty() {
            return;
        }
        let pattern = const { Pattern::of_axis::<In, Axis>() };
        let ([mean, variance, factor, beta], share) = split(pattern, cache);
        if moment.is_frozen() {
            *share = T::zero();
            pattern.fill(mean, &weights.moving_mean, T::zero());
            pattern.fill(variance, &weights.moving_variance, T::one());
        } else {
            *share = T::of(1.0 / (x.len() * (In::SIZE / pattern.features)) as f64);
            statistics(pattern, x, mean, variance, *share);
        }
        factor.copy_from_slice(variance);
        gain(pattern, factor, Epsilon::VALUE, &weights.gamma);
        pattern.fill(beta, &weights.beta, T::zero());
        normalise(x, y, mean, factor, beta);
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, weights: &Self::Weights, pass: Backward<T>) {
        if pass.x.is_empty() {
            return;
        }
        let (x, dy) = (pass.x, pass.dy.as_rows());
        let pattern = const { Pattern::of_axis::<In, Axis>() };
        let ([mean, variance, sum_dy, sum_dy_x], share) = split(pattern, pass.cache);
        let [factor, mean_dy, slope] = patterns(pattern, pass.scratch);
        pattern.sum(Numbers, [dy, dy], mean, sum_dy);
        pattern.sum(Distances, [dy, x], mean, sum_dy_x);
        // Mean and variance depend on x, too: what of dy would change them does not reach dx.
        let (share, epsilon) = (*share, T::of(Epsilon::VALUE));
        for (((slope, sum), mean_dy), (&sum_dy, &variance)) in slope
            .iter_mut()
            .zip(&mut *sum_dy_x)
            .zip(&mut *mean_dy)
            .zip(sum_dy.iter().zip(&*variance))
        {
            let deviation = (variance + epsilon).sqrt();
            *sum /= deviation;
            *slope = *sum * share / deviation;
            *mean_dy = sum_dy * share;
        }
        let Some(mut dx) = pass.dx else { return };
        factor.copy_from_slice(variance);
        gain(pattern, factor, Epsilon::VALUE, &weights.gamma);
        let len = mean.len();
        for ((x, dy), dx) in x.iter().zip(dy.iter()).zip(dx.iter_mut()) {
            for ((x, dy), dx) in x.chunks(len).zip(dy.chunks(len)).zip(dx.chunks_mut(len)) {
                let of_features = factor.iter().zip(&*mean_dy).zip(slope.iter().zip(&*mean));
                let numbers = dx.iter_mut().zip(x.iter().zip(dy));
                for ((dx, (&x, &dy)), ((&factor, &mean_dy), (&slope, &mean))) in
                    numbers.zip(of_features)
                {
                    *dx = factor * (dy - mean_dy - slope * (x - mean));
                }
            }
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        if kept.x.is_empty() {
            return;
        }
        let pattern = const { Pattern::of_axis::<In, Axis>() };
        let (parts, share) = kept.cache.split_at(4 * pattern.len());
        let mut parts = parts.chunks_exact(pattern.len());
        let mut next = || parts.next().unwrap_or(&[]);
        let (mean, variance, sum_dy, sum_dy_x) = (next(), next(), next(), next());
        let n = pattern.features;
        update.tensor(isa, &mut weights.gamma, |gradient| {
            pattern.each(&mut gradient[..n], sum_dy_x, |to, sum| *to = sum);
        });
        update.tensor(isa, &mut weights.beta, |gradient| {
            pattern.each(&mut gradient[..n], sum_dy, |to, sum| *to = sum);
        });
        if share[0] == T::zero() {
            return;
        }
        let keep = T::of(Momentum::VALUE);
        let step = |moving: &mut [T], seen: &[T]| {
            pattern.each(moving, seen, |moving, seen| {
                *moving = keep * *moving + (T::one() - keep) * seen;
            });
        };
        update.frozen(&mut weights.moving_mean, |moving| step(moving, mean));
        update.frozen(&mut weights.moving_variance, |moving| {
            step(moving, variance)
        });
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let dims = &[Axis::Features::USIZE];
        let [gamma, beta] = scale_and_shift(graph, dims, &weights.gamma, &weights.beta);
        let inputs = [
            gamma,
            beta,
            graph.tensor("moving_mean", Values::of(&weights.moving_mean)),
            graph.tensor("moving_variance", Values::of(&weights.moving_variance)),
        ];
        let epsilon = Attribute::Float(Epsilon::VALUE as f32);
        let write =
            |graph: &mut Graph| graph.apply("BatchNormalization", &inputs, &[("epsilon", epsilon)]);
        if let Some(axis) = Axis::NUMBER {
            axis_first::<In>(graph, axis, write);
        } else {
            features_first::<In>(graph);
            write(graph);
            features_back::<In>(graph);
        }
        Ok(())
    }
}

/// How many numbers the share of a number of the batch in its statistics takes: a line of memory, so
/// that what lies behind it begins at one.
const SHARE: usize = 16;

/// The cache in five: four patterns and the share, which is zero if the statistics are not the batch's.
#[inline(always)]
fn split<T: Element>(pattern: Pattern, cache: &mut [T]) -> ([&mut [T]; 4], &mut T) {
    let (parts, share) = cache.split_at_mut(4 * pattern.len());
    (patterns(pattern, parts), &mut share[0])
}

/// Mean and variance of a batch.
#[inline(always)]
fn statistics<T: Element>(
    pattern: Pattern,
    x: Rows<T>,
    mean: &mut [T],
    variance: &mut [T],
    share: T,
) {
    // (Of the numbers themselves, nothing need be known.)
    pattern.sum(Numbers, [x, x], variance, mean);
    mean.iter_mut().for_each(|mean| *mean *= share);
    pattern.sum(Squares, [x, x], mean, variance);
    variance.iter_mut().for_each(|variance| *variance *= share);
}

/// The first N patterns of some memory.
#[inline(always)]
fn patterns<T: Element, const N: usize>(pattern: Pattern, memory: &mut [T]) -> [&mut [T]; N] {
    let mut parts = memory.chunks_exact_mut(pattern.len());
    core::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// From variances to `gamma / sqrt(variance + epsilon)`.
#[inline(always)]
fn gain<T: Element, G: Dim>(
    pattern: Pattern,
    variance: &mut [T],
    epsilon: f64,
    gamma: &Vector<T, G>,
) {
    let epsilon = T::of(epsilon);
    pattern.gather(variance);
    for gain in &mut variance[..pattern.features] {
        *gain = T::one() / (*gain + epsilon).sqrt();
    }
    for (gain, &gamma) in variance.iter_mut().zip(gamma.iter()) {
        *gain *= gamma;
    }
    pattern.repeat(variance);
}

/// `y = (x - mean) factor + beta`, by patterns.
#[inline(always)]
fn normalise<T: Element>(x: Rows<T>, mut y: RowsMut<T>, mean: &[T], factor: &[T], beta: &[T]) {
    let len = mean.len();
    for (x, y) in x.iter().zip(y.iter_mut()) {
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            let of_features = mean.iter().zip(factor).zip(beta);
            for ((y, &x), ((&mean, &factor), &beta)) in y.iter_mut().zip(x).zip(of_features) {
                *y = (x - mean) * factor + beta;
            }
        }
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { BatchNormalization });
    contract!([33] => [33] {
        BatchNormalization(
            -1, 0.5, 0.1, gamma_initializer = random_uniform, beta_initializer = random_normal
        )
    });
    contract!([4, 3] => [4, 3] { BatchNormalization(gamma_initializer = random_normal) });
    contract!([2, 3, 3] => [2, 3, 3] { BatchNormalization(gamma_initializer = random_normal) });
    contract!([3, 2, 2] => [3, 2, 2] { BatchNormalization(center = false) });
    contract!([4] => [4] { BatchNormalization(scale = false) });
    contract!([4] => [4] { BatchNormalization(center = false, scale = false) });
    contract!([4, 3] => [4, 3] {
        BatchNormalization(1, gamma_initializer = random_normal, beta_initializer = random_normal)
    });
    contract!([9, 5] => [9, 5] { BatchNormalization(axis = 1, gamma_initializer = random_normal) });
    contract!([4, 3] => [4, 3] { BatchNormalization(axis = 2, gamma_initializer = random_normal) });
    contract!([2, 3, 2, 2] => [2, 3, 2, 2] {
        BatchNormalization(axis = 2, gamma_initializer = random_normal)
    });
    contract!([4] => [2] { Dense(6), BatchNormalization(epsilon = 0.01), Activation(tanh), Dense(2) });
}
