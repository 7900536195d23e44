//! Normalisation of each place of a sample.

use super::check::policies;
use super::features::features;
use super::onnx::{features_last, scale_and_shift};
use super::parts::Parts;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::{Init, InitializerArgument, Ones, Zeros};
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Bool, Float, Kept, Layer, Missing, Moment, Policies,
    PolicyArgument, Update, Vector, Weights,
};
use crate::onnx::{Attribute, Graph};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Dim, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;

/// The features of each place get mean 0 and variance 1, then a scale and a mean that are trained,
/// Keras' `LayerNormalization`: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`.
///
/// Any input, the output has the same shape. Mean and variance are those of all numbers of `[n]`, of
/// each step of `[steps, channels]`, or of the channels of each pixel of an image
/// `[channels, height, width]`: Keras' axis -1. (For all numbers of an image, see
/// [`GroupNormalization`](super::GroupNormalization) with one group.)
///
/// | argument | default | meaning |
/// | --- | --- | --- |
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
///     struct Net: [3] => [2] { Dense(8), LayerNormalization, Activation(relu), Dense(2) }
/// }
/// assert_eq!(Net::PARAMS, (3 * 8 + 8) + (8 + 8) + (8 * 2 + 2));
/// ```
///
/// # Errors of the compiler
/// If a place has one number only, or an argument is not in its range.
#[derive(Arguments)]
pub struct LayerNormalization<
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

/// The weights of [`LayerNormalization`]: G gammas, B betas (the features or none).
#[derive(Debug, Weights)]
pub struct LayerNormalizationWeights<T: Element, G: Dim, B: Dim> {
    /// What each normalised feature is multiplied by.
    pub gamma: Vector<T, G>,
    /// What is added then.
    pub beta: Vector<T, B>,
}

impl<T, In, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC> Layer<T, In>
    for LayerNormalization<Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC>
where
    T: Element,
    In: Shape,
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
        LayerNormalizationWeights<T, Scale::Keep<In::Features>, Center::Keep<In::Features>>;
    type Head = AnyHead;

    const CHECK: Check = super::check::epsilon::<Epsilon>()
        .and(super::check::center_and_scale::<Center, Scale, BI, GI>())
        .and(<Self as Layer<T, In>>::POLICIES.check())
        .and(super::check::several_features::<In>());
    const POLICIES: Policies = policies! {
        gamma, gamma, &[features::<In>()], GR, GC;
        beta, beta, &[features::<In>()], BR, BC;
    };
    const CACHE: usize = Parts::places::<In>(true, Epsilon::VALUE).cache();
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let n = features::<In>();
        init.fill::<T, _, GI::Initializer>(&mut weights.gamma, n, n);
        init.fill::<T, _, BI::Initializer>(&mut weights.beta, n, n);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        let parts = const { Parts::places::<In>(true, Epsilon::VALUE) };
        parts.forward(isa, [&weights.gamma, &weights.beta], x, y, &mut []);
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        y: RowsMut<T>,
        cache: &mut [T],
        _: Moment<'_>,
    ) {
        let parts = const { Parts::places::<In>(true, Epsilon::VALUE) };
        parts.forward(isa, [&weights.gamma, &weights.beta], x, y, cache);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(dx) = pass.dx else { return };
        let parts = const { Parts::places::<In>(true, Epsilon::VALUE) };
        parts.backward(
            isa,
            &weights.gamma,
            pass.x,
            pass.cache,
            pass.dy.as_rows(),
            dx,
        );
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        update.tensor(isa, &mut weights.gamma, |gradient| {
            let parts = const { Parts::places::<In>(true, Epsilon::VALUE) };
            parts.add_gamma(kept, gradient);
        });
        update.tensor(isa, &mut weights.beta, |gradient| {
            super::image::add_pixels::<T, In::Features>(kept.dz, gradient);
        });
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let inputs = scale_and_shift::<In, T>(graph, &weights.gamma, &weights.beta);
        let epsilon = Attribute::Float(Epsilon::VALUE as f32);
        features_last::<In>(graph, |graph| {
            graph.apply("LayerNormalization", &inputs, &[("epsilon", epsilon)]);
        });
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { LayerNormalization });
    contract!([35] => [35] { LayerNormalization(0.01, gamma_initializer = random_uniform, beta_initializer = random_normal) });
    contract!([3, 4] => [3, 4] { LayerNormalization(gamma_initializer = random_normal) });
    contract!([18, 3, 6] => [18, 3, 6] { LayerNormalization(gamma_initializer = random_normal) });
    contract!([3, 2, 2] => [3, 2, 2] { LayerNormalization(gamma_initializer = random_normal) });
    contract!([4] => [4] { LayerNormalization(center = false) });
    contract!([4] => [4] { LayerNormalization(scale = false) });
    contract!([4] => [4] { LayerNormalization(center = false, scale = false) });
    contract!([3] => [2] { Dense(5), LayerNormalization, Activation(tanh), Dense(2) });
}
