//! Normalisation by the statistics of the data.

use super::check::is_number;
use super::features::{features, places};
use crate::activations::AnyHead;
use crate::cast::Plain;
use crate::error::{Error, Result};
use crate::initializers::Init;
use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Backward, Bool, Frozen, Kind, Layer, Missing, Vector, Weights,
};
use crate::onnx::{Graph, Values};
use crate::rows::{Rows, RowsMut, all_finite};
use crate::shape::{Check, Shape};
use crate::simd::Isa;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;

/// Each feature gets mean 0 and variance 1 by statistics of the data that were worked out before,
/// Keras' `Normalization`: `y = (x - mean) / max(sqrt(variance), 1e-7)`.
///
/// Any input, the output has the same shape. A feature is one of `[n]`, one of the last dimension of
/// `[steps, channels]`, or a channel of an image `[channels, height, width]`. Mean and variance are
/// weights that are not trained: [`adapt`](NormalizationWeights::adapt) computes them from data, and
/// they are saved with the model. Before that they are 0 and 1, or the numbers given.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `mean` | none | one mean for all features, together with `variance` |
/// | `variance` | none | one variance for all features; at least 0 |
/// | `invert` | `false` | `true`: the way back, `y = mean + x max(sqrt(variance), 1e-7)` |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [2] => [2] { Normalization }
/// }
/// let mut model = Net::new(1);
/// model.normalization.adapt(&[[1.0, 100.0], [3.0, 500.0]])?;
/// assert_eq!(model.predict(&[3.0, 100.0]), [1.0, -1.0]);
/// # Ok::<(), plywood::Error>(())
/// ```
///
/// # Errors of the compiler
/// If only one of mean and variance is given, or an argument is not in its range.
#[derive(Arguments)]
pub struct Normalization<Mean = Missing, Variance = Missing, Invert = Bool<false>>(
    PhantomData<(Mean, Variance, Invert)>,
);

/// The weights of [`Normalization`] for inputs of shape `In`.
#[derive(Debug, Weights)]
pub struct NormalizationWeights<T: Element, In: Shape> {
    /// The mean of each feature.
    pub mean: Frozen<Vector<T, In::Features>>,
    /// The variance of each feature.
    pub variance: Frozen<Vector<T, In::Features>>,
}

impl<T: Element, In: Shape> NormalizationWeights<T, In> {
    /// Sets mean and variance to those of the data, over all samples and places. (The variance is
    /// divided by the count, not by one less.)
    ///
    /// # Errors
    /// If there are no samples, if they are not of the layer's input shape, or if one of them holds a NaN
    /// or an infinity; mean and variance are then unchanged.
    pub fn adapt<X: Plain<T>>(&mut self, data: &[X]) -> Result<()> {
        let Some(first) = data.first() else {
            return Err(Error::Empty { what: "data" });
        };
        if first.numbers().len() != In::SIZE {
            return Err(Error::BadArgument {
                name: "a sample of data",
                expected: "of the shape that comes into the layer",
                found: format!(
                    "of {} numbers, where {:?} has {}",
                    first.numbers().len(),
                    In::DIMS,
                    In::SIZE
                ),
            });
        }
        if let Some(index) = data.iter().position(|x| !all_finite(x.numbers())) {
            return Err(Error::NotFinite {
                what: "data",
                index,
            });
        }
        let share = 1.0 / (data.len() * places::<In>()) as f64;
        // Sums over many samples are made in f64.
        let average = |f: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; features::<In>()];
            for x in data {
                for (i, &x) in x.numbers().iter().enumerate() {
                    let feature = feature::<In>(i);
                    sums[feature] += f(feature, x.as_f64());
                }
            }
            sums.iter_mut().for_each(|sum| *sum *= share);
            sums
        };
        let mean = average(&|_, x| x);
        let variance = average(&|feature, x| (x - mean[feature]) * (x - mean[feature]));
        for (tensor, numbers) in [(&mut self.mean, &mean), (&mut self.variance, &variance)] {
            for (to, &from) in tensor.iter_mut().zip(numbers) {
                *to = T::of(from);
            }
        }
        Ok(())
    }
}

/// To which feature number `i` of a plain array belongs.
fn feature<In: Shape>(i: usize) -> usize {
    if In::DIMS.len() == 3 {
        i / places::<In>()
    } else {
        i % features::<In>()
    }
}

/// The deviation for a variance: never less than 1e-7.
#[inline(always)]
fn deviation<T: Element>(variance: T) -> T {
    let (deviation, least) = (variance.sqrt(), T::of(1e-7));
    if deviation > least { deviation } else { least }
}

/// `f` of each number, its feature's mean and its deviation.
#[inline(always)]
fn each<T: Element, In: Shape>(
    weights: &NormalizationWeights<T, In>,
    x: Rows<T>,
    mut y: RowsMut<T>,
    f: impl Fn(T, T, T) -> T,
) {
    let n = features::<In>();
    for (x, y) in x.iter().zip(y.iter_mut()) {
        for (x, y) in x.chunks_exact(n).zip(y.chunks_exact_mut(n)) {
            let statistics = weights.mean.iter().zip(weights.variance.iter());
            for ((y, &x), (&mean, &variance)) in y.iter_mut().zip(x).zip(statistics) {
                *y = f(x, mean, deviation(variance));
            }
        }
    }
}

