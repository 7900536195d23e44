//! Normalisation of groups of features.

use super::check::policies;
use super::features::{features, places};
use super::onnx::{features_back, features_first};
use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::{Init, InitializerArgument, Ones, Zeros};
use crate::kernels::{Element, channelwise};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Float, Int, Kept, Kind, Layer, Missing, Moment, Policies,
    PolicyArgument, Update, Vector, Weights,
};
use crate::onnx::{Attribute, Graph, Values};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Dim, Fact, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::U32;

/// Each group of features gets mean 0 and variance 1 in each sample, then a scale and a mean for each
/// feature that are trained, Keras' `GroupNormalization`:
/// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`.
///
/// Any input, the output has the same shape. The features are those of `[n]`, the last dimension of
/// `[steps, channels]`, or the channels of an image `[channels, height, width]`; mean and variance are
/// those of all numbers of a group, over all steps or pixels of the sample.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `groups` | 32 | how many groups; -1 for as many as there are features |
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
///     struct Net: [3, 8, 8] => [16, 6, 6] { Conv2D(16, 3), GroupNormalization(4) }
/// }
/// assert_eq!(Net::new(1).group_normalization.gamma.len(), 16);
/// ```
///
/// # Errors of the compiler
/// If the features can not be divided into the groups, or an argument is not in its range.
#[derive(Arguments)]
pub struct GroupNormalization<
    Groups = Int<U32>,
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
        Groups,
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

/// The weights of [`GroupNormalization`]: G gammas, B betas (the features or none).
#[derive(Debug, Weights)]
pub struct GroupNormalizationWeights<T: Element, G: Dim, B: Dim> {
    /// What each normalised feature is multiplied by.
    pub gamma: Vector<T, G>,
    /// What is added then.
    pub beta: Vector<T, B>,
}

/// How many groups there are.
const fn groups<Groups: Argument, In: Shape>() -> usize {
    if Groups::VALUE == -1.0 {
        features::<In>()
    } else if Groups::VALUE >= 1.0 {
        Groups::VALUE as usize
    } else {
        1
    }
}

/// The groups of channels, in numbers.
const fn over<Groups: Argument, In: Shape>(epsilon: f64) -> channelwise::groups::Groups {
    channelwise::groups::Groups {
        channels: features::<In>(),
        size: features::<In>().div_ceil(groups::<Groups, In>()),
        pixels: places::<In>(),
        epsilon,
    }
}

impl<T, In, Groups, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC> Layer<T, In>
    for GroupNormalization<Groups, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC>
