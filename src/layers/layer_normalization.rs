//! Normalisation of each place of a sample.

use super::axis::Together;
use super::check::policies;
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
use typenum::Unsigned;

/// The features of each place get mean 0 and variance 1, then a scale and a mean that are trained,
/// Keras' `LayerNormalization`: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`.
///
/// Any input, the output has the same shape. Mean and variance are those of all numbers of `[n]`, of
/// each step of `[steps, channels]`, or of the channels of each pixel of an image
/// `[channels, height, width]`: axis -1. With all axes, as in `axis = [1, 2]` for `[steps, channels]` and
/// `axis = [1, 2, 3]` for an image, they are those of the whole sample, and each of its numbers has a gamma
/// and a beta of its own (of an image, in the order `[height][width][channels]`, as in Keras).
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `axis` | -1 | the axes that are normalised together: the last one, or all, counted from 1 on |
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
/// If a place has one number only, the axes are others, or an argument is not in its range.
#[derive(Arguments)]
pub struct LayerNormalization<
    Axis = Float<{ (-1.0_f64).to_bits() }>,
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

/// The weights of [`LayerNormalization`]: G gammas, B betas (the features of a place or none).
#[derive(Debug, Weights)]
pub struct LayerNormalizationWeights<T: Element, G: Dim, B: Dim> {
    /// What each normalised feature is multiplied by.
    pub gamma: Vector<T, G>,
    /// What is added then.
    pub beta: Vector<T, B>,
}

impl<T, In, Axis, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC> Layer<T, In>
    for LayerNormalization<Axis, Epsilon, Center, Scale, BI, GI, BR, GR, BC, GC>
where
    T: Element,
    In: Shape,
    Axis: Together<In>,
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
        LayerNormalizationWeights<T, Scale::Keep<Axis::Features>, Center::Keep<Axis::Features>>;
    type Head = AnyHead;

    const CHECK: Check = Axis::CHECK
        .and(super::check::epsilon::<Epsilon>())
        .and(super::check::center_and_scale::<Center, Scale, BI, GI>())
        .and(<Self as Layer<T, In>>::POLICIES.check());
    const POLICIES: Policies = policies! {
        gamma, gamma, Axis::DIMS, GR, GC;
        beta, beta, Axis::DIMS, BR, BC;
    };
    const CACHE: usize = Parts::of::<In, Axis>(true, Epsilon::VALUE).cache();
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let n = Axis::Features::USIZE;
        init.fill::<T, _, GI::Initializer>(&mut weights.gamma, n, n);
        init.fill::<T, _, BI::Initializer>(&mut weights.beta, n, n);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        let parts = const { Parts::of::<In, Axis>(true, Epsilon::VALUE) };
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
        let parts = const { Parts::of::<In, Axis>(true, Epsilon::VALUE) };
        parts.forward(isa, [&weights.gamma, &weights.beta], x, y, cache);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(dx) = pass.dx else { return };
        let parts = const { Parts::of::<In, Axis>(true, Epsilon::VALUE) };
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
            let parts = const { Parts::of::<In, Axis>(true, Epsilon::VALUE) };
            parts.add_gamma(kept, gradient);
        });
        update.tensor(isa, &mut weights.beta, |gradient| {
            super::image::add_pixels::<T, Axis::Features>(kept.dz, gradient);
        });
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let inputs = scale_and_shift(graph, Axis::DIMS, &weights.gamma, &weights.beta);
        let attributes = [
            ("axis", Attribute::Int(-(Axis::COUNT as i64))),
            ("epsilon", Attribute::Float(Epsilon::VALUE as f32)),
        ];
        features_last::<In>(graph, |graph| {
            graph.apply("LayerNormalization", &inputs, &attributes);
        });
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { LayerNormalization });
    contract!([35] => [35] { LayerNormalization(epsilon = 0.01, gamma_initializer = random_uniform, beta_initializer = random_normal) });
    contract!([3, 4] => [3, 4] { LayerNormalization(gamma_initializer = random_normal) });
    contract!([18, 3, 6] => [18, 3, 6] { LayerNormalization(gamma_initializer = random_normal) });
    contract!([3, 2, 2] => [3, 2, 2] { LayerNormalization(gamma_initializer = random_normal) });
    contract!([3, 4] => [3, 4] { LayerNormalization([1, 2], gamma_initializer = random_normal) });
    contract!([3, 6, 2] => [3, 6, 2] {
        LayerNormalization((1, 2, 3), 0.01, gamma_initializer = random_normal, beta_initializer = random_normal)
    });
    contract!([5] => [5] { LayerNormalization([1], gamma_initializer = random_normal) });
    contract!([4] => [4] { LayerNormalization(-1, 0.01, false) });
    contract!([4] => [4] { LayerNormalization(scale = false) });
    contract!([4] => [4] { LayerNormalization(center = false, scale = false) });
    contract!([3] => [2] { Dense(5), LayerNormalization, Activation(tanh), Dense(2) });
}
