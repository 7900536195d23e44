//! Plywood against Keras: every reference vector of `tests/golden`, in f32 and in f64.
//!
//! A table for each file says what Plywood calls a case. A case that no table names fails the test,
//! and so does a name without a case: what Plywood does not have stands in [`Golden::lacks`], with
//! the reason. `--nocapture` shows how many cases were compared, and the largest errors.

use std::any::type_name;
use std::marker::PhantomData;

use plywood::activations;
use plywood::cast::Plain;
use plywood::gradients;
use plywood::layer::{Bool, Float, Layer};
use plywood::losses::{Fits, Loss};
use plywood::math::Real as _;
use plywood::metrics::Metric;
use plywood::optimizers::IntoLearningRate;
use plywood::prelude::*;
use plywood::rows::padded;
use plywood::simd::{Job, Level, dispatch_on};
use plywood::training::{self, get_weights, set_weights};
use serde_json::Value;

// --- The files --------------------------------------------------------------------------------

/// What an error may be, relative to the greater of 1 and the number: of f32, of f64.
const TOLERANCES: [f64; 2] = [1e-5, 1e-10];

/// How far a slope at a kink may be from those of its sides, which were taken 2^-20 beside it.
const BESIDE: f64 = 2e-6;

/// A list of cases, of which each is to be taken once.
struct Golden {
    cases: Vec<Value>,
    compared: usize,
    /// The largest errors so far: of f32, of f64.
    largest: [f64; 2],
    failures: Vec<String>,
}

impl Golden {
    /// Runs a test over a list of a file, and fails it where a case is wrong or was left out.
    fn test(file: &str, list: &str, run: impl FnOnce(&mut Golden)) {
        let path = format!("{}/tests/golden/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the file can be read");
        let mut content: Value = serde_json::from_str(&text).expect("the file is JSON");
        let Value::Array(cases) = content[list].take() else {
            panic!("{file}.json has no list `{list}`");
        };
        let mut golden = Golden {
            cases,
            compared: 0,
            largest: [0.0; 2],
            failures: Vec::new(),
        };
        run(&mut golden);
        let Golden {
            cases,
            compared,
            largest: [f32, f64],
            failures,
        } = golden;
        println!(
            "{file}.json, {list}: {compared} compared, largest error {f32:.1e} in f32, {f64:.1e} in f64"
        );
        let forgotten: Vec<_> = cases.iter().map(|case| &case["name"]).collect();
        assert!(
            forgotten.is_empty(),
            "cases that no table names: {forgotten:?}"
        );
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    /// The case of this name, to be compared.
    fn take(&mut self, name: &str) -> Case {
        self.compared += 1;
        self.remove(name)
    }

    /// Leaves out a case that Plywood has nothing for.
    fn lacks(&mut self, name: &str, reason: &str) {
        self.remove(name);
        println!("not compared: {name}: {reason}");
    }

    fn remove(&mut self, name: &str) -> Case {
        let place = self.cases.iter().position(|case| case["name"] == name);
        Case(
            self.cases
                .swap_remove(place.unwrap_or_else(|| panic!("no case `{name}` is left"))),
        )
    }

    /// Compares numbers with those that they should be.
    fn compare<T: Element>(&mut self, case: &Case, what: &str, found: &[T], expected: &[f64]) {
        let (name, number) = (case.name(), type_name::<T>());
        assert_eq!(
            found.len(),
            expected.len(),
            "{name}: as many numbers of {what}"
        );
        for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
            let found = found.as_f64();
            let error = (found - expected).abs() / expected.abs().max(1.0);
            self.note::<T>(error);
            if error.is_nan() || error > TOLERANCES[precision::<T>()] {
                self.failures.push(format!(
                    "{name}: {what} {i} is {found} in {number}, but should be {expected}"
                ));
            }
        }
    }

    fn note<T: Element>(&mut self, error: f64) {
        let largest = &mut self.largest[precision::<T>()];
        *largest = largest.max(error);
    }

    /// Compares derivatives at kinks: anything between those of the two sides is right.
    fn compare_between<T: Element>(&mut self, case: &Case, key: &str, found: &[T]) {
        let [left, right]: [Vec<f64>; 2] =
            ["left", "right"].map(|side| case.numbers(&format!("{key}_{side}")));
        let mut expected = Vec::new();
        for (found, (a, b)) in found.iter().zip(left.into_iter().zip(right)) {
            expected.push(found.as_f64().clamp(a.min(b) - BESIDE, a.max(b) + BESIDE));
        }
        self.compare(case, key, found, &expected);
    }
}

/// The place of f32 and of f64 in a list of two.
fn precision<T: Element>() -> usize {
    usize::from(size_of::<T>() == size_of::<f64>())
}

/// One case of a file.
struct Case(Value);

impl Case {
    fn name(&self) -> &str {
        self.0["name"].as_str().expect("a case has a name")
    }

    fn has(&self, key: &str) -> bool {
        !self.0[key].is_null()
    }

    /// The numbers of a tensor or of a list.
    fn numbers<T: Element>(&self, key: &str) -> Vec<T> {
        numbers(&self.0[key])
    }

    /// The samples of a tensor.
    fn samples<T: Element, P: Plain<T>>(&self, key: &str) -> Vec<P> {
        samples(&self.0[key])
    }

    fn weights<T: Element>(&self, key: &str) -> Vec<NamedWeight<T>> {
        let list = self.0[key].as_array().expect("a list of weights");
        list.iter().map(named_weight).collect()
    }
}

fn numbers<T: Element>(value: &Value) -> Vec<T> {
    let list = value.as_array().or_else(|| value["data"].as_array());
    let number = |x: &Value| T::of(as_f64(x));
    list.expect("a tensor or a list")
        .iter()
        .map(number)
        .collect()
}

fn as_f64(number: &Value) -> f64 {
    number.as_f64().expect("a number")
}

/// The samples of a tensor.
fn samples<T: Element, P: Plain<T>>(tensor: &Value) -> Vec<P> {
    let samples = to_samples(&numbers(tensor));
    assert_eq!(
        tensor["shape"][0],
        samples.len(),
        "the samples have another size"
    );
    samples
}

fn to_samples<T: Element, P: Plain<T>>(numbers: &[T]) -> Vec<P> {
    let sample = |numbers: &[T]| {
        let mut sample = P::zeroed();
        sample.numbers_mut().copy_from_slice(numbers);
        sample
    };
    let size = P::zeroed().numbers().len();
    numbers.chunks_exact(size).map(sample).collect()
}

/// Targets that are class numbers.
fn labels(tensor: &Value) -> Vec<u8> {
    numbers::<f64>(tensor)
        .iter()
        .map(|&label| label as u8)
        .collect()
}

fn named_weight<T: Element>(weight: &Value) -> NamedWeight<T> {
    let shape = weight["shape"].as_array().expect("a shape");
    let size = |n: &Value| n.as_u64().expect("a whole number") as usize;
    NamedWeight {
        name: weight["name"].as_str().expect("a name").into(),
        shape: shape.iter().map(size).collect(),
        values: numbers(weight),
    }
}

/// The numbers of all samples, one after another.
fn flat<T: Element, P: Plain<T>>(samples: &[P]) -> Vec<T> {
    samples.iter().flat_map(P::numbers).copied().collect()
}

/// Rows as they lie in memory.
fn with_padding<T: Element>(numbers: &[T], width: usize) -> Vec<T> {
    let mut all = vec![T::default(); numbers.len() / width * padded(width)];
    for (row, numbers) in RowsMut::new(&mut all, width)
        .iter_mut()
        .zip(numbers.chunks_exact(width))
    {
        row.copy_from_slice(numbers);
    }
    all
}

fn without_padding<T: Element>(all: &[T], width: usize) -> Vec<T> {
    Rows::new(all, width).iter().flatten().copied().collect()
}

/// What this processor can run.
fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.available())
}

// --- Layers -----------------------------------------------------------------------------------

/// Compares models, given as their layers.
macro_rules! layers {
    ($golden:ident: $($compare:ident $name:literal $input:tt => $output:tt { $($layers:tt)* })*) => { $({
        sequential! {
            struct Net<T>: $input => $output { $($layers)* }
        }
        let case = $golden.take($name);
        $compare::<Net<f32>>($golden, &case);
        $compare::<Net<f64>>($golden, &case);
    })* };
}

