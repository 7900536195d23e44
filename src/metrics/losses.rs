//! Losses as metrics: their means.

use super::{Metric, add_to_mean};
use crate::cast::Plain;
use crate::error::Result;
use crate::kernels::Element;
use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, CosineSimilarity, FromLogits,
    Hinge, Huber, KLDivergence, LabelSmoothing, LogCosh, Loss, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson,
    SparseCategoricalCrossentropy, SquaredHinge,
};
use crate::simd::Isa;

macro_rules! metrics {
    ($($sign:literal $loss:ty: $name:literal;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<T: Element, P: Plain<T>, Y> Metric<T, P, Y> for $loss
        where
            $loss: Loss<T, P, Y>,
        {
            fn name(&self) -> &'static str {
                $name
            }
            #[inline(always)]
            fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]) {
                add_to_mean(state, $sign * self.loss(isa, prediction, target).as_f64());
            }
            fn lower_is_better(&self) -> bool {
                $sign > 0.0
            }
            fn check(&self) -> Result<()> {
                Loss::check(self)
            }
        }
    )* };
}

metrics! {
    1.0 MeanSquaredError: "mean_squared_error";
    1.0 MeanAbsoluteError: "mean_absolute_error";
    1.0 MeanAbsolutePercentageError: "mean_absolute_percentage_error";
    1.0 MeanSquaredLogarithmicError: "mean_squared_logarithmic_error";
    1.0 Huber: "huber";
    1.0 LogCosh: "logcosh";
    1.0 Poisson: "poisson";
    1.0 Hinge: "hinge";
    1.0 SquaredHinge: "squared_hinge";
    1.0 CategoricalHinge: "categorical_hinge";
    1.0 KLDivergence: "kl_divergence";
    1.0 BinaryCrossentropy: "binary_crossentropy";
    1.0 CategoricalCrossentropy: "categorical_crossentropy";
    1.0 SparseCategoricalCrossentropy: "sparse_categorical_crossentropy";
    1.0 FromLogits<BinaryCrossentropy>: "binary_crossentropy";
    1.0 FromLogits<CategoricalCrossentropy>: "categorical_crossentropy";
    1.0 FromLogits<SparseCategoricalCrossentropy>: "sparse_categorical_crossentropy";
    1.0 LabelSmoothing<BinaryCrossentropy>: "binary_crossentropy";
    1.0 LabelSmoothing<CategoricalCrossentropy>: "categorical_crossentropy";
    1.0 LabelSmoothing<FromLogits<BinaryCrossentropy>>: "binary_crossentropy";
    1.0 LabelSmoothing<FromLogits<CategoricalCrossentropy>>: "categorical_crossentropy";
    -1.0 CosineSimilarity: "cosine_similarity";
}
