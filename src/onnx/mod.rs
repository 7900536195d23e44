//! Models in the format [ONNX](https://onnx.ai), for programs that know nothing of Plywood: ONNX Runtime,
//! and everything else that reads it.
//!
//! `model.to_onnx("net.onnx")` writes a file, `model.to_onnx_bytes()` the same into memory. Numbers are
//! `f32`, whatever the model computes with. There is one input, `input`, and one output, `output`, both
//! with the number of samples as their first dimension, which is free. Then come the dimensions of the
//! model's header: images are `[samples, channels, height, width]`. Nodes and weights are named like the
//! weights of the model, `dense/kernel`.
//!
//! ```no_run
//! use plywood::prelude::*;
//! sequential! {
//!     struct Net: [4] => [2] { Dense(16, relu), Dropout(0.2), Dense(2, softmax) }
//! }
//! Net::new(1).to_onnx("net.onnx")?;
//! # Ok::<(), plywood::Error>(())
//! ```
//!
//! In Python:
//!
//! ```python
//! import numpy, onnxruntime
//! session = onnxruntime.InferenceSession("net.onnx")
//! [y] = session.run(None, {"input": numpy.zeros((8, 4), numpy.float32)})
//! ```
//!
//! # Layers and their nodes
//! Operators are those of opset 18 (2022).
//!
//! | layer | nodes |
//! | --- | --- |
//! | `Dense` | `Gemm`, or `MatMul` without a bias |
//! | `Conv1D`, `Conv2D`, `DepthwiseConv2D` | `Conv` |
//! | `SeparableConv2D` | two `Conv` |
//! | `Conv2DTranspose` | `ConvTranspose` |
//! | `MaxPooling1D`, `MaxPooling2D` | `MaxPool` |
//! | `AveragePooling1D`, `AveragePooling2D` | `AveragePool` |
//! | `GlobalMaxPooling1D`, ... | `GlobalMaxPool` or `GlobalAveragePool`, `Reshape` |
//! | `BatchNormalization` | `BatchNormalization` |
//! | `LayerNormalization` | `LayerNormalization` |
//! | `GroupNormalization` | `InstanceNormalization` of the groups between two `Reshape`, `Mul`, `Add` |
//! | `RMSNormalization` | `Mul`, `ReduceMean`, `Add`, `Sqrt`, `Div`, `Mul` |
//! | `Normalization` | `Sub`, `Div`; inverted `Mul`, `Add` |
//! | `Rescaling` | `Mul`, `Add` |
//! | `Embedding` | `Round`, `Clip`, `Cast`, `Gather` |
//! | `Flatten`, `Reshape` | `Reshape` |
//! | `Permute` | `Transpose` |
//! | `RepeatVector` | `Unsqueeze`, `Expand` |
//! | `UpSampling2D` | `Resize` |
//! | `ZeroPadding2D`, `Cropping2D` | `Pad`, `Slice` |
//! | `ReLU` | `Relu`, `LeakyRelu` or `Where`; `Min` with a `max_value` |
//! | `LeakyReLU`, `ELU`, `PReLU` | `LeakyRelu`, `Elu`, `PRelu` |
//! | `Residual`, `Add` | their lists, `Add` |
//! | `Concatenate` | its lists, `Concat` |
//! | `TimeDistributed` | its list between two `Reshape`: the items are samples |
//! | `Softmax` | `Softmax` |
//! | `Dropout`, `GaussianNoise` and their like | none |
//! | a model | its layers |
//!
//! Signals, `[steps, channels]`, are turned by `Transpose` for operators that want their channels first,
//! and images for those that want them last. The activations `silu` and `gelu` take a few nodes, all
//! others the one of their name; `fast_tanh` is `Tanh`.
//!
//! # Layers and activations of your own
//! They say how they are written by [`Layer::onnx`](crate::layer::Layer::onnx) and
//! [`Pointwise::onnx`](crate::activations::Pointwise::onnx):
//!
//! ```
//! use plywood::activations::Pointwise;
//! use plywood::onnx::Graph;
//! use plywood::prelude::*;
//!
//! /// f(z) = z^2.
//! pub struct Square;
//! impl Pointwise for Square {
//!     # fn apply<T: Element, I: Isa>(_: I, z: T) -> T { z * z }
//!     # const NEEDS_INPUT: bool = true;
//!     # fn derivative<T: Element, I: Isa>(_: I, z: T) -> T { z + z }
//!     // ...
//!     fn onnx(graph: &mut Graph) -> plywood::Result<()> {
//!         let z = graph.value();
//!         graph.apply("Mul", &[z], &[]);
//!         Ok(())
//!     }
//! }
//! sequential! {
//!     struct Net: [3] => [2] { Dense(8, square), Dense(2) }
//! }
//! assert!(Net::new(1).to_onnx_bytes().is_ok());
//! ```
//!
//! `examples/custom_layer.rs` has a layer with weights.

mod files;
mod graph;
mod message;
mod values;

#[cfg(feature = "std")]
pub use files::save;
pub use graph::{Attribute, Graph, Value};
pub use values::Values;

use crate::error::{Error, Result};
use crate::layer::Model;
use crate::shape::Shape;
use alloc::vec::Vec;
use message::Message;

/// The version of the operators, and that of the format that came with it.
const OPSET: i64 = 18;
const IR_VERSION: i64 = 8;
/// No reader of Protocol Buffers takes more.
const MOST: usize = i32::MAX as usize;

/// See `to_onnx_bytes` of a model.
///
/// # Errors
/// If a layer has no form in ONNX, or the model is larger than a file of ONNX may be (2 GiB).
pub fn to_bytes<M: Model>(model: &M) -> Result<Vec<u8>> {
    let mut graph = Graph::new();
    M::onnx(model, &mut graph)?;
    let parts = graph.finish(M::NAME, M::InputShape::DIMS, M::OutputShape::DIMS);
    assemble(parts)
}

/// A model from the parts of its graph.
fn assemble(parts: Vec<Vec<u8>>) -> Result<Vec<u8>> {
    let mut opset = Message::default();
    opset.bytes(1, b"");
    opset.int(2, OPSET);
    let mut model = Message::default();
    model.int(1, IR_VERSION);
    model.bytes(2, b"Plywood");
    model.bytes(3, env!("CARGO_PKG_VERSION").as_bytes());
    model.message(8, &opset);
    let len = parts.iter().map(Vec::len).sum();
    model.begin(7, len);
    let bytes = model.as_bytes().len() + len;
    if bytes > MOST {
        return Err(Error::TooLarge {
            format: "ONNX",
            bytes,
            most: MOST,
        });
    }
    for part in parts {
        model.append(&part);
    }
    Ok(model.into_bytes())
}