#[test]
fn layers() {
    Golden::test("layers", "cases", |golden| {
        layers! { golden:
            learning "dense/3-4/linear" [3] => [4] { Dense(4) }
            learning "dense/7-17/tanh" [7] => [17] { Dense(17, tanh) }
            learning "dense/40-33/gelu/no_bias" [40] => [33] { Dense(33, gelu, use_bias = false) }
            learning "dense/6-5/linear" [6] => [5] { Dense(5, linear) }
            learning "dense/6-5/relu" [6] => [5] { Dense(5, relu) }
            learning "dense/6-5/leaky_relu" [6] => [5] { Dense(5, leaky_relu) }
            learning "dense/6-5/elu" [6] => [5] { Dense(5, elu) }
            learning "dense/6-5/selu" [6] => [5] { Dense(5, selu) }
            learning "dense/6-5/gelu" [6] => [5] { Dense(5, gelu) }
            learning "dense/6-5/silu" [6] => [5] { Dense(5, silu) }
            learning "dense/6-5/softplus" [6] => [5] { Dense(5, softplus) }
            learning "dense/6-5/sigmoid" [6] => [5] { Dense(5, sigmoid) }
            learning "dense/6-5/hard_sigmoid" [6] => [5] { Dense(5, hard_sigmoid) }
            learning "dense/6-5/tanh" [6] => [5] { Dense(5, tanh) }
            learning "dense/6-5/softmax" [6] => [5] { Dense(5, softmax) }
            learning "activation/9/linear" [9] => [9] { Activation(linear) }
            learning "activation/9/relu" [9] => [9] { Activation(relu) }
            learning "activation/9/leaky_relu" [9] => [9] { Activation(leaky_relu) }
            learning "activation/9/elu" [9] => [9] { Activation(elu) }
            learning "activation/9/selu" [9] => [9] { Activation(selu) }
            learning "activation/9/gelu" [9] => [9] { Activation(gelu) }
            learning "activation/9/silu" [9] => [9] { Activation(silu) }
            learning "activation/9/softplus" [9] => [9] { Activation(softplus) }
            learning "activation/9/sigmoid" [9] => [9] { Activation(sigmoid) }
            learning "activation/9/hard_sigmoid" [9] => [9] { Activation(hard_sigmoid) }
            learning "activation/9/tanh" [9] => [9] { Activation(tanh) }
            learning "activation/9/softmax" [9] => [9] { Activation(softmax) }
            learning "softmax_layer/6-5" [6] => [5] { Dense(5), Softmax }
            learning "softmax_layer/2x3" [2, 3] => [2, 3] { Softmax }
            learning "softmax_layer/5x4x3" [3, 5, 4] => [3, 5, 4] { Softmax }
            learning "leaky_relu_layer/9" [9] => [9] { LeakyReLU }
            learning "flatten/2x3" [2, 3] => [6] { Flatten }
            learning "flatten/2x3x4" [2, 3, 4] => [24] { Flatten }
            learning "reshape/12-3x4" [12] => [3, 4] { Reshape([3, 4]) }
            learning "stack/2x3-8-6-3" [2, 3] => [3] {
                Flatten,
                Dense(8, relu),
                Dense(6, tanh),
                Dense(3, softmax),
            }
            learning "max_pooling2d/5x7x3" [3, 5, 7] => [3, 2, 3] { MaxPooling2D }
            learning "max_pooling2d/3x2/1x3/same" [2, 5, 7] => [2, 5, 3] {
                MaxPooling2D([3, 2], [1, 3], padding = same)
            }
            learning "average_pooling2d/5x7x3" [3, 5, 7] => [3, 2, 3] { AveragePooling2D(2) }
            learning "average_pooling2d/3/2/same" [2, 6, 5] => [2, 3, 3] {
                AveragePooling2D(3, 2, padding = same)
            }
            learning "max_pooling1d/7x3" [7, 3] => [3, 3] { MaxPooling1D }
            learning "average_pooling1d/3/2/same" [8, 3] => [4, 3] {
                AveragePooling1D(3, 2, padding = same)
            }
            learning "global_max_pooling2d/3x4x5" [5, 3, 4] => [5] { GlobalMaxPooling2D }
            learning "global_average_pooling2d/3x4x5" [5, 3, 4] => [5] { GlobalAveragePooling2D }
            learning "global_max_pooling1d/6x3" [6, 3] => [3] { GlobalMaxPooling1D }
            learning "global_average_pooling1d/6x3" [6, 3] => [3] { GlobalAveragePooling1D }
            learning "up_sampling2d/nearest" [2, 2, 3] => [2, 4, 9] { UpSampling2D([2, 3]) }
            learning "up_sampling2d/bilinear" [2, 3, 2] => [2, 6, 6] {
                UpSampling2D([2, 3], interpolation = bilinear)
            }
            learning "zero_padding2d/1,2,0,3" [2, 2, 3] => [2, 5, 6] {
                ZeroPadding2D([1, 2, 0, 3])
            }
            learning "cropping2d/1,2,0,1" [2, 5, 4] => [2, 2, 3] { Cropping2D([1, 2, 0, 1]) }
            learning "conv1d/valid" [7, 3] => [5, 4] { Conv1D(4, 3, activation = tanh) }
            learning "conv1d/same/2" [8, 2] => [4, 3] { Conv1D(3, 4, strides = 2, padding = same) }
            learning "conv1d/causal/dilated" [8, 2] => [8, 3] {
                Conv1D(3, 3, padding = causal, dilation_rate = 2, use_bias = false)
            }
            learning "conv1d/groups" [6, 4] => [5, 6] { Conv1D(6, 2, groups = 2) }
            learning "conv2d/valid" [3, 5, 6] => [4, 3, 4] { Conv2D(4, 3, activation = tanh) }
            learning "conv2d/same/2x3" [2, 6, 7] => [3, 3, 3] {
                Conv2D(3, [3, 2], strides = [2, 3], padding = same)
            }
            learning "conv2d/dilated/groups" [4, 6, 6] => [6, 4, 4] {
                Conv2D(6, 2, dilation_rate = 2, groups = 2, use_bias = false)
            }
            learning "depthwise_conv2d/valid" [3, 5, 4] => [3, 3, 2] {
                DepthwiseConv2D(3, activation = tanh)
            }
            learning "depthwise_conv2d/same/2/3" [2, 5, 6] => [6, 3, 3] {
                DepthwiseConv2D([3, 2], 2, same, depth_multiplier = 3)
            }
            learning "depthwise_conv2d/dilated" [17, 6, 6] => [17, 4, 4] {
                DepthwiseConv2D(2, dilation_rate = 2, use_bias = false)
            }
            learning "separable_conv2d/valid" [3, 5, 4] => [4, 3, 2] { SeparableConv2D(4, 3) }
            learning "separable_conv2d/same/2/3" [2, 5, 6] => [3, 3, 3] {
                SeparableConv2D(3, 3, 2, same, depth_multiplier = 3, activation = silu)
            }
            learning "conv2d_transpose/valid" [3, 3, 2] => [2, 5, 4] {
                Conv2DTranspose(2, 3, activation = tanh)
            }
            learning "conv2d_transpose/valid/3" [2, 2, 3] => [2, 6, 9] {
                Conv2DTranspose(2, 2, strides = 3, use_bias = false)
            }
            learning "conv2d_transpose/same/2" [2, 3, 2] => [3, 6, 4] {
                Conv2DTranspose(3, 3, strides = 2, padding = same)
            }
            learning "conv2d_transpose/same/even" [2, 3, 2] => [3, 6, 4] {
                Conv2DTranspose(3, 4, strides = 2, padding = same)
            }
            learning "conv2d_transpose/same/1x3" [2, 3, 2] => [2, 3, 6] {
                Conv2DTranspose(2, [2, 2], strides = [1, 3], padding = same)
            }
            learning "conv2d_transpose/dilated" [2, 3, 3] => [2, 7, 7] {
                Conv2DTranspose(2, 3, dilation_rate = 2)
            }
            learning "time_distributed/3x5" [3, 5] => [3, 2] {
                TimeDistributed(Dense(7, tanh), Dense(2))
            }
            learning "time_distributed/2x16" [2, 16] => [2, 16] { TimeDistributed(Dense(16, gelu)) }
            learning "time_distributed/2x3x5" [2, 3, 5] => [2, 4] {
                TimeDistributed([Flatten, Dense(4, tanh)])
            }
            learning "time_distributed/3x4-3x2x2" [3, 4] => [3, 2, 2] {
                TimeDistributed(Reshape([2, 2]))
            }
            learning "time_distributed/3x4x3x2" [3, 2, 4, 3] => [3, 2, 3, 2] {
                TimeDistributed(Conv2D(2, 2, activation = tanh))
            }
            prediction "dropout/inference/8" [8] => [8] { Dropout(0.5) }
        }
        golden.lacks(
            "dense/last_axis/2x3-4",
            "a Dense on a matrix does not compile",
        );
        golden.lacks(
            "activation/last_axis/2x3/softmax",
            "softmax goes over all numbers of a sample, and not over its last axis",
        );
    });
}

/// A model with the weights of a case, and the inputs.
fn loaded<M: Model>(case: &Case) -> (Box<M>, Vec<M::Input>) {
    for (key, dims) in [("x", M::InputShape::DIMS), ("y", M::OutputShape::DIMS)] {
        let shape = case.0[key]["shape"].as_array().expect("a shape");
        assert!(
            shape[1..].iter().eq(dims),
            "{}: the shape of {key}",
            case.name()
        );
    }
    let mut model = M::initialized(1);
    set_weights(&mut *model, &case.weights("weights")).expect("the weights are those of the model");
    (model, case.samples("x"))
}

/// Compares predictions.
fn prediction<M: Model>(golden: &mut Golden, case: &Case) {
    let (model, x) = loaded::<M>(case);
    golden.compare(
        case,
        "prediction",
        &flat(&model.predict_all(&x, 1)),
        &case.numbers("y"),
    );
}

/// Compares predictions, and all that training computes.
fn learning<M: Model>(golden: &mut Golden, case: &Case) {
    prediction::<M>(golden, case);
    let (mut model, x) = loaded::<M>(case);
    let found = gradients::of(&mut *model, &x, &case.numbers("r"), 1);
    golden.compare(case, "y", &found.predictions, &case.numbers("y"));
    golden.compare(case, "grad_x", &found.inputs, &case.numbers("grad_x"));
    let mut rest = &found.weights[..];
    for (i, weight) in get_weights(&*model).iter().enumerate() {
        let width = *weight.shape.last().expect("a weight has dimensions");
        let (own, others) = rest.split_at(weight.values.len() / width * padded(width));
        let expected = numbers::<f64>(&case.0["weights"][i]["grad"]);
        golden.compare(case, &weight.name, &without_padding(own, width), &expected);
        rest = others;
    }
    assert!(rest.is_empty());
}

// --- Layers of features -----------------------------------------------------------------------

/// Compares prediction, training and statistics of models, given as their layers.
macro_rules! features {
    ($golden:ident: $($name:literal $input:tt => $output:tt { $($layers:tt)* })*) => { $({
        sequential! {
            struct Net<T>: $input => $output { $($layers)* }
        }
        let case = $golden.take($name);
        in_training::<Net<f32>>($golden, &case);
        in_training::<Net<f64>>($golden, &case);
    })* };
}

