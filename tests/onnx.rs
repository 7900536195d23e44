//! Models as ONNX files: what is in them, and ONNX Runtime's opinion. (All layers are compared with it by
//! the test of their samples, `layers::contract::onnx`.)

#[path = "onnx/runtime.rs"]
mod runtime;

use plywood::activations::Pointwise;
use plywood::cast::Plain;
use plywood::layer::Backward;
use plywood::onnx::{Graph, Values};
use plywood::prelude::*;
use plywood::random::Stream;
use runtime::Case;
use std::fs;

/// y = gain x.
pub struct Gain;

/// One factor for each number.
#[derive(Weights)]
pub struct GainWeights<T: Element, N: Dim> {
    /// The factors.
    pub gain: Vector<T, N>,
}

impl<T: Element, S: Shape> Layer<T, S> for Gain {
    type Output = S;
    type Weights = GainWeights<T, S::Size>;
    type Head = AnyHead;
    fn init(weights: &mut Self::Weights, _: &mut Init) {
        for (i, gain) in weights.gain.iter_mut().enumerate() {
            *gain = T::of(1.0 + 0.01 * i as f64);
        }
    }
    fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            (0..y.len()).for_each(|i| y[i] = weights.gain[i] * x[i]);
        }
    }
    fn backward<I: Isa>(_: I, _: &Self::Weights, _: Backward<T>) {}
    fn onnx(weights: &Self::Weights, graph: &mut Graph) -> plywood::Result<()> {
        let gain = graph.tensor("gain", Values::per_number::<S, T>(&weights.gain));
        graph.apply("Mul", &[gain], &[]);
        Ok(())
    }
}

/// Does nothing, and does not say how it is written.
pub struct Mute;

impl<T: Element, S: Shape> Layer<T, S> for Mute {
    type Output = S;
    type Weights = NoWeights;
    type Head = AnyHead;
    fn forward<I: Isa>(_: I, _: &NoWeights, _: Rows<T>, _: RowsMut<T>) {}
    fn backward<I: Isa>(_: I, _: &NoWeights, _: Backward<T>) {}
}

macro_rules! square {
    ($name:ident $($onnx:tt)*) => {
        /// f(z) = z^2.
        pub struct $name;
        impl Pointwise for $name {
            fn apply<T: Element, I: Isa>(_: I, z: T) -> T {
                z * z
            }
            const NEEDS_INPUT: bool = true;
            fn derivative<T: Element, I: Isa>(_: I, z: T) -> T {
                z + z
            }
            $($onnx)*
        }
    };
}
square!(MuteSquare);
square!(Square fn onnx(graph: &mut Graph) -> plywood::Result<()> {
    let z = graph.value();
    graph.apply("Mul", &[z], &[]);
    Ok(())
});

sequential! {
    struct Own<T>: [4] => [3] { Gain, Dense(8, square), gain: Gain, Dense(3, softmax) }
}
sequential! {
    struct Mlp: [28, 28] => [10] {
        Flatten,
        Dense(128, relu),
        Dense(256, relu),
        Dense(512, relu),
        Dense(10, softmax),
    }
}
sequential! {
    struct Cnn: [28, 28] => [10] {
        Rescaling(0.5, offset = -1),
        Reshape([1, 28, 28]),
        Conv2D(8, 3, padding = same, activation = relu, kernel_initializer = he_normal),
        Conv2D(8, 3, strides = 2, use_bias = false),
        BatchNormalization,
        Activation(relu),
        MaxPooling2D(2),
        Dropout(0.25),
        Residual(
            Conv2D(8, 3, padding = same, use_bias = false),
            BatchNormalization,
            Activation(silu),
            Conv2D(8, 3, padding = same),
        ),
        Concatenate([Conv2D(4, 1)], [Conv2D(4, 3, padding = same), Gain]),
        Flatten,
        Dense(32, gelu),
        Dropout(0.5),
        Dense(10, softmax),
    }
}
sequential! {
    struct Encoder: [1, 28, 28] => [32] {
        Conv2D(8, 3, strides = 2, padding = same, activation = relu),
        Conv2D(16, 3, strides = 2, padding = same, activation = relu),
        Flatten,
        Dense(32),
    }
}
sequential! {
    struct Autoencoder: [1, 28, 28] => [1, 28, 28] {
        Encoder,
        Dense(784, relu),
        Reshape([16, 7, 7]),
        Conv2DTranspose(16, 3, strides = 2, padding = same, activation = relu),
        Conv2DTranspose(8, 3, strides = 2, padding = same, activation = relu),
        Conv2D(1, 3, padding = same, activation = sigmoid),
    }
}
sequential! {
    struct Words: [12] => [2] {
        Embedding(50, 8),
        Conv1D(16, 3, padding = causal, activation = relu),
        LayerNormalization,
        GlobalMaxPooling1D,
        Dense(2, softmax),
    }
}
sequential! {
    struct Nothing: [3] => [3] { Dropout(0.5), Activation(linear) }
}

