//! A graph that layers write themselves into.

use super::Values;
use super::message::Message;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// A value in a [`Graph`]: an input, what a node gives, or a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(usize);

impl Value {
    /// In the place of an input that a node can do without.
    pub const NONE: Self = Value(0);
}

/// What comes into the model.
const INPUT: Value = Value(1);

/// What a node is to be told, besides its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A number.
    Float(f32),
    /// A word.
    Text(&'static str),
}

impl Attribute {
    /// Sizes, as whole numbers.
    pub fn sizes(sizes: impl IntoIterator<Item = usize>) -> Self {
        Attribute::Ints(sizes.into_iter().map(|size| size as i64).collect())
    }
}

/// A graph of ONNX nodes that is being written, layer by layer.
///
/// It always has a current [`value`](Self::value): first what comes into the layer, and what comes out of
/// it in the end. Its first dimension is that of the samples, of any length; then come those of the
/// shape, in the order of the plain array: images are `[samples, channels, height, width]`.
#[derive(Debug)]
pub struct Graph {
    /// Their names; the first one is empty.
    values: Vec<String>,
    nodes: Vec<Node>,
    tensors: Vec<Tensor>,
    current: Value,
    /// The layers around, outermost first: name and type.
    layers: Vec<[&'static str; 2]>,
}

#[derive(Debug)]
struct Node {
    op: &'static str,
    inputs: Vec<Value>,
    output: Value,
    /// As fields of a `NodeProto`.
    attributes: Message,
}

#[derive(Debug)]
struct Tensor {
    value: Value,
    /// The number of the type of its numbers.
    kind: i64,
    dims: Vec<usize>,
    raw: Vec<u8>,
}

impl Graph {
    pub(super) fn new() -> Self {
        Self {
            values: vec![String::new(), String::from("input")],
            nodes: Vec::new(),
            tensors: Vec::new(),
            current: INPUT,
            layers: Vec::new(),
        }
    }

    /// The current value.
    pub fn value(&self) -> Value {
        self.current
    }

    /// Makes a value the current one.
    pub fn set_value(&mut self, value: Value) {
        self.current = value;
    }

    /// A node, and what it gives. `op` is an operator of ONNX.
    pub fn node(
        &mut self,
        op: &'static str,
        inputs: &[Value],
        attributes: &[(&'static str, Attribute)],
    ) -> Value {
        let mut fields = Message::default();
        for (name, attribute) in attributes {
            fields.message(5, &attribute_proto(name, attribute));
        }
        let output = self.name(op);
        self.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
            output,
            attributes: fields,
        });
        output
    }