#[test]
fn features() {
    Golden::test("features", "cases", |golden| {
        features! { golden:
            "batch_normalization/5" [5] => [5] { BatchNormalization }
            "batch_normalization/33/momentum" [33] => [33] { BatchNormalization(-1, 0.7, 0.1) }
            "batch_normalization/3x4" [3, 4] => [3, 4] { BatchNormalization }
            "batch_normalization/4x2x3" [4, 2, 3] => [4, 2, 3] { BatchNormalization }
            "batch_normalization/4x2x3/no_center" [4, 2, 3] => [4, 2, 3] {
                BatchNormalization(center = false)
            }
            "batch_normalization/5/no_scale" [5] => [5] { BatchNormalization(scale = false) }
            "batch_normalization/3x4/steps" [3, 4] => [3, 4] { BatchNormalization(axis = 1) }
            "batch_normalization/3x4/last" [3, 4] => [3, 4] { BatchNormalization(2) }
            "batch_normalization/2x3x2x5/second" [2, 3, 2, 5] => [2, 3, 2, 5] {
                BatchNormalization(axis = 2, momentum = 0.5)
            }
            "layer_normalization/5" [5] => [5] { LayerNormalization }
            "layer_normalization/35/epsilon" [35] => [35] { LayerNormalization(epsilon = 0.1) }
            "layer_normalization/3x4" [3, 4] => [3, 4] { LayerNormalization }
            "layer_normalization/4x2x3" [4, 2, 3] => [4, 2, 3] { LayerNormalization }
            "layer_normalization/5/no_center" [5] => [5] { LayerNormalization(center = false) }
            "layer_normalization/5/no_scale" [5] => [5] { LayerNormalization(scale = false) }
            "layer_normalization/5/all" [5] => [5] { LayerNormalization(axis = [1]) }
            "layer_normalization/3x4/all" [3, 4] => [3, 4] { LayerNormalization(axis = [1, 2]) }
            "layer_normalization/4x2x3/all" [4, 2, 3] => [4, 2, 3] {
                LayerNormalization([1, 2, 3], epsilon = 0.1)
            }
            "group_normalization/64" [64] => [64] { GroupNormalization }
            "group_normalization/3x4/2" [3, 4] => [3, 4] { GroupNormalization(2, epsilon = 0.1) }
            "group_normalization/4x2x3/2" [4, 2, 3] => [4, 2, 3] { GroupNormalization(2) }
            "group_normalization/4x2x3/all" [4, 2, 3] => [4, 2, 3] { GroupNormalization(-1) }
            "group_normalization/4x2x3/one" [4, 2, 3] => [4, 2, 3] { GroupNormalization(1) }
            "rms_normalization/5" [5] => [5] { RMSNormalization }
            "rms_normalization/3x4" [3, 4] => [3, 4] { RMSNormalization(-1, 0.1) }
            "rms_normalization/4x2x3" [4, 2, 3] => [4, 2, 3] { RMSNormalization }
            "rms_normalization/3x4/all" [3, 4] => [3, 4] { RMSNormalization(axis = [1, 2]) }
            "rms_normalization/4x2x3/all" [4, 2, 3] => [4, 2, 3] { RMSNormalization([1, 2, 3]) }
            "normalization/5/invert" [5] => [5] { Normalization(0.5, 4, true) }
            "elu/9" [9] => [9] { ELU(0.5) }
            "re_lu/9" [9] => [9] { ReLU }
            "re_lu/9/all" [9] => [9] { ReLU(1.5, 0.1, 0.25) }
            "leaky_re_lu/9" [9] => [9] { LeakyReLU(0.1) }
            "p_re_lu/9" [9] => [9] { PReLU }
            "p_re_lu/4x2x3" [4, 2, 3] => [4, 2, 3] { PReLU }
            "p_re_lu/4x2x3/shared" [4, 2, 3] => [4, 2, 3] { PReLU(shared_axes = [2, 3]) }
            "p_re_lu/3x4/shared" [3, 4] => [3, 4] { PReLU(shared_axes = 1) }
            "rescaling/4x2x3" [4, 2, 3] => [4, 2, 3] { Rescaling(0.5, offset = -1.5) }
            "permute/3x4" [3, 4] => [4, 3] { Permute([2, 1]) }
            "repeat_vector/5" [5] => [3, 5] { RepeatVector(3) }
            "embedding/4" [4] => [4, 5] { Embedding(7, 5) }
        }
        macro_rules! adapted {
            ($name:literal $shape:tt) => {{
                sequential! {
                    struct Net<T>: $shape => $shape { Normalization }
                }
                let case = golden.take($name);
                adapted!(@of f32, case);
                adapted!(@of f64, case);
            }};
            (@of $t:ty, $case:ident) => {
                in_training::<Net<$t>>(golden, &$case);
                let mut model = Net::<$t>::new(1);
                let data = $case.samples::<$t, <Net<$t> as Model>::Input>("data");
                model.normalization.adapt(&data).unwrap();
                for (weight, expected) in model.get_weights().iter().zip($case.weights("weights")) {
                    golden.compare(&$case, &weight.name, &weight.values, &expected.values);
                }
            };
        }
        adapted!("normalization/5"[5]);
        adapted!("normalization/3x4" [3, 4]);
        adapted!("normalization/4x2x3" [4, 2, 3]);
    });
}

/// Compares predictions, all that training computes, and what a step makes of the weights that are not
/// trained.
fn in_training<M: Model>(golden: &mut Golden, case: &Case)
where
    MeanSquaredError: Fits<<M as Layer<M::Element, M::InputShape>>::Head>
        + Loss<M::Element, M::Prediction, M::Prediction>,
{
    let (mut model, x) = loaded::<M>(case);
    let predictions = flat(&model.predict_all(&x, 1));
    golden.compare(
        case,
        "prediction",
        &predictions,
        &case.numbers("prediction"),
    );
    let found = gradients::of(&mut *model, &x, &case.numbers("r"), 1);
    golden.compare(case, "y", &found.predictions, &case.numbers("y"));
    golden.compare(case, "grad_x", &found.inputs, &case.numbers("grad_x"));
    let targets = case.samples::<M::Element, M::Prediction>("y");
    let mut rest = &found.weights[..];
    let before = get_weights(&*model);
    let mut training = Training::new(model, Sgd::new(0.1).weight_decay(0.1), MeanSquaredError);
    training.train_on_batch(&x, &targets).expect("a step");
    let after = get_weights(training.model());
    for (i, (before, after)) in before.iter().zip(&after).enumerate() {
        let name = &before.name;
        let expected = &case.0["weights"][i];
        if expected["grad"].is_null() {
            let expected = numbers::<f64>(&expected["after"]);
            golden.compare(case, name, &after.values, &expected);
            continue;
        }
        let width = *before.shape.last().expect("a weight has dimensions");
        let (own, others) = rest.split_at(before.values.len() / width * padded(width));
        let expected = numbers::<f64>(&expected["grad"]);
        golden.compare(case, name, &without_padding(own, width), &expected);
        rest = others;
    }
    assert!(rest.is_empty());
}

// --- Activations ------------------------------------------------------------------------------

/// Compares activations by the names of their types.
macro_rules! activations {
    ($golden:ident: $($compare:ident $name:literal $activation:ty)*) => { $({
        let case = $golden.take($name);
        $compare::<f32, $activation>($golden, &case);
        $compare::<f64, $activation>($golden, &case);
    })* };
}

#[test]
fn activations() {
    Golden::test("activations", "cases", |golden| {
        activations! { golden:
            pointwise "linear" Linear
            pointwise "relu" Relu
            pointwise "relu/kinks" Relu
            pointwise "leaky_relu" LeakyRelu
            pointwise "leaky_relu/kinks" LeakyRelu
            pointwise "leaky_relu/0.3" LeakyRelu<Float<{ 0.3_f64.to_bits() }>>
            pointwise "elu" Elu
            pointwise "elu/0.5" Elu<Float<{ 0.5_f64.to_bits() }>>
            pointwise "selu" Selu
            pointwise "selu/kinks" Selu
            pointwise "gelu" Gelu
            pointwise "gelu/approximate" Gelu<Bool<true>>
            pointwise "silu" Silu
            pointwise "softplus" Softplus
            pointwise "sigmoid" Sigmoid
            pointwise "hard_sigmoid" HardSigmoid
            pointwise "hard_sigmoid/kinks" HardSigmoid
            pointwise "tanh" Tanh
            softmax "softmax" Softmax
        }
    });
}

/// An activation at z, and the way of a gradient back through it.
struct Through<'a, T, A> {
    z: &'a [T],
    dy: &'a [T],
    width: usize,
    activation: PhantomData<A>,
}

impl<T: Element, A: activations::Activation> Through<'_, T, A> {
    /// y and dz.
    fn on(&self, level: Level) -> [Vec<T>; 2] {
        dispatch_on(level, Self { ..*self })
    }
}

impl<T: Element, A: activations::Activation> Job for Through<'_, T, A> {
    type Output = [Vec<T>; 2];

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [Vec<T>; 2] {
        let z = with_padding(self.z, self.width);
        let (mut y, mut dy) = (z.clone(), with_padding(self.dy, self.width));
        A::forward(isa, RowsMut::new(&mut y, self.width));
        let seen = if A::NEEDS_INPUT { &z } else { &y };
        A::backward(
            isa,
            Rows::new(seen, self.width),
            RowsMut::new(&mut dy, self.width),
        );
        [y, dy].map(|all| without_padding(&all, self.width))
    }
}

/// Compares an activation that takes each number by itself.
fn pointwise<T: Element, A: Pointwise>(golden: &mut Golden, case: &Case) {
    let z: Vec<T> = case.numbers("x");
    let ones = vec![T::one(); z.len()];
    let through = Through::<T, A> {
        z: &z,
        dy: &ones,
        width: z.len(),
        activation: PhantomData,
    };
    for level in levels() {
        let [y, slope] = through.on(level);
        golden.compare(case, "y", &y, &case.numbers("y"));
        if case.has("dy_dx_left") {
            golden.compare_between(case, "dy_dx", &slope);
        } else {
            golden.compare(case, "dy_dx", &slope, &case.numbers("dy_dx"));
        }
    }
}

