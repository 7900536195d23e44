//! Neural networks as types: Keras' `Sequential` models, checked by the Rust compiler.
//!
//! [`sequential!`] turns a list of layers into a plain struct that holds the weights. The shapes of
//! input, layers and output are part of its type, so layers that do not fit each other, targets of
//! the wrong length, and losses that do not go with the last activation are errors of the compiler.
//! Forward and backward passes are compiled for each model, without a graph at run time; predicting
//! one sample allocates nothing (a wide model takes a buffer once, in the first call of a thread).
//!
//! # From data to a trained model, in five steps
//! ```
//! use plywood::prelude::*;
//! use plywood::random::Stream;
//!
//! // 1. Prepare data: points in a square, and whether each lies in the circle.
//! let mut random = Stream::new(1);
//! let x: Vec<[f32; 2]> = (0..1000)
//!     .map(|_| [2.0 * random.uniform() as f32 - 1.0, 2.0 * random.uniform() as f32 - 1.0])
//!     .collect();
//! let y: Vec<u8> = x.iter().map(|[a, b]| u8::from(a * a + b * b < 0.5)).collect();
//! let (x_train, x_test) = x.split_at(800);
//! let (y_train, y_test) = y.split_at(800);
//!
//! // 2. Build the network.
//! sequential! {
//!     /// Two coordinates, two classes.
//!     pub struct Circle: [2] => [2] {
//!         Dense(32, relu),
//!         Dense(16, relu),
//!         Dense(2, softmax),
//!     }
//! }
//! let mut model = Circle::new(42); // a `Box<Circle>`, its weights drawn from this seed
//! println!("{}", model.summary());
//!
//! // 3. Choose optimiser, loss and metrics.
//! let mut training = model
//!     .compile(Adam::new(0.01), SparseCategoricalCrossentropy)
//!     .metrics(Accuracy);
//!
//! // 4. Train.
//! let settings = Fit::new().epochs(20).batch_size(32).verbose(Verbose::Silent);
//! let history = training.fit(x_train, y_train, settings)?;
//! assert!(history.loss[19] < history.loss[0]);
//!
//! // 5. Evaluate, and predict.
//! let score = training.evaluate(x_test, y_test)?;
//! assert!(score.metric("accuracy").unwrap() > 0.9);
//! let p: [f32; 2] = model.predict(&[0.1, -0.2]);
//! assert!(p[1] > 0.9);
//! # Ok::<(), plywood::Error>(())
//! ```
//!
//! # The grammar of `sequential!`
//! ```text
//! #[attributes] <visibility> struct <Name>: <shape> => <shape> { <layer>, ... }
//! ```
//!
//! | form | meaning |
//! | --- | --- |
//! | `struct Net: [28, 28] => [10] { ... }` | input and output shapes, of 1 to 4 dimensions; the output is checked |
//! | `struct Net<T>: ...` | generic over the numbers: `Net::<f64>::new(1)`; without `<T>` they are `f32` |
//! | `[FEATURES]`, `[{ W * H }]` | a dimension may be a constant or, in braces, a constant expression |
//! | `Dense(128, relu)` | a layer with arguments by position, in Keras' order |
//! | `Dense(128, activation = relu)` | ... or by Keras' keywords |
//! | `Flatten`, `Flatten()` | a layer without arguments |
//! | `Dense(784 => 128)` | states the width of the input, which is checked |
//! | `Dense(128) => [128]` | states the shape of the output, which is checked |
//! | `hidden: Dense(64)` | names the layer's field; else Keras' names: `dense`, `dense_1`, `flatten`, ... |
//! | `module::Block` | a layer or a whole model from elsewhere |
//! | `relu`, `my::Relu6` | a word in snake case is the type in camel case: `Relu`; it may have a path |
//! | `l2(0.01)`, `l2(l2 = 0.01)` | a word with arguments |
//!
//! ```
//! use plywood::prelude::*;
//!
//! const CLASSES: usize = 3;
//! sequential! {
//!     /// A model is a layer of other models.
//!     pub struct Encoder<T>: [8, 8] => [16] {
//!         Flatten,
//!         Dense(64 => 32, relu, kernel_initializer = he_normal) => [32],
//!         Dropout(0.2),
//!         code: Dense(16, tanh),
//!     }
//! }
//! sequential! {
//!     pub struct Classifier<T>: [8, 8] => [CLASSES] {
//!         Encoder<T>,
//!         Dense(CLASSES, softmax),
//!     }
//! }
//! let model = Classifier::<f64>::new(1);
//! assert_eq!(model.encoder.code.bias.len(), 16); // layers are fields, tensors are slices
//! assert_eq!(Classifier::<f64>::PARAMS, (64 * 32 + 32) + (32 * 16 + 16) + (16 * 3 + 3));
//! ```
//!
//! The sizes of a model are numbers that stand in its list. Where a program needs one network in several
//! sizes, `sequential!` in a macro of its own gives them, and a function over
//! [`Model`](layer::Model)s works with all of them:
//!
//! ```
//! use plywood::layer::Model;
//! use plywood::prelude::*;
//!
//! macro_rules! autoencoder {
//!     ($name:ident, $code:expr) => {
//!         sequential! {
//!             struct $name: [64] => [64] { Dense({ 2 * $code }, relu), code: Dense({ $code }, tanh), Dense(64) }
//!         }
//!     };
//! }
//! autoencoder!(Small, 4);
//! autoencoder!(Large, 16);
//!
//! fn shares_of_the_input<M: Model>() -> f64 {
//!     M::LAYERS[1].output[0] as f64 / 64.0
//! }
//! assert_eq!([shares_of_the_input::<Small>(), shares_of_the_input::<Large>()], [1.0 / 16.0, 0.25]);
//! ```
//!
//! # Where to find what
//!
//! | module | holds |
//! | --- | --- |
//! | [`prelude`] | everything that a program with a model needs |
//! | [`layers`] | all layers, and their arguments |
//! | [`activations`], [`initializers`], [`regularizers`], [`constraints`] | the words for arguments |
//! | [`losses`], [`metrics`], [`optimizers`] | what `compile` takes, with the formulas; [schedules](optimizers::schedules) |
//! | [`training`] | `Fit`, `Training`, `History`, callbacks; training on streams, or one batch at a time |
//! | [`data`] | arrays from numbers: scaling, one-hot classes, splits, readers of IDX and CSV, augmentation |
//! | [`files`] | weights as files, and as bytes |
//! | `datasets` | Fashion-MNIST (feature `data`) |
//! | [`layer`] | what a layer is, with one of your own as an example |
//! | [`pictures`] | diagrams of models, and with the feature `plot` the course of a training |
//! | [`onnx`] | models as ONNX files, for other programs |
//! | [`gradients`] | gradients to look at, and the check of a layer's backward pass |
//! | [`random`] | the random numbers, the same on every machine |
//! | [`simd`], [`kernels`], [`rows`] | instruction sets, the loops, and how rows lie in memory |
//! | [`shape`], [`math`], [`cast`] | shapes as types, elementary functions, arrays as slices |
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `std` | yes | files, the terminal, times, the choice of the instruction set at run time |
//! | `progress` | yes | the progress bar on a terminal |
//! | `data` | yes | readers for IDX (plain and gzip) and CSV files, and the data sets |
//! | `plot` | no | pictures of trainings and confusion matrices, as SVG and PNG |
//! | `npz` | no | weights as numpy's `.npz` files |
//!
//! Without features, types, kernels and training are left, which need `alloc` only.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;
extern crate self as plywood;
#[cfg(test)]
extern crate std;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod activations;
pub mod cast;
pub mod constraints;
#[cfg(test)]
mod contract;
pub mod data;
#[cfg(feature = "data")]
pub mod datasets;
mod error;
pub mod files;
pub mod gradients;
pub mod initializers;
pub mod kernels;
mod lanes;
pub mod layer;
pub mod layers;
pub mod layout;
pub mod losses;
pub mod math;
pub mod metrics;
pub mod onnx;
pub mod optimizers;
pub mod pictures;
pub mod prelude;
pub mod random;
pub mod regularizers;
pub mod rows;
mod scratch;
pub mod shape;
pub mod simd;
pub mod team;
pub mod training;

#[doc(hidden)]
pub use typenum;

pub use error::{Error, Result};
pub use plywood_macros::sequential;
