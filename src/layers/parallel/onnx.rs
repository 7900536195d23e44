//! Lists of layers side by side in ONNX.

use super::branch::Branch;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::Layer;
use crate::onnx::{Attribute, Graph, Value};
use crate::shape::Shape;

/// Writes a branch, if there is one, and what comes out of it.
pub fn write<T: Element, In: Shape, B: Branch<T, In>>(
    name: &'static str,
    weights: &<B::Layer as Layer<T, In>>::Weights,
    x: Value,
    graph: &mut Graph,
) -> Result<Option<Value>> {
    if !B::GIVEN {
        return Ok(None);
    }
    graph.set_value(x);
    graph.enter(name, "a list of layers");
    B::Layer::onnx(weights, graph)?;
    graph.leave();
    Ok(Some(graph.value()))
}

/// Adds the outputs of all branches, or puts them side by side.
pub fn merge(adds: bool, images: bool, outputs: &[Value], graph: &mut Graph) {
    let [first, others @ ..] = outputs else {
        return;
    };
    graph.set_value(*first);
    if adds {
        for &other in others {
            graph.apply("Add", &[other], &[]);
        }
    } else {
        let axis = if images { 1 } else { -1 };
        graph.apply("Concat", others, &[("axis", Attribute::Int(axis))]);
    }
}