/// Compares an activation that takes the numbers of a sample together.
fn softmax<T: Element, A: activations::Activation>(golden: &mut Golden, case: &Case) {
    let (z, r) = (case.numbers("x"), case.numbers("r"));
    let through = Through::<T, A> {
        z: &z,
        dy: &r,
        width: 4,
        activation: PhantomData,
    };
    for level in levels() {
        let [y, dz] = through.on(level);
        golden.compare(case, "y", &y, &case.numbers("y"));
        golden.compare(case, "grad_x", &dz, &case.numbers("grad_x"));
    }
}

// --- Losses -----------------------------------------------------------------------------------

// What a sample of a loss or a metric is.
type One<T> = [T; 1];
type Three<T> = [T; 3];
type Four<T> = [T; 4];
type Grid<T> = [[T; 3]; 2];

/// The function that reads targets: those like the predictions, or labels.
macro_rules! targets {
    (samples $p:ty) => {
        samples::<_, $p>
    };
    (labels $p:ty) => {
        labels
    };
}

/// Compares losses, with the type of a prediction and the function that reads the targets. After
/// the comma: an activation together with the loss that goes with it, for the same logits.
macro_rules! losses {
    ($golden:ident: $($name:literal $p:ident $targets:ident $loss:expr $(, $head:ident => $joint:expr)?;)*) => { $({
        let case = $golden.take($name);
        loss::<f32, $p<f32>, _, _>($golden, &case, &$loss, targets!($targets $p<f32>));
        loss::<f64, $p<f64>, _, _>($golden, &case, &$loss, targets!($targets $p<f64>));
        $(
            joint::<f32, $p<f32>, _, _, $head>($golden, &case, &$joint, targets!($targets $p<f32>));
            joint::<f64, $p<f64>, _, _, $head>($golden, &case, &$joint, targets!($targets $p<f64>));
        )?
    })* };
}

#[test]
fn losses() {
    Golden::test("losses", "cases", |golden| {
        losses! { golden:
            "mean_squared_error/5x4" Four samples MeanSquaredError;
            "mean_squared_error/5x1" One samples MeanSquaredError;
            "mean_squared_error/5x2x3" Grid samples MeanSquaredError;
            "mean_squared_error/edges" Four samples MeanSquaredError;
            "mean_absolute_error/5x4" Four samples MeanAbsoluteError;
            "mean_absolute_error/5x1" One samples MeanAbsoluteError;
            "mean_absolute_error/5x2x3" Grid samples MeanAbsoluteError;
            "mean_absolute_error/edges" Four samples MeanAbsoluteError;
            "mean_absolute_error/kinks" Four samples MeanAbsoluteError;
            "huber/1/5x4" Four samples Huber::default();
            "huber/1/5x1" One samples Huber::default();
            "huber/1/5x2x3" Grid samples Huber::default();
            "huber/1/edges" Four samples Huber::default();
            "huber/0.5/5x4" Four samples Huber::new(0.5);
            "huber/0.5/5x1" One samples Huber::new(0.5);
            "huber/0.5/5x2x3" Grid samples Huber::new(0.5);
            "huber/0.5/edges" Four samples Huber::new(0.5);
            "binary_crossentropy/probabilities/5x4" Four samples BinaryCrossentropy;
            "binary_crossentropy/probabilities/5x1" One samples BinaryCrossentropy;
            "binary_crossentropy/probabilities/soft_targets" Four samples BinaryCrossentropy;
            "binary_crossentropy/probabilities/zero_and_one" Four samples BinaryCrossentropy;
            "binary_crossentropy/logits/5x4" Four samples BinaryCrossentropy::from_logits(),
                Sigmoid => BinaryCrossentropy;
            "binary_crossentropy/logits/5x1" One samples BinaryCrossentropy::from_logits(),
                Sigmoid => BinaryCrossentropy;
            "binary_crossentropy/logits/large" Four samples BinaryCrossentropy::from_logits(),
                Sigmoid => BinaryCrossentropy;
            "categorical_crossentropy/probabilities" Four samples CategoricalCrossentropy;
            "categorical_crossentropy/not_normalised" Four samples CategoricalCrossentropy;
            "categorical_crossentropy/zero_and_one" Four samples CategoricalCrossentropy;
            "categorical_crossentropy/probabilities/soft_targets" Four samples CategoricalCrossentropy;
            "categorical_crossentropy/logits" Four samples CategoricalCrossentropy::from_logits(),
                Softmax => CategoricalCrossentropy;
            "categorical_crossentropy/large_logits" Four samples CategoricalCrossentropy::from_logits(),
                Softmax => CategoricalCrossentropy;
            "categorical_crossentropy/logits/soft_targets" Four samples CategoricalCrossentropy::from_logits(),
                Softmax => CategoricalCrossentropy;
            "sparse_categorical_crossentropy/probabilities" Four labels SparseCategoricalCrossentropy;
            "sparse_categorical_crossentropy/not_normalised" Four labels SparseCategoricalCrossentropy;
            "sparse_categorical_crossentropy/zero_and_one" Four labels SparseCategoricalCrossentropy;
            "sparse_categorical_crossentropy/logits" Four labels SparseCategoricalCrossentropy::from_logits(),
                Softmax => SparseCategoricalCrossentropy;
            "sparse_categorical_crossentropy/large_logits" Four labels SparseCategoricalCrossentropy::from_logits(),
                Softmax => SparseCategoricalCrossentropy;
            "log_cosh/5x4" Four samples LogCosh;
            "log_cosh/5x1" One samples LogCosh;
            "log_cosh/5x2x3" Grid samples LogCosh;
            "log_cosh/edges" Four samples LogCosh;
            "mean_absolute_percentage_error/5x4" Four samples MeanAbsolutePercentageError;
            "mean_absolute_percentage_error/5x1" One samples MeanAbsolutePercentageError;
            "mean_absolute_percentage_error/5x2x3" Grid samples MeanAbsolutePercentageError;
            "mean_absolute_percentage_error/edges" Four samples MeanAbsolutePercentageError;
            "mean_squared_logarithmic_error/5x4" Four samples MeanSquaredLogarithmicError;
            "mean_squared_logarithmic_error/5x1" One samples MeanSquaredLogarithmicError;
            "mean_squared_logarithmic_error/5x2x3" Grid samples MeanSquaredLogarithmicError;
            "mean_squared_logarithmic_error/edges" Four samples MeanSquaredLogarithmicError;
            "hinge/signs/5x4" Four samples Hinge;
            "hinge/zeros_and_ones/5x4" Four samples Hinge;
            "hinge/signs/5x1" One samples Hinge;
            "hinge/zeros_and_ones/5x1" One samples Hinge;
            "hinge/signs/5x2x3" Grid samples Hinge;
            "hinge/zeros_and_ones/5x2x3" Grid samples Hinge;
            "squared_hinge/signs/5x4" Four samples SquaredHinge;
            "squared_hinge/zeros_and_ones/5x4" Four samples SquaredHinge;
            "squared_hinge/signs/5x1" One samples SquaredHinge;
            "squared_hinge/zeros_and_ones/5x1" One samples SquaredHinge;
            "squared_hinge/signs/5x2x3" Grid samples SquaredHinge;
            "squared_hinge/zeros_and_ones/5x2x3" Grid samples SquaredHinge;
            "categorical_hinge/scores" Four samples CategoricalHinge;
            "categorical_hinge/probabilities" Four samples CategoricalHinge;
            "poisson/5x4" Four samples Poisson;
            "poisson/5x1" One samples Poisson;
            "poisson/5x2x3" Grid samples Poisson;
            "poisson/zeros" Four samples Poisson;
            "kl_divergence/probabilities" Four samples KLDivergence;
            "kl_divergence/one_hot" Four samples KLDivergence;
            "kl_divergence/cut" Four samples KLDivergence;
            "cosine_similarity/5x4" Four samples CosineSimilarity;
            "cosine_similarity/5x1" One samples CosineSimilarity;
            "cosine_similarity/edges" Four samples CosineSimilarity;
            "binary_crossentropy/probabilities/label_smoothing/0.1" Four samples BinaryCrossentropy.label_smoothing(0.1);
            "binary_crossentropy/logits/label_smoothing/0.1" Four samples BinaryCrossentropy::from_logits().label_smoothing(0.1),
                Sigmoid => BinaryCrossentropy.label_smoothing(0.1);
            "binary_crossentropy/probabilities/label_smoothing/0.3" Four samples BinaryCrossentropy.label_smoothing(0.3);
            "binary_crossentropy/logits/label_smoothing/0.3" Four samples BinaryCrossentropy::from_logits().label_smoothing(0.3),
                Sigmoid => BinaryCrossentropy.label_smoothing(0.3);
            "categorical_crossentropy/probabilities/label_smoothing/0.1" Four samples CategoricalCrossentropy.label_smoothing(0.1);
            "categorical_crossentropy/logits/label_smoothing/0.1" Four samples CategoricalCrossentropy::from_logits().label_smoothing(0.1),
                Softmax => CategoricalCrossentropy.label_smoothing(0.1);
            "categorical_crossentropy/probabilities/label_smoothing/0.3" Four samples CategoricalCrossentropy.label_smoothing(0.3);
            "categorical_crossentropy/logits/label_smoothing/0.3" Four samples CategoricalCrossentropy::from_logits().label_smoothing(0.3),
                Softmax => CategoricalCrossentropy.label_smoothing(0.3);
        }
    });
}

/// The losses of all samples, and the gradient of their mean.
struct Assess<'a, T, P, Y, L> {
    loss: &'a L,
    predictions: &'a [P],
    targets: &'a [Y],
    joint: bool,
    number: PhantomData<T>,
}

impl<T: Element, P: Plain<T>, Y, L: Loss<T, P, Y>> Assess<'_, T, P, Y, L> {
    fn on(&self, level: Level) -> [Vec<T>; 2] {
        dispatch_on(level, Self { ..*self })
    }
}