    /// A node whose first input is the current value, which becomes what it gives.
    pub fn apply(
        &mut self,
        op: &'static str,
        others: &[Value],
        attributes: &[(&'static str, Attribute)],
    ) {
        let mut inputs = vec![self.current];
        inputs.extend(others);
        self.current = self.node(op, &inputs, attributes);
    }

    /// Numbers that are part of the graph, by a name in the layer: weights, for example.
    pub fn tensor(&mut self, name: &str, values: Values) -> Value {
        let mut raw = Vec::with_capacity(4 * values.numbers.len());
        for number in values.numbers {
            raw.extend_from_slice(&number.to_le_bytes());
        }
        self.add(name, FLOAT, &values.dims, raw)
    }

    /// Whole numbers that are part of the graph: sizes, for example.
    pub fn integers(&mut self, name: &str, numbers: &[i64]) -> Value {
        let raw = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.add(name, INT64, &[numbers.len()], raw)
    }

    /// One number that is part of the graph.
    pub fn number(&mut self, x: f64) -> Value {
        self.tensor("number", Values::number(x))
    }

    /// The current value in another shape, in the order of the plain arrays.
    pub fn reshape(&mut self, dims: &[usize]) {
        // As many samples as there are numbers for.
        let mut shape = vec![-1];
        shape.extend(dims.iter().map(|&dim| dim as i64));
        let shape = self.integers("shape", &shape);
        self.apply("Reshape", &[shape], &[]);
    }

    /// The dimensions of a sample in another order: `order` says for each of the new ones which it was,
    /// from 0 on.
    pub fn transpose(&mut self, order: &[usize]) {
        let perm = [0].into_iter().chain(order.iter().map(|axis| axis + 1));
        let perm = Attribute::sizes(perm);
        self.apply("Transpose", &[], &[("perm", perm)]);
    }

    /// The error that says that something in the current layer has no form in ONNX, unless it implements
    /// `method`.
    pub fn no_form(&self, part: Option<&'static str>, method: &'static str) -> Error {
        let kind = self.layers.last().map_or("", |[_, kind]| kind);
        Error::NoOnnxForm {
            layer: self.scope().join("/"),
            part: part.unwrap_or(kind),
            method,
        }
    }

    /// What follows belongs to this layer.
    pub(crate) fn enter(&mut self, name: &'static str, kind: &'static str) {
        self.layers.push([name, kind]);
    }

    /// The layer ends.
    pub(crate) fn leave(&mut self) {
        self.layers.pop();
    }

    /// The names of the layers around.
    fn scope(&self) -> Vec<&'static str> {
        self.layers.iter().map(|[name, _]| *name).collect()
    }

    /// A new value, named after the layer and what it is there.
    fn name(&mut self, part: &str) -> Value {
        let mut scope = self.scope();
        scope.push(part);
        let plain = scope.join("/");
        let (mut name, mut number) = (plain.clone(), 0);
        while self.values.contains(&name) {
            number += 1;
            name = format!("{plain}_{number}");
        }
        self.values.push(name);
        Value(self.values.len() - 1)
    }

    fn add(&mut self, name: &str, kind: i64, dims: &[usize], raw: Vec<u8>) -> Value {
        let value = self.name(name);
        self.tensors.push(Tensor {
            value,
            kind,
            dims: dims.to_vec(),
            raw,
        });
        value
    }

    /// The model as it is written: its name, its shapes, and whatever has come into the graph.
    pub(super) fn finish(mut self, name: &str, input: &[usize], output: &[usize]) -> Vec<Vec<u8>> {
        if self.current == INPUT {
            self.apply("Identity", &[], &[]);
        }
        self.values[self.current.0] = String::from("output");
        let mut graph = Message::default();
        for node in &self.nodes {
            graph.message(1, &self.node_proto(node));
        }
        graph.bytes(2, name.as_bytes());
        graph.message(11, &value_info("input", input));
        graph.message(12, &value_info("output", output));
        let mut parts = vec![graph.into_bytes()];
        for Tensor {
            value,
            kind,
            dims,
            raw,
        } in self.tensors
        {
            let mut tensor = Message::default();
            for dim in dims {
                tensor.int(1, dim as i64);
            }
            tensor.int(2, kind);
            tensor.bytes(8, self.values[value.0].as_bytes());
            tensor.begin(9, raw.len());
            let mut head = Message::default();
            head.begin(5, tensor.as_bytes().len() + raw.len());
            head.append(tensor.as_bytes());
            parts.extend([head.into_bytes(), raw]);
        }
        parts
    }

    fn node_proto(&self, node: &Node) -> Message {
        let mut proto = Message::default();
        for input in &node.inputs {
            proto.bytes(1, self.values[input.0].as_bytes());
        }
        let name = self.values[node.output.0].as_bytes();
        proto.bytes(2, name);
        proto.bytes(3, name);
        proto.bytes(4, node.op.as_bytes());
        proto.append(node.attributes.as_bytes());
        proto
    }
}

/// `TensorProto.FLOAT` and `INT64`.
const FLOAT: i64 = 1;
const INT64: i64 = 7;

fn attribute_proto(name: &str, attribute: &Attribute) -> Message {
    let mut proto = Message::default();
    proto.bytes(1, name.as_bytes());
    // Its type, and what is of this type.
    match attribute {
        Attribute::Float(x) => {
            proto.int(20, 1);
            proto.float(2, *x);
        }
        Attribute::Int(i) => {
            proto.int(20, 2);
            proto.int(3, *i);
        }
        Attribute::Text(text) => {
            proto.int(20, 3);
            proto.bytes(4, text.as_bytes());
        }
        Attribute::Ints(ints) => {
            proto.int(20, 7);
            ints.iter().for_each(|&i| proto.int(8, i));
        }
    }
    proto
}

/// Samples of a shape, as many as there are.
fn value_info(name: &str, dims: &[usize]) -> Message {
    let (mut batch, mut shape) = (Message::default(), Message::default());
    batch.bytes(2, b"batch");
    shape.message(1, &batch);
    for &dim in dims {
        let mut dimension = Message::default();
        dimension.int(1, dim as i64);
        shape.message(1, &dimension);
    }
    let (mut tensor, mut kind, mut info) =
        (Message::default(), Message::default(), Message::default());
    tensor.int(1, FLOAT);
    tensor.message(2, &shape);
    kind.message(1, &tensor);
    info.bytes(1, name.as_bytes());
    info.message(2, &kind);
    info
}
