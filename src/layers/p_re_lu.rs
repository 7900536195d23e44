//! Rectification with slopes that are trained.

use super::axis::dims_in_keras;
use super::check::policies;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::{Init, InitializerArgument, Zeros};
use crate::kernels::Element;
use crate::kernels::channelwise::pattern::{Below, add_up, bend};
use crate::layer::{
    Arguments, Backward, Bool, Float, Int, Kept, Layer, List, Missing, Name, Policies,
    PolicyArgument, Update, Vector, Weights,
};
use crate::onnx::{Graph, Values};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Dim, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::{U1, Unsigned};

/// `y = x` above 0, `y = alpha x` below, with slopes alpha that are trained, Keras' `PReLU`.
///
/// Any input, the output has the same shape. Unless axes are shared, each number of a sample has an
/// alpha of its own (of an image, in the order `[height][width][channels]`, as in Keras).
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `alpha_initializer` | `zeros` | how alpha begins, see [`initializers`](crate::initializers) |
/// | `alpha_regularizer` | none | what alpha adds to the loss, see [`regularizers`](crate::regularizers) |
/// | `alpha_constraint` | none | what holds for alpha after each step, see [`constraints`](crate::constraints) |
/// | `shared_axes` | none | `[2, 3]` for an image `[channels, height, width]`, `1` for `[steps, channels]`: one alpha for each channel |
///
/// Axes are counted from 1 on, in the order of the shape.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [3, 8, 8] => [4, 6, 6] { Conv2D(4, 3), PReLU(shared_axes = [2, 3]) }
/// }
/// assert_eq!(Net::new(1).p_re_lu.alpha.len(), 4);
/// ```
///
/// # Errors of the compiler
/// If the axes are others than those of the places, or the initialiser is none.
#[derive(Arguments)]
pub struct PReLU<
    AlphaInitializer = crate::word!(Zeros),
    AlphaRegularizer = Missing,
    AlphaConstraint = Missing,
    SharedAxes = Missing,
>(
    PhantomData<(
        AlphaInitializer,
        AlphaRegularizer,
        AlphaConstraint,
        SharedAxes,
    )>,
);

/// The weights of [`PReLU`]: N slopes.
#[derive(Debug, Weights)]
pub struct PReLUWeights<T: Element, N: Dim> {
    /// The slope below 0.
    pub alpha: Vector<T, N>,
}

/// An argument that says over which axes alpha is shared.
pub trait SharedAxes<In: Shape>: 'static {
    /// How many slopes there are.
    type Alphas: Dim;
    /// Whether these axes can be shared.
    const OK: bool = false;
    /// The dimensions of alpha, those of an image being `[height, width, channels]`.
    const DIMS: &'static [usize] = const { &[Self::Alphas::USIZE] };
}
impl<In: Shape> SharedAxes<In> for Missing {
    type Alphas = In::Size;
    const OK: bool = true;
    const DIMS: &'static [usize] = dims_in_keras::<In>();
}
impl<In: Shape, S: Shape> SharedAxes<In> for List<S> {
    type Alphas = In::Features;
    const OK: bool = match (In::DIMS.len(), S::DIMS) {
        (2, &[axis]) => axis == 1,
        (3, &[a, b]) => a == 2 && b == 3,
        _ => false,
    };
    const DIMS: &'static [usize] = shared::<In>();
}
impl<In: Shape, N: Dim> SharedAxes<In> for Int<N> {
    type Alphas = In::Features;
    const OK: bool = In::DIMS.len() == 2 && N::USIZE == 1;
    const DIMS: &'static [usize] = shared::<In>();
}
impl<In: Shape, const BITS: u64> SharedAxes<In> for Float<BITS> {
    type Alphas = U1;
}
impl<In: Shape, const B: bool> SharedAxes<In> for Bool<B> {
    type Alphas = U1;
}
impl<In: Shape, X: 'static, A: 'static, B: 'static, C: 'static, D: 'static, E: 'static>
    SharedAxes<In> for Name<X, A, B, C, D, E>
{
    type Alphas = U1;
}

/// The dimensions of alphas that all places share.
const fn shared<In: Shape>() -> &'static [usize] {
    match In::DIMS.len() {
        3 => const { &[1, 1, In::Features::USIZE] },
        _ => const { &[1, In::Features::USIZE] },
    }
}

impl<T, In, AlphaInit, AlphaReg, AlphaCon, Axes> Layer<T, In>
    for PReLU<AlphaInit, AlphaReg, AlphaCon, Axes>
where
    T: Element,
    In: Shape,
    AlphaInit: InitializerArgument,
    AlphaReg: PolicyArgument,
    AlphaCon: PolicyArgument,
    Axes: SharedAxes<In>,
{
    type Output = In;
    type Weights = PReLUWeights<T, Axes::Alphas>;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        AlphaInit::OK,
        "the argument `alpha_initializer` of {layer} must be an initialiser, such as `zeros`",
        &[],
    )
    .and(Check::that(
        Axes::OK,
        "the argument `shared_axes` of {layer} must be `[2, 3]` for an image or `1` for a signal \
         [steps, channels], but {from} gives {input}",
        &[],
    ))
    .and(<Self as Layer<T, In>>::POLICIES.check());
    const POLICIES: Policies = policies! {
        alpha, alpha, Axes::DIMS, AlphaReg, AlphaCon;
    };
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let n = Axes::Alphas::USIZE;
        init.fill::<T, _, AlphaInit::Initializer>(&mut weights.alpha, n, n);
    }

    #[inline(always)]
    fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            bend([x, x], &weights.alpha, y);
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let rows = pass.x.iter().zip(pass.dy.as_rows().iter());
        for ((x, dy), dx) in rows.zip(dx.iter_mut()) {
            bend([x, dy], &weights.alpha, dx);
        }
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        let n = Axes::Alphas::USIZE;
        update.tensor(isa, &mut weights.alpha, |gradient| {
            for (x, dy) in kept.x.iter().zip(kept.dz.iter()) {
                // (Of alpha nothing need be known.)
                add_up(Below, [x, dy], &x[..n], &mut gradient[..n]);
            }
        });
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let alpha = if Axes::Alphas::USIZE == In::SIZE {
            Values::per_number::<In, T>(&weights.alpha)
        } else {
            Values::per_feature::<In, T>(&weights.alpha)
        };
        let alpha = graph.tensor("alpha", alpha);
        graph.apply("PRelu", &[alpha], &[]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([9] => [9] { PReLU });
    contract!([17] => [17] { PReLU(random_uniform) });
    contract!([2, 3] => [2, 3] { PReLU(random_uniform, shared_axes = 1) });
    contract!([2, 3, 2] => [2, 3, 2] { PReLU(alpha_initializer = random_normal) });
    contract!([2, 3, 2] => [2, 3, 2] {
        PReLU(alpha_initializer = random_normal, shared_axes = [2, 3])
    });
}
