//! The layer in which every output sees every input.

use super::check::policies;
use crate::activations::{Activation, ActivationArgument, Linear};
use crate::error::Result;
use crate::initializers::{GlorotUniform, Init, InitializerArgument, Zeros};
use crate::kernels::{Element, descends, tiny};
use crate::layer::{
    Argument, Arguments, Backward, Bool, Kept, Kind, Layer, Matrix, Missing, Moment, Policies,
    PolicyArgument, Tensor, Update, Vector, Weights, backward_and_update,
};
use crate::onnx::{Graph, Values};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::{Check, D1, Dim, Fact, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::Unsigned;

/// `y = f(x W + b)`: a densely connected layer, Keras' `Dense`.
///
/// Input `[n]`, output `[units]`; kernel W `[n][units]`, bias b `[units]`.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `units` | required | how many outputs; `784 => 128` also states how many inputs |
/// | `activation` | `linear` | f, see [`activations`](crate::activations) |
/// | `use_bias` | `true` | whether there is a b |
/// | `kernel_initializer` | `glorot_uniform` | how W begins, see [`initializers`](crate::initializers) |
/// | `bias_initializer` | `zeros` | how b begins |
/// | `kernel_regularizer`, `bias_regularizer` | none | what W and b add to the loss, see [`regularizers`](crate::regularizers) |
/// | `kernel_constraint`, `bias_constraint` | none | what holds for them after each step, see [`constraints`](crate::constraints) |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3] => [2] {
///         Dense(8, relu),
///         Dense(8 => 4, activation = tanh, kernel_initializer = he_normal),
///         Dense(2, use_bias = false),
///     }
/// }
/// assert_eq!(Net::PARAMS, (3 * 8 + 8) + (8 * 4 + 4) + 4 * 2);
/// ```
///
/// # Errors of the compiler
/// If the input has more than one dimension (put `Flatten` before it), or `units` is 0 or missing.
#[derive(Arguments)]
pub struct Dense<
    Units = Missing,
    Activation = crate::word!(Linear),
    UseBias = Bool<true>,
    KernelInitializer = crate::word!(GlorotUniform),
    BiasInitializer = crate::word!(Zeros),
    KernelRegularizer = Missing,
    BiasRegularizer = Missing,
    KernelConstraint = Missing,
    BiasConstraint = Missing,
>(
    #[allow(clippy::type_complexity)] // the arguments of the layer
    PhantomData<(
        Units,
        Activation,
        UseBias,
        KernelInitializer,
        BiasInitializer,
        KernelRegularizer,
        BiasRegularizer,
        KernelConstraint,
        BiasConstraint,
    )>,
);

/// The weights of [`Dense`]: K inputs, N outputs, B biases (N or none).
#[derive(Debug, Weights)]
pub struct DenseWeights<T: Element, K: Dim, N: Dim, B: Dim> {
    /// W: `kernel[[k, n]]` leads from input k to output n.
    pub kernel: Matrix<T, K, N>,
    /// b: one number for each output.
    pub bias: Vector<T, B>,
}

impl<T, In, Units, Act, UseBias, KernelInit, BiasInit, KernelReg, BiasReg, KernelCon, BiasCon>
    Layer<T, In>
    for Dense<Units, Act, UseBias, KernelInit, BiasInit, KernelReg, BiasReg, KernelCon, BiasCon>
where
    T: Element,
    In: Shape,
    Units: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
    KernelInit: InitializerArgument,
    BiasInit: InitializerArgument,
    KernelReg: PolicyArgument,
    BiasReg: PolicyArgument,
    KernelCon: PolicyArgument,
    BiasCon: PolicyArgument,
{
    type Output = D1<Units::Number>;
    type Weights = DenseWeights<T, In::Size, Units::Number, UseBias::Keep<Units::Number>>;
    type Head = Act::Activation;

    const CHECK: Check = Check::that(
        !matches!(Units::KIND, Kind::Missing),
        "{layer} needs its number of units, as in `Dense(128)`",
        &[],
    )
    .and(Check::that(
        matches!(Units::KIND, Kind::Int),
        "the units of {layer} must be a whole number, as in `Dense(128, relu)`",
        &[],
    ))
    .and(Check::that(
        Units::Number::USIZE > 0,
        "{layer} must have at least 1 unit, but was given 0",
        &[],
    ))
    .and(Check::that(
        Act::OK,
        "the argument `activation` of {layer} must be an activation, such as `relu`",
        &[],
    ))
    .and(Check::that(
        matches!(UseBias::KIND, Kind::Bool),
        "the argument `use_bias` of {layer} must be `true` or `false`",
        &[],
    ))
    .and(Check::that(
        KernelInit::OK,
        "the argument `kernel_initializer` of {layer} must be an initialiser, such as `he_normal`",
        &[],
    ))
    .and(Check::that(
        BiasInit::OK,
        "the argument `bias_initializer` of {layer} must be an initialiser, such as `zeros`",
        &[],
    ))
    .and(<Self as Layer<T, In>>::POLICIES.check())
    .and(Check::that(
        In::DIMS.len() == 1,
        "{layer} expects an input of one dimension, but {from} gives {input}: put `Flatten` before it",
        &[],
    ))
    .and(Check::that(
        !Act::Activation::NORMALIZES || Units::Number::USIZE != 1,
        "{layer} with {0} unit and softmax always gives 1: use `sigmoid` for one probability",
        &[Fact::Number(1)],
    ));

    const POLICIES: Policies = policies! {
        kernel, kernel, &[In::SIZE, Units::Number::USIZE], KernelReg, KernelCon;
        bias, bias, &[Units::Number::USIZE], BiasReg, BiasCon;
    };

    const MACS: usize = In::SIZE * Units::Number::USIZE;
    const CACHE: usize = if Act::Activation::NEEDS_INPUT {
        padded(Units::Number::USIZE)
    } else {
        0
    };
    const GRADIENT: usize = 0;
    const BY_ROW: bool = true;
    const DEAD_AT_ZERO: bool = Act::Activation::DEAD_AT_ZERO;
    const DESCENDS: Option<bool> = Some(descends_at_once::<In::Size, Units::Number>());

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let (fan_in, fan_out) = (In::SIZE, Units::Number::USIZE);
        init.fill::<T, _, KernelInit::Initializer>(&mut weights.kernel, fan_in, fan_out);
        init.fill::<T, _, BiasInit::Initializer>(&mut weights.bias, fan_out, fan_out);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        Self::affine(isa, weights, x, y.reborrow());
        Self::activate::<T, In::Size, I>(isa, y);
    }

    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        mut y: RowsMut<T>,
        cache: &mut [T],
        _: Moment<'_>,
    ) {
        Self::affine(isa, weights, x, y.reborrow());
        if Act::Activation::NEEDS_INPUT {
            cache.copy_from_slice(y.padded_data());
        }
        Self::activate::<T, In::Size, I>(isa, y);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, mut pass: Backward<T>) {
        Self::through_activation(isa, &mut pass);
        if let Some(dx) = pass.dx {
            let (dz, w) = (pass.dy.as_rows(), weights.kernel.as_slice());
            if const { is_tiny::<In::Size, Units::Number>() } {
                tiny::affine_input_grad::<T, I, Units::Number>(isa, dz, w, dx);
            } else {
                let wanted = pass.dead_at_zero.then_some(pass.x);
                T::affine_input_grad(isa, dz, w, wanted, dx);
            }
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let (w, b) = (weights.kernel.as_mut_slice(), weights.bias.as_mut_slice());
        if const { is_tiny::<In::Size, Units::Number>() } {
            let (rule, slots) = update.next(w.len());
            tiny::affine_weight_grad::<T, I, Units::Number>(isa, kept.x, kept.dz, rule, w, slots);
            if UseBias::FLAG {
                let (rule, slots) = update.next(b.len());
                tiny::bias_grad::<T, I, Units::Number>(isa, kept.dz, rule, b, slots);
            }
        } else {
            update.affine(isa, kept.x, kept.dz, w, UseBias::FLAG.then_some(b));
        }
    }

    #[inline(always)]
    fn descend<I: Isa>(
        isa: I,
        weights: &mut Self::Weights,
        mut pass: Backward<T>,
        update: &mut Update<T>,
    ) {
        let at_once = const { descends_at_once::<In::Size, Units::Number>() };
        if !at_once || !pass.dead_at_zero || pass.dx.is_none() {
            return backward_and_update::<T, In, Self, I>(isa, weights, pass, update);
        }
        Self::through_activation(isa, &mut pass);
        let (x, dz, w) = (pass.x, pass.dy.as_rows(), weights.kernel.as_mut_slice());
        if let Some(dx) = pass.dx {
            T::descent(isa, x, dz, w, dx);
        }
        if UseBias::FLAG {
            let b = weights.bias.as_mut_slice();
            let (rule, slots) = update.next(b.len());
            T::bias_grad(isa, dz, rule, b, slots);
        }
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let kernel = graph.tensor("kernel", Values::of(&weights.kernel));
        if UseBias::FLAG {
            let bias = graph.tensor("bias", Values::of(&weights.bias));
            graph.apply("Gemm", &[kernel, bias], &[]);
        } else {
            graph.apply("MatMul", &[kernel], &[]);
        }
        Act::Activation::onnx(graph)
    }
}

