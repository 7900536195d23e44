//! Losses as metrics: their means.

use super::truth::Alike;
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

/// Implements metrics, with the targets that they take and how the loss sees one.
macro_rules! metrics {
    ($target:ident: $bound:path, $seen:ty, |$y:ident| $see:expr;
     $($loss:ty: $name:literal;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<T: Element, P: Plain<T>, $target: $bound> Metric<T, P, $target> for $loss
        where
            $loss: Loss<T, P, $seen>,
        {
            fn name(&self) -> &'static str {
                $name
            }
            #[inline(always)]
            fn add<I: Isa>(&self, isa: I, prediction: &[T], $y: &$target, state: &mut [f64]) {
                add_to_mean(state, self.loss(isa, prediction, $see).as_f64());
            }
            fn lower_is_better(&self) -> bool {
                true
            }
            fn check(&self) -> Result<()> {
                Loss::check(self)
            }
        }
    )* };
}

metrics! { Y: Alike<P>, P, |target| target.array();
    MeanSquaredError: "mean_squared_error";
    MeanAbsoluteError: "mean_absolute_error";
    MeanAbsolutePercentageError: "mean_absolute_percentage_error";
    MeanSquaredLogarithmicError: "mean_squared_logarithmic_error";
    Huber: "huber";
    LogCosh: "logcosh";
    Poisson: "poisson";
    Hinge: "hinge";
    SquaredHinge: "squared_hinge";
    CategoricalHinge: "categorical_hinge";
    KLDivergence: "kl_divergence";
    BinaryCrossentropy: "binary_crossentropy";
    CategoricalCrossentropy: "categorical_crossentropy";
    FromLogits<BinaryCrossentropy>: "binary_crossentropy";
    FromLogits<CategoricalCrossentropy>: "categorical_crossentropy";
    LabelSmoothing<BinaryCrossentropy>: "binary_crossentropy";
    LabelSmoothing<CategoricalCrossentropy>: "categorical_crossentropy";
    LabelSmoothing<FromLogits<BinaryCrossentropy>>: "binary_crossentropy";
    LabelSmoothing<FromLogits<CategoricalCrossentropy>>: "categorical_crossentropy";
}

metrics! { Y: Sized, Y, |target| target;
    SparseCategoricalCrossentropy: "sparse_categorical_crossentropy";
    FromLogits<SparseCategoricalCrossentropy>: "sparse_categorical_crossentropy";
}

/// The cosine itself, which should rise: minus the loss.
#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>, Y: Alike<P>> Metric<T, P, Y> for CosineSimilarity
where
    CosineSimilarity: Loss<T, P, P>,
{
    fn name(&self) -> &'static str {
        "cosine_similarity"
    }
    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        add_to_mean(state, -self.loss(isa, prediction, target.array()).as_f64());
    }
}
