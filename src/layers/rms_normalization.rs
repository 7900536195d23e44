//! Normalisation of the size of each place of a sample.

use super::axis::Together;
use super::onnx::features_last;
use super::parts::Parts;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::initializers::{Init, Ones};
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Float, Kept, Layer, Moment, Update, Vector, Weights,
};
use crate::onnx::{Graph, Values};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Dim, Shape};
use crate::simd::Isa;
use alloc::vec::Vec;
use core::marker::PhantomData;
use typenum::Unsigned;

/// The features of each place are divided by the root of their mean square, then multiplied by a scale
/// that is trained, Keras' `RMSNormalization`: `y = scale x / sqrt(mean of x² + epsilon)`.
///
/// Any input, the output has the same shape. The mean is that of all numbers of `[n]`, of each step of
/// `[steps, channels]`, or of the channels of each pixel of an image `[channels, height, width]`: axis -1.
/// With all axes, as in `axis = [1, 2, 3]` for an image, it is that of the whole sample, and each of its
/// numbers has a scale of its own (of an image, in the order `[height][width][channels]`, as in Keras).
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `axis` | -1 | the axes that are normalised together: the last one, or all, counted from 1 on |
/// | `epsilon` | 0.000001 | is added to the mean; above 0 |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2] => [2] { RMSNormalization }
/// }
/// let y = Net::new(1).predict(&[3.0, 4.0]);
/// assert!((y[0] - 3.0 / 12.5f32.sqrt()).abs() < 1e-6);
/// ```
///
/// # Errors of the compiler
/// If a place has one number only, the axes are others, or an argument is not in its range.
#[derive(Arguments)]
pub struct RMSNormalization<
    Axis = Float<{ (-1.0_f64).to_bits() }>,
    Epsilon = Float<{ 1e-6_f64.to_bits() }>,
>(PhantomData<(Axis, Epsilon)>);

/// The weights of [`RMSNormalization`]: N features of a place.
#[derive(Debug, Weights)]
pub struct RMSNormalizationWeights<T: Element, N: Dim> {
    /// What each normalised feature is multiplied by; ones at first.
    pub scale: Vector<T, N>,
}

impl<T, In, Axis, Epsilon> Layer<T, In> for RMSNormalization<Axis, Epsilon>
where
    T: Element,
    In: Shape,
    Axis: Together<In>,
    Epsilon: Argument,
{
    type Output = In;
    type Weights = RMSNormalizationWeights<T, Axis::Features>;
    type Head = AnyHead;

    const CHECK: Check = Axis::CHECK.and(super::check::epsilon::<Epsilon>());
    const CACHE: usize = Parts::of::<In, Axis>(false, Epsilon::VALUE).cache();
    const BY_ROW: bool = true;

    fn init(weights: &mut Self::Weights, init: &mut Init) {
        let n = Axis::Features::USIZE;
        init.fill::<T, _, Ones>(&mut weights.scale, n, n);
    }

    #[inline(always)]
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        let parts = const { Parts::of::<In, Axis>(false, Epsilon::VALUE) };
        parts.forward(isa, [&weights.scale, &[]], x, y, &mut []);
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
        let parts = const { Parts::of::<In, Axis>(false, Epsilon::VALUE) };
        parts.forward(isa, [&weights.scale, &[]], x, y, cache);
    }

    #[inline(always)]
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(dx) = pass.dx else { return };
        let parts = const { Parts::of::<In, Axis>(false, Epsilon::VALUE) };
        parts.backward(
            isa,
            &weights.scale,
            pass.x,
            pass.cache,
            pass.dy.as_rows(),
            dx,
        );
    }

    #[inline(always)]
    fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
        update.tensor(isa, &mut weights.scale, |gradient| {
            let parts = const { Parts::of::<In, Axis>(false, Epsilon::VALUE) };
            parts.add_gamma(kept, gradient);
        });
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let scale = Values::of(&weights.scale).reshaped(Axis::DIMS);
        let scale = graph.tensor("scale", scale);
        let axes: Vec<i64> = (-(Axis::COUNT as i64)..0).collect();
        let (epsilon, axes) = (graph.number(Epsilon::VALUE), graph.integers("axes", &axes));
        features_last::<In>(graph, |graph| {
            let x = graph.value();
            graph.apply("Mul", &[x], &[]);
            graph.apply("ReduceMean", &[axes], &[]);
            graph.apply("Add", &[epsilon], &[]);
            graph.apply("Sqrt", &[], &[]);
            let size = graph.value();
            graph.set_value(x);
            graph.apply("Div", &[size], &[]);
            graph.apply("Mul", &[scale], &[]);
        });
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { RMSNormalization });
    contract!([3, 4] => [3, 4] { RMSNormalization(epsilon = 0.01) });
    contract!([3, 4] => [3, 4] { RMSNormalization([1, 2], 0.01) });
    contract!([3, 2, 2] => [3, 2, 2] { RMSNormalization(axis = [1, 2, 3]) });
    contract!([3, 2, 2] => [3, 2, 2] { RMSNormalization });
    contract!([3] => [2] { Dense(18), RMSNormalization(epsilon = 0.1), Activation(tanh), Dense(2) });
}
