//! Everything that a program with a model needs: `use plywood::prelude::*;`.

pub use crate::activations::{
    AnyHead, Elu, FastTanh, Gelu, HardSigmoid, LeakyRelu, Linear, Pointwise, Relu, Selu, Sigmoid,
    Silu, Softmax, Softplus, Tanh,
};
pub use crate::constraints::{MaxNorm, MinMaxNorm, NonNeg, UnitNorm};
pub use crate::data::EachEpoch;
pub use crate::error::Error;
pub use crate::initializers::{
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Init, LecunNormal, LecunUniform,
    Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, Zeros,
};
pub use crate::kernels::Element;
pub use crate::layer::{Arguments, Layer, Matrix, Model, NoWeights, Vector, Weights};
pub use crate::layers::*;
pub use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, CosineSimilarity, Hinge, Huber,
    KLDivergence, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge,
};
pub use crate::metrics::{
    Accuracy, Auc, Average, BinaryAccuracy, ClassAccuracy, ConfusionMatrix, Curve, F1Score, Named,
    Precision, R2Score, Recall, RootMeanSquaredError, TopK,
};
pub use crate::optimizers::schedules::{
    CosineDecay, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay,
};
pub use crate::optimizers::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Lion, Nadam, Optimizer, RmsProp, Sgd,
};
pub use crate::regularizers::{L1, L1L2, L2};
pub use crate::rows::{Rows, RowsMut};
pub use crate::shape::{Bilinear, Causal, Check, Dim, Fact, Nearest, Same, Shape, Valid};
pub use crate::simd::Isa;
#[cfg(feature = "std")]
pub use crate::training::{BackupAndRestore, CsvLogger, ModelCheckpoint};
pub use crate::training::{
    Callback, EarlyStopping, EpochEnd, Fit, History, LambdaCallback, LearningRateScheduler,
    NamedWeight, ReduceLrOnPlateau, Score, Summary, TerminateOnNan, Training, Verbose,
};
pub use plywood_macros::sequential;