impl<T: Element, P: Plain<T>, Y, L: Loss<T, P, Y>> Job for Assess<'_, T, P, Y, L> {
    type Output = [Vec<T>; 2];

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [Vec<T>; 2] {
        let scale = T::one() / T::of(self.targets.len() as f64);
        let (mut losses, mut gradients) = (Vec::new(), Vec::new());
        for (p, y) in self.predictions.iter().zip(self.targets) {
            assert_eq!(self.loss.complaint(y), None);
            losses.push(self.loss.loss(isa, p.numbers(), y));
            let mut gradient = vec![T::zero(); p.numbers().len()];
            self.loss
                .gradient(isa, p.numbers(), y, self.joint, scale, &mut gradient);
            gradients.extend(gradient);
        }
        [losses, gradients]
    }
}

/// Compares a loss with all that the case tells about it.
fn loss<T: Element, P: Plain<T>, Y, L: Loss<T, P, Y>>(
    golden: &mut Golden,
    case: &Case,
    loss: &L,
    targets: fn(&Value) -> Vec<Y>,
) {
    let (predictions, targets) = (case.samples::<T, P>("y_pred"), targets(&case.0["y_true"]));
    let (predictions, targets) = (&predictions[..], &targets[..]);
    let assess = Assess {
        loss,
        predictions,
        targets,
        joint: false,
        number: PhantomData,
    };
    let expected = expected_in::<T>(case);
    for level in levels() {
        let [losses, gradient] = assess.on(level);
        golden.compare(
            case,
            "value",
            &[T::of(mean(&losses))],
            &[as_f64(&expected["value"])],
        );
        if case.has("grad_y_pred_left") {
            golden.compare_between(case, "grad_y_pred", &gradient);
            continue;
        }
        golden.compare(
            case,
            "grad_y_pred",
            &gradient,
            &numbers(&expected["grad_y_pred"]),
        );
        // Keras' losses of a matrix are those of its rows.
        let rows: Vec<f64> = numbers(&expected["per_sample"]);
        let samples: Vec<f64> = rows
            .chunks_exact(rows.len() / losses.len())
            .map(mean)
            .collect();
        golden.compare(case, "per_sample", &losses, &samples);
    }
}

/// Compares a loss after the activation `A`, and their joint gradient, with the form for logits.
fn joint<T: Element, P: Plain<T>, Y, L: Loss<T, P, Y> + Fits<A>, A: activations::Activation>(
    golden: &mut Golden,
    case: &Case,
    loss: &L,
    targets: fn(&Value) -> Vec<Y>,
) {
    assert!(L::JOINT);
    let (z, targets) = (case.numbers("y_pred"), targets(&case.0["y_true"]));
    let width = z.len() / targets.len();
    let through = Through::<T, A> {
        z: &z,
        dy: &z,
        width,
        activation: PhantomData,
    };
    for level in levels() {
        let [p, _] = through.on(level);
        let predictions: Vec<P> = to_samples(&p);
        let (predictions, targets) = (&predictions[..], &targets[..]);
        let assess = Assess {
            loss,
            predictions,
            targets,
            joint: true,
            number: PhantomData,
        };
        let [_, gradient] = assess.on(level);
        golden.compare(
            case,
            "joint gradient",
            &gradient,
            &case.numbers("grad_y_pred"),
        );
    }
}

/// What is expected of numbers `T`, where Keras' float32 has its own.
fn expected_in<T: Element>(case: &Case) -> &Value {
    match case.0.get("float32") {
        Some(expected) if precision::<T>() == 0 => expected,
        _ => &case.0,
    }
}

// --- Optimizers -------------------------------------------------------------------------------

/// Compares optimisers.
macro_rules! optimizers {
    ($golden:ident: $($name:literal $optimizer:expr;)*) => { $({
        let case = $golden.take($name);
        optimizer::<f32, _>($golden, &case, &$optimizer);
        optimizer::<f64, _>($golden, &case, &$optimizer);
    })* };
}

#[test]
fn optimizers() {
    Golden::test("optimizers", "cases", |golden| {
        optimizers! { golden:
            "sgd" Sgd::new(0.1);
            "sgd/momentum" Sgd::new(0.1).momentum(0.9);
            "sgd/nesterov" Sgd::new(0.1).momentum(0.9).nesterov(true);
            "sgd/weight_decay" Sgd::new(0.1).weight_decay(0.01);
            "sgd/momentum/weight_decay" Sgd::new(0.1).momentum(0.9).weight_decay(0.01);
            "adam" Adam::default();
            "adam/settings" Adam::new(0.1).beta_1(0.8).beta_2(0.99).epsilon(1e-5);
            "adam/weight_decay" Adam::new(0.1).weight_decay(0.01);
            "adamw" AdamW::default();
            "adamw/0.01" AdamW::new(0.1).weight_decay(0.01);
            "rmsprop" RmsProp::default();
            "rmsprop/momentum" RmsProp::default().rho(0.8).momentum(0.9);
            "adagrad" Adagrad::default();
            "adagrad/settings" Adagrad::new(0.1).initial_accumulator_value(0.5).epsilon(1e-3);
            "adagrad/weight_decay" Adagrad::new(0.1).weight_decay(0.01);
            "adadelta" Adadelta::default();
            "adadelta/settings" Adadelta::new(1.0).rho(0.8).epsilon(1e-4);
            "adadelta/weight_decay" Adadelta::new(0.1).weight_decay(0.01);
            "adamax" Adamax::default();
            "adamax/settings" Adamax::new(0.1).beta_1(0.8).beta_2(0.99).epsilon(1e-5);
            "adamax/weight_decay" Adamax::new(0.1).weight_decay(0.01);
            "nadam" Nadam::default();
            "nadam/settings" Nadam::new(0.1).beta_1(0.8).beta_2(0.99).epsilon(1e-5);
            "nadam/weight_decay" Nadam::new(0.1).weight_decay(0.01);
            "lion" Lion::default();
            "lion/settings" Lion::new(0.01).beta_1(0.7).beta_2(0.8).weight_decay(0.1);
            "schedule/sgd" Sgd::new(ExponentialDecay::new(0.1, 3, 0.5));
            "l2/sgd" Sgd::new(0.1).l2(0.01);
            "l2/sgd/momentum" Sgd::new(0.1).momentum(0.9).l2(0.01);
            "l2/sgd/nesterov" Sgd::new(0.1).momentum(0.9).nesterov(true).l2(0.01);
        }
        let reason = "RmsProp does not take the mean gradient off";
        golden.lacks("rmsprop/centered", reason);
        golden.lacks("rmsprop/centered/momentum", reason);
    });
}

/// The steps that an optimiser takes with given gradients.
struct Descend<'a, T, O> {
    optimizer: &'a O,
    start: &'a [T],
    gradients: &'a [T],
}

impl<T: Element, O: Optimizer> Job for Descend<'_, T, O> {
    /// The weights after each step.
    type Output = Vec<T>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<T> {
        let mut weights = self.start.to_vec();
        let mut slots = vec![T::zero(); weights.len() * self.optimizer.rule::<T>(1).slots()];
        let mut history = Vec::new();
        for (step, gradient) in (1..).zip(self.gradients.chunks_exact(weights.len())) {
            let rule = self.optimizer.rule::<T>(step);
            let len = weights.len();
            rule.apply(isa, &mut weights, gradient, &mut slots, len);
            history.extend_from_slice(&weights);
        }
        history
    }
}

fn optimizer<T: Element, O: Optimizer>(golden: &mut Golden, case: &Case, optimizer: &O) {
    optimizer.check().expect("the settings are in their ranges");
    let (start, gradients): (Vec<T>, Vec<T>) = (case.numbers("initial"), case.numbers("gradients"));
    for level in levels() {
        let job = Descend {
            optimizer,
            start: &start,
            gradients: &gradients,
        };
        golden.compare(
            case,
            "weights",
            &dispatch_on(level, job),
            &case.numbers("weights"),
        );
    }
}

// --- Training ---------------------------------------------------------------------------------

sequential! {
    struct Regression<T>: [3] => [2] { Dense(5, tanh), Dense(2) }
}

sequential! {
    struct Classes<T>: [3] => [4] { Dense(5, relu), Dense(4, softmax) }
}

sequential! {
    struct Normalized<T>: [3] => [2] {
        Dense(5, tanh), BatchNormalization(-1, 0.75, 0.1), Dense(2),
    }
}
sequential! {
    struct BarelyNormalized<T>: [3] => [2] {
        Dense(5, tanh), BatchNormalization(-1, 0.75, 0.1, center = false, scale = false), Dense(2),
    }
}

/// Compares trainings.
macro_rules! trainings {
    ($golden:ident: $($name:literal $model:ident, $optimizer:expr, $loss:expr;)*) => { $({
        let case = $golden.take($name);
        training::<$model<f32>, _, _>($golden, &case, $optimizer, $loss);
        training::<$model<f64>, _, _>($golden, &case, $optimizer, $loss);
    })* };
}