sequential! {
    /// The blocks of a ResNet: around the first of each stage the image goes through a convolution.
    struct Blocks: [3, 17, 16] => [5] {
        Conv2D(8, 7, strides = 2, padding = same, use_bias = false),
        BatchNormalization,
        Activation(relu),
        MaxPooling2D(3, 2, same),
        Residual(
            Conv2D(8, 3, padding = same, use_bias = false), BatchNormalization, Activation(relu),
            Conv2D(8, 3, padding = same, use_bias = false), BatchNormalization,
        ),
        Activation(relu),
        Add(
            [
                Conv2D(12, 3, strides = 2, padding = same, use_bias = false),
                BatchNormalization,
                Activation(relu),
                Conv2D(12, 3, padding = same, use_bias = false),
                BatchNormalization,
            ],
            [Conv2D(12, 1, strides = 2, use_bias = false), BatchNormalization],
        ),
        Activation(relu),
        GlobalAveragePooling2D,
        Dense(5, softmax),
    }
}

/// A model as if it had been trained: statistics, factors and offsets are not what they begin with.
fn trained_blocks() -> Box<Blocks> {
    let mut model = Blocks::new(42);
    let mut random = Stream::new(1);
    let mut weights = model.get_weights();
    for weight in &mut weights {
        let (_, name) = weight.name.rsplit_once('/').unwrap();
        let least = match name {
            "gamma" | "moving_variance" => 0.5,
            "beta" | "moving_mean" => -0.5,
            _ => continue,
        };
        weight.values = (weight.values.iter())
            .map(|_| (least + random.uniform()) as f32)
            .collect();
    }
    model.set_weights(&weights).unwrap();
    model
}

/// A new model and its predictions for random inputs.
fn case<M: Model<Element = f32>>(scale: f64) -> Case {
    case_of(&*M::initialized(42), scale)
}

fn case_of<M: Model<Element = f32>>(model: &M, scale: f64) -> Case {
    let mut random = Stream::new(7);
    let mut x = vec![<M::Input as bytemuck::Zeroable>::zeroed(); 6];
    for x in x.iter_mut().flat_map(Plain::numbers_mut) {
        *x = (scale * random.uniform()).floor() as f32;
    }
    let y = model.predict_all(&x, 1);
    let numbers = |plain: &[f32]| plain.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    Case {
        name: M::NAME.into(),
        onnx: plywood::onnx::to_bytes(model).unwrap(),
        input_shape: M::InputShape::DIMS.to_vec(),
        output_shape: M::OutputShape::DIMS.to_vec(),
        inputs: x.iter().flat_map(|x| numbers(x.numbers())).collect(),
        outputs: y.iter().flat_map(|y| numbers(y.numbers())).collect(),
    }
}

#[test]
fn models_are_the_same_in_onnx_runtime() {
    let cases = [
        case::<Own<f32>>(3.0),
        case::<Mlp>(2.0),
        case::<Cnn>(4.0),
        case_of(&*trained_blocks(), 4.0),
        case::<Autoencoder>(2.0),
        case::<Words>(50.0),
        case::<Nothing>(9.0),
    ];
    runtime::compare("models", &cases);
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn weights_and_nodes_have_the_names_of_layers() {
    let bytes = Cnn::new(1).to_onnx_bytes().unwrap();
    for name in [
        "input",
        "output",
        "conv2d/kernel",
        "batch_normalization/moving_variance",
        "residual/first/conv2d_1/bias",
        "residual/first/activation/Sigmoid",
        "concatenate/second/gain/gain",
        "dense_1/Gemm",
    ] {
        assert!(has(&bytes, name), "{name}");
    }
    let bytes = Autoencoder::new(1).to_onnx_bytes().unwrap();
    assert!(has(&bytes, "encoder/conv2d_1/kernel"));
}

#[test]
fn numbers_are_f32_whatever_the_model_computes_with() {
    let weights = Own::<f32>::new(5).get_weights();
    let wide: Vec<_> = weights
        .iter()
        .map(|weight| NamedWeight {
            name: weight.name.clone(),
            shape: weight.shape.clone(),
            values: weight.values.iter().map(|&x| f64::from(x)).collect(),
        })
        .collect();
    let mut model = Own::<f64>::new(1);
    model.set_weights(&wide).unwrap();
    let bytes = Own::<f32>::new(5).to_onnx_bytes().unwrap();
    assert_eq!(model.to_onnx_bytes().unwrap(), bytes);
}

#[test]
fn a_file_holds_the_same() {
    let path = std::env::temp_dir().join(format!("plywood-{}.onnx", std::process::id()));
    let model = Own::<f32>::new(1);
    for _ in 0..2 {
        model.to_onnx(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), model.to_onnx_bytes().unwrap());
    }
    fs::remove_file(&path).unwrap();
    let nowhere = path.join("net.onnx");
    let error = model.to_onnx(&nowhere).unwrap_err();
    assert!(
        matches!(&error, Error::Io { path, .. } if *path == nowhere),
        "{error}"
    );
}

#[test]
fn a_layer_without_a_form_is_named() {
    sequential! {
        struct Net: [4] => [4] { Residual(Dense(4), quiet: Mute) }
    }
    let error = Net::new(1).to_onnx_bytes().unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer `residual/first/quiet`: `Mute` has no ONNX form: implement `Layer::onnx` for it"
    );
}

#[test]
fn an_activation_without_a_form_is_named() {
    sequential! {
        struct Net: [4] => [4] { Dense(4), hidden: Dense(4, mute_square) }
    }
    let path = std::env::temp_dir().join(format!("plywood-mute-{}.onnx", std::process::id()));
    let error = Net::new(1).to_onnx(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer `hidden`: `onnx::MuteSquare` has no ONNX form: implement `Pointwise::onnx` for it"
    );
    assert!(!path.exists());
}