where
    T: Element,
    In: Shape,
    Groups: Argument,
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
    type Weights =
        GroupNormalizationWeights<T, Scale::Keep<In::Features>, Center::Keep<In::Features>>;
    type Head = AnyHead;

    const CHECK: Check = Check::that(
        (matches!(Groups::KIND, Kind::Int) && Groups::VALUE >= 1.0) || Groups::VALUE == -1.0,
        "the argument `groups` of {layer} must be a whole number from 1 on, or -1 for as many as there \
         are features",
        &[],
    )
    .and(super::check::epsilon::<Epsilon>())
    .and(super::check::center_and_scale::<Center, Scale, BI, GI>())
    .and(<Self as Layer<T, In>>::POLICIES.check())
    .and(Check::that(
        features::<In>().is_multiple_of(groups::<Groups, In>()),
        "{layer} can not divide the {0} features that {from} gives into {1} groups",
        const { &[Fact::Number(features::<In>()), Fact::Number(groups::<Groups, In>())] },
    ))
    .and(Check::that(
        In::SIZE != groups::<Groups, In>(),
        "{layer} into {0} groups leaves one number in each, which is always 0 when it is normalised",
        const { &[Fact::Number(groups::<Groups, In>())] },
    ));
    const POLICIES: Policies = policies! {
        gamma, gamma, &[features::<In>()], GR, GC;
        beta, beta, &[features::<In>()], BR, BC;
    };
    const CACHE: usize = 2 * groups::<Groups, In>();
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let n = features::<In>();
        init.fill::<T, _, GI::Initializer>(&mut weights.gamma, n, n);
        init.fill::<T, _, BI::Initializer>(&mut weights.beta, n, n);
    }

    #[inline(always)]
    fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        let over = const { over::<Groups, In>(Epsilon::VALUE) };
        for (x, y) in x.iter().zip(y.iter_mut()) {
            over.forward([&weights.gamma, &weights.beta], x, y, &mut []);
        }
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        _: I,
        weights: &Self::Weights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
        _: Moment<'_>,
    ) {
        let over = const { over::<Groups, In>(Epsilon::VALUE) };
        let caches = cache.chunks_exact_mut(2 * over.count());
        for ((x, y), kept) in x.iter().zip(y.iter_mut()).zip(caches) {
            over.forward([&weights.gamma, &weights.beta], x, y, kept);
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let over = const { over::<Groups, In>(Epsilon::VALUE) };
        let rows = pass.x.iter().zip(pass.dy.as_rows().iter());
        let caches = pass.cache.chunks_exact(2 * over.count());
        for (((x, dy), dx), kept) in rows.zip(dx.iter_mut()).zip(caches) {
            over.backward(&weights.gamma, x, kept, dy, dx);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        update.tensor(isa, &mut weights.gamma, |gradient| {
            let over = const { over::<Groups, In>(Epsilon::VALUE) };
            let caches = kept.cache.chunks_exact(2 * over.count());
            for ((x, dy), cache) in kept.x.iter().zip(kept.dz.iter()).zip(caches) {
                over.add_gamma(x, cache, dy, gradient);
            }
        });
        update.tensor(isa, &mut weights.beta, |gradient| {
            super::image::add_pixels::<T, In::Features>(kept.dz, gradient);
        });
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let groups = groups::<Groups, In>();
        let numbers = |x| Values::new(&[groups], core::iter::repeat_n(x, groups));
        let inputs = [
            graph.tensor("ones", numbers(1.0)),
            graph.tensor("zeros", numbers(0.0)),
        ];
        let epsilon = Attribute::Float(Epsilon::VALUE as f32);
        features_first::<In>(graph);
        graph.reshape(&[groups, In::SIZE / groups]);
        graph.apply("InstanceNormalization", &inputs, &[("epsilon", epsilon)]);
        let mut dims = In::DIMS.to_vec();
        if dims.len() != 3 {
            dims.rotate_right(1);
        }
        graph.reshape(&dims);
        features_back::<In>(graph);
        if Scale::FLAG {
            let gamma = Values::per_feature::<In, T>(&weights.gamma);
            let gamma = graph.tensor("gamma", gamma);
            graph.apply("Mul", &[gamma], &[]);
        }
        if Center::FLAG {
            let beta = Values::per_feature::<In, T>(&weights.beta);
            let beta = graph.tensor("beta", beta);
            graph.apply("Add", &[beta], &[]);
        }
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([16, 3, 2] => [16, 3, 2] { GroupNormalization(4, gamma_initializer = random_normal) });
    contract!([40, 1, 2] => [40, 1, 2] { GroupNormalization(2, gamma_initializer = random_normal) });
    contract!([64] => [64] { GroupNormalization });
    contract!([36] => [36] { GroupNormalization(2, 0.01, gamma_initializer = random_uniform, beta_initializer = random_normal) });
    contract!([3, 4] => [3, 4] { GroupNormalization(2, gamma_initializer = random_normal) });
    contract!([4, 2, 3] => [4, 2, 3] { GroupNormalization(2, gamma_initializer = random_normal) });
    contract!([3, 2, 2] => [3, 2, 2] { GroupNormalization(-1) });
    contract!([3, 2, 2] => [3, 2, 2] { GroupNormalization(groups = 1, scale = false) });
    contract!([4] => [4] { GroupNormalization(2, center = false) });
    contract!([4] => [4] { GroupNormalization(2, center = false, scale = false) });
}