#[test]
fn trainings() {
    let momentum = || Sgd::new(0.1).momentum(0.9);
    Golden::test("optimizers", "training", |golden| {
        trainings! { golden:
            "mse/sgd" Regression, Sgd::new(0.1).momentum(0.9).nesterov(true), MeanSquaredError;
            "mse/adam" Regression, Adam::default(), MeanSquaredError;
            "mse/adamw" Regression, AdamW::new(0.01).weight_decay(0.01), MeanSquaredError;
            "mse/rmsprop" Regression, RmsProp::new(0.01), MeanSquaredError;
            "crossentropy/sgd" Classes, Sgd::new(0.1), CategoricalCrossentropy;
            "batches/clipvalue" Regression, momentum().clipvalue(0.1), MeanSquaredError;
            "batches/clipnorm" Regression, momentum().weight_decay(0.01).clipnorm(0.3),
                MeanSquaredError;
            "batches/global_clipnorm" Regression, momentum().global_clipnorm(0.5), MeanSquaredError;
            "batches/adam/global_clipnorm" Classes,
                Adam::new(0.01).epsilon(0.01).global_clipnorm(0.1), CategoricalCrossentropy;
            "batches/accumulation" Regression, Adam::new(0.01).gradient_accumulation_steps(3),
                MeanSquaredError;
            "batches/accumulation/nadam" Classes, Nadam::new(0.01).gradient_accumulation_steps(3),
                CategoricalCrossentropy;
            "batches/accumulation/clipnorm/schedule" Regression,
                Sgd::new(ExponentialDecay::new(0.2, 5, 0.8).staircase(true))
                    .clipnorm(0.3).weight_decay(0.1).gradient_accumulation_steps(3),
                MeanSquaredError;
            "batches/ema" Regression, Adam::new(0.1).use_ema(true).ema_momentum(0.8),
                MeanSquaredError;
            "batches/ema/overwrite" Regression,
                momentum().use_ema(true).ema_momentum(0.8).ema_overwrite_frequency(3),
                MeanSquaredError;
            "batches/ema/accumulation" Regression,
                Sgd::new(0.1).use_ema(true).ema_momentum(0.8).ema_overwrite_frequency(2)
                    .gradient_accumulation_steps(3),
                MeanSquaredError;
            "batches/frozen" Regression, AdamW::new(0.01), MeanSquaredError;
            "batches/frozen/global_clipnorm" Regression,
                momentum().global_clipnorm(0.5).use_ema(true).ema_momentum(0.8), MeanSquaredError;
            "batches/schedule" Regression,
                Adam::new(CosineDecay::new(0.0, 12).warmup_target(0.1).warmup_steps(4)),
                MeanSquaredError;
            "batches/normalized" Normalized, Sgd::new(0.1), MeanSquaredError;
            "batches/normalized/frozen" Normalized, Sgd::new(0.1), MeanSquaredError;
            "batches/normalized/frozen/both" Normalized, Adam::new(0.1), MeanSquaredError;
            "batches/normalized/frozen/bare" BarelyNormalized, Sgd::new(0.1), MeanSquaredError;
        }
    });
}

/// Compares the losses and the weights of ten epochs.
fn training<M, O, L>(golden: &mut Golden, case: &Case, optimizer: O, loss: L)
where
    M: Model,
    O: Optimizer,
    L: Loss<M::Element, M::Prediction, M::Prediction>,
    L: Fits<<M as Layer<M::Element, M::InputShape>>::Head>,
{
    let mut model = M::initialized(1);
    let start = case.weights("initial_weights");
    set_weights(&mut *model, &start).expect("the weights are those of the model");
    let (x, y): (Vec<M::Input>, Vec<M::Prediction>) = (case.samples("x"), case.samples("y"));
    let losses: Vec<f64> = case.numbers("losses");
    let settings = Fit::new()
        .epochs(losses.len())
        .batch_size(as_f64(&case.0["batch_size"]) as usize);
    let settings = settings.shuffle(false).verbose(Verbose::Silent);
    let mut training = Training::new(model, optimizer, loss);
    for layer in case.0["frozen"].as_array().expect("a list of names") {
        let layer = layer.as_str().expect("a name");
        training = training.freeze(layer).expect("the model has the layer");
    }
    let history = training
        .fit(&x, &y, settings)
        .expect("the training goes well");
    let found: Vec<M::Element> = history
        .loss
        .iter()
        .map(|&loss| M::Element::of(loss))
        .collect();
    golden.compare(case, "losses", &found, &losses);
    let weights = get_weights(training.model());
    for (found, expected) in weights.iter().zip(case.weights::<f64>("weights")) {
        assert_eq!(found.name, expected.name);
        golden.compare(case, &found.name, &found.values, &expected.values);
    }
}

// --- Regularisers and constraints -------------------------------------------------------------

sequential! {
    struct PolicedRegression<T>: [3] => [2] {
        Dense(
            5, tanh, kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
            kernel_constraint = max_norm(0.7),
        ),
        Dense(2, kernel_regularizer = l2, kernel_constraint = non_neg, bias_constraint = unit_norm),
    }
}

sequential! {
    struct PolicedConvolutions<T>: [3, 5, 4] => [2] {
        Conv2D(
            4, 2, activation = tanh, kernel_regularizer = l1(0.02),
            bias_regularizer = l1_l2(l1 = 0.1), kernel_constraint = max_norm(0.5),
        ),
        Conv2D(
            3, 2, kernel_regularizer = l1_l2(0.01, 0.05),
            kernel_constraint = max_norm(0.8, axis = [0, 1, 2]), bias_constraint = non_neg,
        ),
        GlobalAveragePooling2D,
        Dense(2, kernel_constraint = min_max_norm(0.2, 0.6, rate = 0.5, axis = 1)),
    }
}

sequential! {
    struct PolicedNormalization<T>: [3, 5, 4] => [2] {
        LayerNormalization(
            beta_regularizer = l2(0.1), gamma_regularizer = l1(0.05),
            beta_constraint = non_neg, gamma_constraint = max_norm(1.1),
        ),
        PReLU(alpha_regularizer = l2(0.3), alpha_constraint = max_norm(0.4)),
        DepthwiseConv2D(2, depthwise_regularizer = l2(0.02), depthwise_constraint = unit_norm(1)),
        SeparableConv2D(
            3, 1, depth_multiplier = 2, depthwise_regularizer = l1(0.01),
            pointwise_regularizer = l2(0.1), pointwise_constraint = max_norm(0.5, axis = 2),
            depthwise_constraint = max_norm(0.6),
        ),
        Conv2DTranspose(
            2, 2, kernel_regularizer = l2(0.03), kernel_constraint = max_norm(0.5, axis = [0, 2]),
        ),
        GlobalAveragePooling2D,
    }
}

sequential! {
    struct PenalizedOutputs<T>: [3] => [2] {
        Dense(5, tanh, activity_regularizer = l1_l2(0.01, 0.02), kernel_regularizer = l1(0.02)),
        ActivityRegularization(l1 = 0.05),
        Dense(2, activity_regularizer = l2(0.1)),
    }
}
sequential! {
    struct PenalizedClasses<T>: [3] => [4] {
        Dense(5, tanh), Dense(4, softmax, activity_regularizer = l2(0.5)),
    }
}
sequential! {
    struct PenalizedImages<T>: [3, 5, 4] => [2] {
        Conv2D(4, 2, activation = tanh, activity_regularizer = l1_l2(l2 = 0.003)),
        BatchNormalization(momentum = 0.75, epsilon = 0.1),
        ActivityRegularization(l1 = 0.001, l2 = 0.002),
        GlobalAveragePooling2D(activity_regularizer = l1),
        Dense(2),
    }
}

#[test]
fn regularizers() {
    let momentum = || Sgd::new(0.1).momentum(0.9);
    Golden::test("regularizers", "training", |golden| {
        trainings! { golden:
            "dense/sgd" PolicedRegression, Sgd::new(0.1), MeanSquaredError;
            "dense/momentum/global_clipnorm" PolicedRegression, momentum().global_clipnorm(0.5),
                MeanSquaredError;
            "dense/adam" PolicedRegression, Adam::new(0.05), MeanSquaredError;
            "dense/adamw/frozen" PolicedRegression, AdamW::new(0.05), MeanSquaredError;
            "convolutions/sgd" PolicedConvolutions, Sgd::new(0.1), MeanSquaredError;
            "convolutions/adam" PolicedConvolutions, Adam::new(0.05), MeanSquaredError;
            "normalization/sgd" PolicedNormalization, Sgd::new(0.1), MeanSquaredError;
            "normalization/adam" PolicedNormalization, Adam::new(0.05), MeanSquaredError;
            "outputs/sgd" PenalizedOutputs, Sgd::new(0.1), MeanSquaredError;
            "outputs/adam/frozen" PenalizedOutputs, Adam::new(0.05), MeanSquaredError;
            "outputs/classes" PenalizedClasses, Sgd::new(0.1), CategoricalCrossentropy;
            "outputs/images" PenalizedImages, momentum(), MeanSquaredError;
        }
    });
}

// --- Schedules --------------------------------------------------------------------------------

/// Compares schedules.
macro_rules! schedules {
    ($golden:ident: $($name:literal $schedule:expr;)*) => { $({
        let case = $golden.take($name);
        let schedule = $schedule.into_learning_rate();
        let steps: Vec<f64> = case.numbers("steps");
        let rates: Vec<f64> = steps.iter().map(|&step| schedule.at(step as u64)).collect();
        $golden.compare(&case, "rates", &rates, &case.numbers("rates"));
    })* };
}

#[test]
fn schedules() {
    Golden::test("optimizers", "schedules", |golden| {
        schedules! { golden:
            "exponential" ExponentialDecay::new(0.1, 1000, 0.96);
            "exponential/staircase" ExponentialDecay::new(0.1, 1000, 0.96).staircase(true);
            "inverse_time" InverseTimeDecay::new(0.1, 700, 0.5);
            "inverse_time/staircase" InverseTimeDecay::new(0.1, 700, 0.5).staircase(true);
            "polynomial" PolynomialDecay::new(0.1, 2000);
            "polynomial/settings" PolynomialDecay::new(0.1, 2000).end_learning_rate(0.01).power(0.5);
            "polynomial/cycle"
                PolynomialDecay::new(0.1, 300).end_learning_rate(0.01).power(2.0).cycle(true);
            "cosine" CosineDecay::new(0.1, 2000);
            "cosine/alpha" CosineDecay::new(0.1, 2000).alpha(0.2);
            "cosine/warmup"
                CosineDecay::new(0.01, 1500).alpha(0.1).warmup_target(0.2).warmup_steps(500);
            "cosine/target" CosineDecay::new(0.01, 1500).warmup_target(0.2);
            "piecewise" PiecewiseConstantDecay::new([100, 1000], [0.1, 0.05, 0.001]);
        }
    });
}

// --- Weighted training ------------------------------------------------------------------------

sequential! {
    struct Binary<T>: [3] => [1] { Dense(5, tanh), Dense(1, sigmoid) }
}

/// Compares trainings with weights.
macro_rules! weighted {
    ($golden:ident: $($name:literal $model:ident $targets:ident, $loss:expr, $metric:expr;)*) => { $({
        let case = $golden.take($name);
        weighted::<$model<f32>, _, _, _>(
            $golden, &case, $loss, $metric, targets!($targets <$model<f32> as Model>::Prediction),
        );
        weighted::<$model<f64>, _, _, _>(
            $golden, &case, $loss, $metric, targets!($targets <$model<f64> as Model>::Prediction),
        );
    })* };
}