impl<T, In, Mean, Variance, Invert> Layer<T, In> for Normalization<Mean, Variance, Invert>
where
    T: Element,
    In: Shape,
    Mean: Argument,
    Variance: Argument,
    Invert: Argument,
{
    type Output = In;
    type Weights = NormalizationWeights<T, In>;
    type Head = AnyHead;
    const CHECK: Check = Check::that(
        matches!(Mean::KIND, Kind::Missing) == matches!(Variance::KIND, Kind::Missing),
        "{layer} needs both `mean` and `variance`, or none of them (and `adapt`)",
        &[],
    )
    .and(Check::that(
        matches!(Mean::KIND, Kind::Missing) || is_number::<Mean>(),
        "the argument `mean` of {layer} must be a number, such as `0.5`",
        &[],
    ))
    .and(Check::that(
        matches!(Variance::KIND, Kind::Missing)
            || is_number::<Variance>() && Variance::VALUE >= 0.0,
        "the argument `variance` of {layer} must be a number of at least 0, such as `1.0`",
        &[],
    ))
    .and(Check::that(
        matches!(Invert::KIND, Kind::Bool),
        "the argument `invert` of {layer} must be `true` or `false`",
        &[],
    ));
    const BY_ROW: bool = true;
    const SEPARATE: bool = true;

    fn init(weights: &mut Self::Weights, _: &mut Init) {
        weights.mean.fill(T::of(Mean::VALUE));
        weights
            .variance
            .fill(if matches!(Variance::KIND, Kind::Missing) {
                T::one()
            } else {
                T::of(Variance::VALUE)
            });
    }

    #[inline(always)]
    fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>) {
        if Invert::FLAG {
            each(weights, x, y, |x, mean, deviation| mean + x * deviation);
        } else {
            each(weights, x, y, |x, mean, deviation| (x - mean) / deviation);
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, weights: &Self::Weights, pass: Backward<T>) {
        let Some(dx) = pass.dx else { return };
        let dy = pass.dy.as_rows();
        if Invert::FLAG {
            each(weights, dy, dx, |dy, _, deviation| dy * deviation);
        } else {
            each(weights, dy, dx, |dy, _, deviation| dy / deviation);
        }
    }

    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        let deviations: Vec<T> = weights.variance.iter().map(|&v| deviation(v)).collect();
        let mean = graph.tensor("mean", Values::per_feature::<In, T>(&weights.mean));
        let deviations = Values::per_feature::<In, T>(&deviations);
        let deviation = graph.tensor("deviation", deviations);
        if Invert::FLAG {
            graph.apply("Mul", &[deviation], &[]);
            graph.apply("Add", &[mean], &[]);
        } else {
            graph.apply("Sub", &[mean], &[]);
            graph.apply("Div", &[deviation], &[]);
        }
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([5] => [5] { Normalization });
    contract!([3, 4] => [3, 4] { Normalization(0.5, 4) });
    contract!([2, 3, 3] => [2, 3, 3] { Normalization(mean = 0.5, variance = 4.0, invert = true) });
    contract!([3] => [2] { Normalization, Dense(2) });
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    sequential! {
        struct Image<T>: [2, 1, 2] => [2, 1, 2] { Normalization }
    }
    sequential! {
        struct Signal: [2, 2] => [2, 2] { Normalization }
    }

    #[test]
    fn an_image_has_a_mean_for_each_channel() {
        let mut model = Image::<f64>::new(1);
        let x = [
            [[[1.0, 3.0]], [[10.0, 10.0]]],
            [[[1.0, 3.0]], [[30.0, 30.0]]],
        ];
        model.normalization.adapt(&x).unwrap();
        assert_eq!(*model.normalization.mean.0, [2.0, 20.0]);
        assert_eq!(*model.normalization.variance.0, [1.0, 100.0]);
        assert_eq!(model.predict(&x[0]), [[[-1.0, 1.0]], [[-1.0, -1.0]]]);
    }

    #[test]
    fn a_signal_has_a_mean_for_each_column() {
        let mut model = Signal::new(1);
        model
            .normalization
            .adapt(&[[[1.0, 5.0], [3.0, 9.0]]])
            .unwrap();
        assert_eq!(*model.normalization.mean.0, [2.0, 7.0]);
        assert_eq!(*model.normalization.variance.0, [1.0, 4.0]);
    }

    #[test]
    fn bad_data_changes_nothing() {
        let mut model = Signal::new(1);
        let none: [[[f32; 2]; 2]; 0] = [];
        assert!(matches!(
            model.normalization.adapt(&none),
            Err(Error::Empty { .. })
        ));
        let nan = [[[1.0, 2.0]; 2], [[f32::NAN, 2.0]; 2]];
        let error = model.normalization.adapt(&nan).unwrap_err();
        assert!(
            matches!(error, Error::NotFinite { index: 1, .. }),
            "{error}"
        );
        let error = model.normalization.adapt(&[[1.0; 3]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a sample of data is of 3 numbers, where [2, 2] has 4, but must be of the shape that comes \
             into the layer"
        );
        assert_eq!(model.predict(&[[1.0, 2.0]; 2]), [[1.0, 2.0]; 2]);
    }
}