impl<Units, Act, UseBias, KernelInit, BiasInit, KernelReg, BiasReg, KernelCon, BiasCon>
    Dense<Units, Act, UseBias, KernelInit, BiasInit, KernelReg, BiasReg, KernelCon, BiasCon>
where
    Units: Argument,
    Act: ActivationArgument,
    UseBias: Argument,
{
    /// `dy` becomes the gradient before the activation, unless it is that already.
    #[inline(always)]
    fn through_activation<T: Element, I: Isa>(isa: I, pass: &mut Backward<T>) {
        if !pass.joint {
            let seen = if Act::Activation::NEEDS_INPUT {
                Rows::new(pass.cache, Units::Number::USIZE)
            } else {
                pass.y
            };
            Act::Activation::backward(isa, seen, pass.dy.reborrow());
        }
    }

    /// `y = x W + b`, or relu of it where that is the activation and kernels do it as they write.
    #[inline(always)]
    fn affine<T: Element, K: Dim, I: Isa>(
        isa: I,
        weights: &DenseWeights<T, K, Units::Number, UseBias::Keep<Units::Number>>,
        x: Rows<T>,
        y: RowsMut<T>,
    ) {
        let w = weights.kernel.as_slice();
        let bias = UseBias::FLAG.then(|| weights.bias.as_slice());
        if const { is_tiny::<K, Units::Number>() } {
            tiny::affine::<T, I, Units::Number>(isa, x, w, bias, y);
        } else {
            T::affine(isa, x, w, bias, Act::Activation::RECTIFIES, y);
        }
    }

    /// The activation, unless `affine` has done it.
    #[inline(always)]
    fn activate<T: Element, K: Dim, I: Isa>(isa: I, y: RowsMut<T>) {
        if const { is_tiny::<K, Units::Number>() || !Act::Activation::RECTIFIES } {
            Act::Activation::forward(isa, y);
        }
    }
}

/// Whether a layer of K inputs and N outputs is compiled into its caller.
#[inline(always)]
const fn is_tiny<K: Dim, N: Dim>() -> bool {
    K::USIZE <= tiny::MOST && N::USIZE <= tiny::MOST
}

/// Whether a step by one sample goes over the weights once.
#[inline(always)]
const fn descends_at_once<K: Dim, N: Dim>() -> bool {
    !is_tiny::<K, N>() && descends(K::USIZE, N::USIZE, padded(N::USIZE))
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3] => [4] { Dense(4) });
    contract!([5] => [1] { Dense(1, sigmoid) });
    contract!([40] => [33] { Dense(33, tanh, use_bias = false) });
    contract!([6] => [5] { Dense(5, gelu, kernel_initializer = he_uniform) });
    contract!([35] => [3] { Dense(3, softmax) });
    contract!([17] => [2] { Dense(40, silu), Dense(2, elu) });
}