#[test]
fn weighted_trainings() {
    Golden::test("training", "weighted", |golden| {
        weighted! { golden:
            "regression/sample_weight" Regression samples, MeanSquaredError, MeanAbsoluteError;
            "one_hot/sample_weight" Classes samples, CategoricalCrossentropy, Accuracy;
            "one_hot/class_weight" Classes samples, CategoricalCrossentropy, Accuracy;
            "sparse/class_weight" Classes labels, SparseCategoricalCrossentropy, Accuracy;
            "binary/class_weight" Binary samples, BinaryCrossentropy, Accuracy;
        }
    });
}

/// Compares the history and the weights of some epochs of three batches; in memory, and as a stream if
/// the weights are those of classes.
fn weighted<M, L, Me, Y>(
    golden: &mut Golden,
    case: &Case,
    loss: L,
    metric: Me,
    targets: fn(&Value) -> Vec<Y>,
) where
    M: Model,
    L: Loss<M::Element, M::Prediction, Y> + Clone,
    L: Fits<<M as Layer<M::Element, M::InputShape>>::Head>,
    Me: Metric<M::Element, M::Prediction, Y> + Clone,
    Y: training::HasClass + Clone + Send + Sync,
{
    let (x, y): (Vec<M::Input>, Vec<Y>) = (case.samples("x"), targets(&case.0["y"]));
    let losses: Vec<f64> = case.numbers("losses");
    for stream in [false, true] {
        let mut model = M::initialized(1);
        let start = case.weights("initial_weights");
        set_weights(&mut *model, &start).expect("the weights are those of the model");
        let mut settings = Fit::new()
            .epochs(losses.len())
            .batch_size(3)
            .shuffle(false)
            .validation_data(&x[..4], &y[..4])
            .verbose(Verbose::Silent);
        if case.has("class_weight") {
            let list = case.0["class_weight"].as_array().expect("a list of pairs");
            let pair = |pair: &Value| (as_f64(&pair[0]) as usize, as_f64(&pair[1]));
            settings = settings.class_weight(list.iter().map(pair));
        } else if stream {
            continue;
        } else {
            settings = settings.sample_weight(&case.numbers::<f64>("sample_weight"));
        }
        let optimizer = Sgd::new(0.1).momentum(0.5);
        let mut training = Training::new(model, optimizer, loss.clone()).metrics(metric.clone());
        let history = if stream {
            let feed = EachEpoch::new(|_| x.iter().copied().zip(y.iter().cloned()));
            training.fit_stream(feed, settings)
        } else {
            training.fit(&x, &y, settings)
        }
        .expect("the training goes well");
        let cast = |list: &[f64]| list.iter().map(|&x| M::Element::of(x)).collect::<Vec<_>>();
        golden.compare(case, "losses", &cast(&history.loss), &losses);
        golden.compare(
            case,
            "val_losses",
            &cast(&history.val_loss),
            &case.numbers("val_losses"),
        );
        let values = history.metric(metric.name()).expect("it was measured");
        golden.compare(case, "metric", &cast(values), &case.numbers("metric"));
        let weights = get_weights(training.model());
        for (found, expected) in weights.iter().zip(case.weights::<f64>("weights")) {
            assert_eq!(found.name, expected.name);
            golden.compare(case, &found.name, &found.values, &expected.values);
        }
    }
}

// --- Callbacks --------------------------------------------------------------------------------

/// A metric with planned values.
struct Planned(std::sync::Mutex<std::collections::VecDeque<f64>>);

impl<T: Element, P: Plain<T>> Metric<T, P, P> for Planned {
    fn name(&self) -> &'static str {
        "planned_loss"
    }
    fn state(&self) -> usize {
        1
    }
    fn add<I: Isa>(&self, _: I, _: &[T], _: &P, state: &mut [f64]) {
        let next = self.0.lock().expect("nobody panics").pop_front();
        state[0] = next.expect("there is one for each epoch");
    }
    fn value(&self, state: &[f64]) -> f64 {
        state[0]
    }
    fn lower_is_better(&self) -> bool {
        true
    }
}

sequential! {
    struct Line<T>: [1] => [1] { Dense(1) }
}

#[test]
fn plateaus() {
    Golden::test("training", "plateaus", |golden| {
        for name in [
            "patience_2",
            "patience_0",
            "patience_1/factor_half",
            "patience_2/cooldown_2",
            "patience_1/cooldown_1/min_lr",
            "patience_2/min_delta_0",
            "patience_2/min_delta_1",
            "patience_2/max",
        ] {
            let case = golden.take(name);
            let mut callback = ReduceLrOnPlateau::new().monitor("planned_loss");
            for (key, value) in case.0["settings"].as_object().expect("settings") {
                callback = match key.as_str() {
                    "patience" => callback.patience(as_f64(value) as usize),
                    "cooldown" => callback.cooldown(as_f64(value) as usize),
                    "factor" => callback.factor(as_f64(value)),
                    "min_lr" => callback.min_lr(as_f64(value)),
                    "min_delta" => callback.min_delta(as_f64(value)),
                    "mode" => callback.mode(training::Mode::Max),
                    _ => panic!("a setting that Plywood does not have: {key}"),
                };
            }
            let values: Vec<f64> = case.numbers("values");
            let epochs = values.len();
            let planned = Planned(std::sync::Mutex::new(values.into()));
            let mut training = Training::new(Line::<f64>::new(1), Sgd::new(0.4), MeanSquaredError)
                .metrics(planned);
            let mut rates = Vec::new();
            let settings = Fit::new()
                .epochs(epochs)
                .callback(callback)
                .on_epoch_end(|end| rates.push(end.learning_rate))
                .verbose(Verbose::Silent);
            training
                .fit(&[[1.0]], &[[1.0]], settings)
                .expect("the training goes well");
            let expected = case.numbers("learning_rates");
            golden.compare(&case, "learning_rates", &rates, &expected);
        }
    });
}

// --- Augmentation -----------------------------------------------------------------------------

#[test]
fn augmentations() {
    Golden::test("augment", "cases", |golden| {
        let names: Vec<String> = golden
            .cases
            .iter()
            .map(|case| case["name"].as_str().expect("a name").into())
            .collect();
        assert_eq!(names.len(), 32);
        for name in names {
            let case = golden.take(&name);
            augmentation::<f32>(golden, &case);
            augmentation::<f64>(golden, &case);
        }
    });
}

fn augmentation<T: Element>(golden: &mut Golden, case: &Case) {
    use plywood::data::augment::{
        Augment, FillMode, Interpolation, RandomRotation, RandomTranslation,
    };
    let fill_mode = match case.0["fill_mode"].as_str() {
        Some("constant") => FillMode::Constant(as_f64(&case.0["fill_value"])),
        Some("nearest") => FillMode::Nearest,
        Some("reflect") => FillMode::Reflect,
        _ => FillMode::Wrap,
    };
    let interpolation = match case.0["interpolation"].as_str() {
        Some("nearest") => Interpolation::Nearest,
        _ => Interpolation::Bilinear,
    };
    let factor = |key| {
        let factor = as_f64(&case.0["factors"][key]);
        (factor, factor)
    };
    let image: Vec<[[T; 6]; 5]> = case.samples("x");
    let found = if case.name().starts_with("RandomRotation") {
        RandomRotation::new(factor("factor"))
            .expect("it is in its range")
            .fill_mode(fill_mode)
            .interpolation(interpolation)
            .apply(&image[0], 1, 1, 0)
    } else {
        RandomTranslation::new(factor("height_factor"), factor("width_factor"))
            .expect("they are in their ranges")
            .fill_mode(fill_mode)
            .interpolation(interpolation)
            .apply(&image[0], 1, 1, 0)
    };
    golden.compare(case, "y", &flat(&[found]), &case.numbers("y"));
}

// --- Metrics ----------------------------------------------------------------------------------

/// Compares metrics, with the type of a prediction and the function that reads the targets.
macro_rules! metrics {
    ($golden:ident: $($name:literal $p:ident $targets:ident $metric:expr;)*) => { $({
        let case = $golden.take($name);
        metric::<f32, $p<f32>, _, _>($golden, &case, &$metric, targets!($targets $p<f32>));
        metric::<f64, $p<f64>, _, _>($golden, &case, &$metric, targets!($targets $p<f64>));
    })* };
}

#[test]
fn metrics() {
    Golden::test("metrics", "cases", |golden| {
        metrics! { golden:
            "categorical_accuracy" Four samples Accuracy;
            "categorical_accuracy/ties" Four samples Accuracy;
            "sparse_categorical_accuracy" Four labels Accuracy;
            "sparse_categorical_accuracy/column" Four labels Accuracy;
            "top_k/1" Four samples TopK::new(1);
            "top_k/1/ties" Four samples TopK::new(1);
            "sparse_top_k/1/ties" Four labels TopK::new(1);
            "top_k/2" Four samples TopK::new(2);
            "top_k/2/ties" Four samples TopK::new(2);
            "sparse_top_k/2/ties" Four labels TopK::new(2);
            "top_k/3" Four samples TopK::new(3);
            "top_k/3/ties" Four samples TopK::new(3);
            "sparse_top_k/3/ties" Four labels TopK::new(3);
            "binary_accuracy/5x4" Four samples BinaryAccuracy::default();
            "binary_accuracy/5x1" One samples BinaryAccuracy::default();
            "binary_accuracy/at_threshold" Three samples BinaryAccuracy::default();
            "binary_accuracy/0.25" Three samples BinaryAccuracy::threshold(0.25);
            "accuracy/one_hot" Four samples Accuracy;
            "accuracy/sparse" Four labels Accuracy;
            "accuracy/binary" One samples Accuracy;
            "MeanAbsoluteError/4" Four samples MeanAbsoluteError;
            "MeanAbsoluteError/1" One samples MeanAbsoluteError;
            "MeanSquaredError/4" Four samples MeanSquaredError;
            "RootMeanSquaredError/4" Four samples RootMeanSquaredError;
            "MeanSquaredError/1" One samples MeanSquaredError;
            "RootMeanSquaredError/1" One samples RootMeanSquaredError;
            "Precision/default" Four samples Precision::new();
            "Precision/0.25" Four samples Precision::new().threshold(0.25);
            "Precision/class_id" Four samples Precision::new().class_id(2);
            "Precision/top_k" Four samples Precision::new().top_k(2);
            "Precision/top_k/class_id" Four samples Precision::new().top_k(2).class_id(1);
            "Precision/top_k/threshold" Four samples Precision::new().top_k(2).threshold(0.625);
            "Precision/ties" Four samples Precision::new().top_k(2);
            "Precision/nothing" Four samples Precision::new();
            "Precision/5x1" One samples Precision::new();
            "Recall/default" Four samples Recall::new();
            "Recall/0.25" Four samples Recall::new().threshold(0.25);
            "Recall/class_id" Four samples Recall::new().class_id(2);
            "Recall/top_k" Four samples Recall::new().top_k(2);
            "Recall/top_k/class_id" Four samples Recall::new().top_k(2).class_id(1);
            "Recall/top_k/threshold" Four samples Recall::new().top_k(2).threshold(0.625);
            "Recall/ties" Four samples Recall::new().top_k(2);
            "Recall/nothing" Four samples Recall::new();
            "Recall/5x1" One samples Recall::new();
            "f1_score/None" Four samples F1Score::new();
            "f1_score/None/ties" Four samples F1Score::new();
            "f1_score/None/0.375" Four samples F1Score::new().threshold(0.375);
            "f1_score/micro" Four samples F1Score::new().average(Average::Micro);
            "f1_score/micro/ties" Four samples F1Score::new().average(Average::Micro);
            "f1_score/micro/0.375" Four samples F1Score::new().average(Average::Micro).threshold(0.375);
            "f1_score/macro" Four samples F1Score::new().average(Average::Macro);
            "f1_score/macro/ties" Four samples F1Score::new().average(Average::Macro);
            "f1_score/macro/0.375" Four samples F1Score::new().average(Average::Macro).threshold(0.375);
            "f1_score/weighted" Four samples F1Score::new().average(Average::Weighted);
            "f1_score/weighted/ties" Four samples F1Score::new().average(Average::Weighted);
            "f1_score/weighted/0.375" Four samples F1Score::new().average(Average::Weighted).threshold(0.375);
            "f1_score/5x1" One samples F1Score::new();
            "auc/ROC/1" One samples Auc::new();
            "auc/ROC/4" Four samples Auc::new();
            "auc/ROC/5" Four samples Auc::new().num_thresholds(5);
            "auc/ROC/2" Four samples Auc::new().num_thresholds(2);
            "auc/ROC/logits" One samples Auc::new().from_logits(true);
            "auc/ROC/edges" Three samples Auc::new();
            "auc/ROC/one_kind" Four samples Auc::new();
            "auc/PR/1" One samples Auc::new().curve(Curve::Pr);
            "auc/PR/4" Four samples Auc::new().curve(Curve::Pr);
            "auc/PR/5" Four samples Auc::new().curve(Curve::Pr).num_thresholds(5);
            "auc/PR/2" Four samples Auc::new().curve(Curve::Pr).num_thresholds(2);
            "auc/PR/logits" One samples Auc::new().curve(Curve::Pr).from_logits(true);
            "auc/PR/edges" Three samples Auc::new().curve(Curve::Pr);
            "auc/PR/one_kind" Four samples Auc::new().curve(Curve::Pr);
            "MeanAbsolutePercentageError/4" Four samples MeanAbsolutePercentageError;
            "MeanSquaredLogarithmicError/4" Four samples MeanSquaredLogarithmicError;
            "LogCoshError/4" Four samples LogCosh;
            "CosineSimilarity/4" Four samples CosineSimilarity;
            "Poisson/4" Four samples Poisson;
            "Hinge/4" Four samples Hinge;
            "SquaredHinge/4" Four samples SquaredHinge;
            "CategoricalHinge/4" Four samples CategoricalHinge;
            "KLDivergence/4" Four samples KLDivergence;
            "BinaryCrossentropy/4" Four samples BinaryCrossentropy;
            "CategoricalCrossentropy/4" Four samples CategoricalCrossentropy;
            "CategoricalCrossentropy/label_smoothing" Four samples CategoricalCrossentropy.label_smoothing(0.1);
            "SparseCategoricalCrossentropy/4" Four labels SparseCategoricalCrossentropy;
            "SparseCategoricalCrossentropy/logits" Four labels SparseCategoricalCrossentropy::from_logits();
            "r2_score/4" Four samples R2Score;
            "r2_score/near/4" Four samples R2Score;
            "r2_score/1" One samples R2Score;
            "r2_score/near/1" One samples R2Score;
            "r2_score/constant" One samples R2Score;
        }
    });
}

/// A metric's state, and a batch to be added to it.
struct Measure<'a, T, P, Y, Me> {
    metric: &'a Me,
    predictions: &'a [P],
    targets: &'a [Y],
    state: &'a mut [f64],
    number: PhantomData<T>,
}

impl<T: Element, P: Plain<T>, Y, Me: Metric<T, P, Y>> Job for Measure<'_, T, P, Y, Me> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        for (p, y) in self.predictions.iter().zip(self.targets) {
            self.metric.add(isa, p.numbers(), y, self.state);
        }
    }
}

/// Compares what a metric says so far, after each batch: its value, or its table.
fn metric<T: Element, P: Plain<T>, Y, Me: Metric<T, P, Y>>(
    golden: &mut Golden,
    case: &Case,
    metric: &Me,
    targets: fn(&Value) -> Vec<Y>,
) {
    metric.check().expect("the settings are in their ranges");
    for level in levels() {
        let (mut state, mut found) = (vec![0.0; metric.state()], Vec::new());
        for batch in case.0["batches"].as_array().expect("a list of batches") {
            let predictions: Vec<P> = samples(&batch["y_pred"]);
            let measure = Measure {
                metric,
                predictions: &predictions,
                targets: &targets(&batch["y_true"]),
                state: &mut state,
                number: PhantomData,
            };
            dispatch_on(level, measure);
            if case.has("tables") {
                let table = metric.table(&state).expect("the metric has a table");
                found.extend_from_slice(table.values());
            } else {
                found.push(metric.value(&state));
            }
        }
        let found: Vec<T> = found.into_iter().map(T::of).collect();
        let key = if case.has("tables") {
            "tables"
        } else {
            "values"
        };
        golden.compare(case, key, &found, &case.numbers(key));
    }
}

// --- Initializers -----------------------------------------------------------------------------

/// Compares initialisers by their names.
macro_rules! initializers {
    ($golden:ident: $($name:literal $word:ident $(($($arguments:tt)*))?;)*) => { $({
        sequential! {
            struct Net<T>: [300] => [400] {
                Dense(400, kernel_initializer = $word $(($($arguments)*))?),
            }
        }
        let case = $golden.take($name);
        initializer::<Net<f32>>($golden, &case);
        initializer::<Net<f64>>($golden, &case);
    })* };
}

#[test]
fn initializers() {
    Golden::test("initializers", "cases", |golden| {
        initializers! { golden:
            "glorot_uniform" glorot_uniform;
            "glorot_normal" glorot_normal;
            "he_uniform" he_uniform;
            "he_normal" he_normal;
            "lecun_uniform" lecun_uniform;
            "lecun_normal" lecun_normal;
            "random_uniform" random_uniform;
            "random_uniform/0.25..2" random_uniform(0.25, maxval = 2);
            "random_normal" random_normal;
            "random_normal/1.5,0.25" random_normal(1.5, 0.25);
            "truncated_normal" truncated_normal;
            "truncated_normal/-1,0.5" truncated_normal(mean = -1.0, stddev = 0.5);
            "orthogonal" orthogonal;
            "orthogonal/1.5" orthogonal(1.5);
            "constant/0.25" constant(0.25);
            "zeros" zeros;
            "ones" ones;
        }
    });
}

/// A number that sums up a list.
type Statistic = fn(&[f64]) -> f64;

const STATISTICS: [(&str, Statistic); 4] = [
    ("mean", mean::<f64>),
    ("std", deviation),
    ("min", |list| {
        list.iter().copied().fold(f64::INFINITY, f64::min)
    }),
    ("max", |list| {
        list.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }),
];

/// Compares distributions: the mean of a statistic over some seeds with that of as many of Keras'.
/// It may be off by five times what the statistic's deviation from seed to seed is.
fn initializer<M: Model>(golden: &mut Golden, case: &Case) {
    let seeds: Vec<f64> = case.numbers("seeds");
    let kernels: Vec<Vec<f64>> = seeds.iter().map(|&seed| kernel::<M>(seed as u64)).collect();
    for (name, statistic) in STATISTICS {
        let recorded: Vec<f64> = case.numbers(name);
        let own: Vec<f64> = kernels.iter().map(|kernel| statistic(kernel)).collect();
        let (found, expected) = (mean(&own), mean(&recorded));
        let error = (found - expected).abs();
        golden.note::<M::Element>(error);
        if error.is_nan() || error > 5.0 * deviation(&recorded) {
            let text = format!(
                "{}: {name} is {found}, but should be {expected}",
                case.name()
            );
            golden.failures.push(text);
        }
    }
}

/// The numbers of the kernel of a new model.
fn kernel<M: Model>(seed: u64) -> Vec<f64> {
    let weights = get_weights(&*M::initialized(seed));
    assert_eq!(weights[0].name, "dense/kernel");
    weights[0].values.iter().map(|w| w.as_f64()).collect()
}

fn mean<T: Element>(list: &[T]) -> f64 {
    list.iter().map(|x| x.as_f64()).sum::<f64>() / list.len() as f64
}

fn deviation(list: &[f64]) -> f64 {
    let mean = mean(list);
    let squares: Vec<f64> = list.iter().map(|x| (x - mean) * (x - mean)).collect();
    self::mean(&squares).sqrt()
}
