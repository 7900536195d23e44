//! Every sample as ONNX, beside ONNX Runtime.

#[path = "../../tests/onnx/runtime.rs"]
mod runtime;

use super::inputs;
use crate::cast::Plain;
use crate::layer::Model;
use crate::random::Stream;
use crate::shape::Shape;
use crate::training::{get_weights, set_weights};
use core::cell::RefCell;
use runtime::Case;
use std::string::String;
use std::vec::Vec;

std::thread_local! {
    /// Where samples go instead of being checked.
    static CASES: RefCell<Option<Vec<Case>>> = const { RefCell::new(None) };
}

/// Takes a sample, if all are wanted.
pub fn take<M: Model<Element = f64>>(layers: &str) -> bool {
    CASES.with_borrow_mut(|cases| match cases {
        Some(cases) => {
            cases.push(case::<M>(layers));
            true
        }
        None => false,
    })
}

/// Compares all samples of these layers.
pub fn compare(layers: &[fn()]) {
    CASES.set(Some(Vec::new()));
    layers.iter().for_each(|samples| samples());
    let cases = CASES.take().unwrap_or_default();
    assert!(cases.len() >= layers.len());
    runtime::compare("layers", &cases);
}

/// A model with weights of any value, its inputs and outputs. All numbers are such as `f32` can hold.
fn case<M: Model<Element = f64>>(layers: &str) -> Case {
    let mut model = M::initialized(1);
    let mut weights = get_weights(&*model);
    let mut random = Stream::new(2);
    for weight in &mut weights {
        for value in &mut weight.values {
            let drawn = if weight.name.ends_with("variance") {
                0.5 + random.uniform()
            } else {
                0.5 * random.normal()
            };
            *value = f64::from(drawn as f32);
        }
    }
    set_weights(&mut *model, &weights).unwrap();
    let mut x = inputs::<M>(5, 3);
    for x in x.iter_mut().flat_map(Plain::numbers_mut) {
        *x = f64::from(*x as f32);
    }
    let outputs = model.predict_all(&x, 1);
    let numbers = |plain: &[f64]| plain.to_vec();
    Case {
        name: String::from(layers),
        onnx: crate::onnx::to_bytes(&*model).unwrap(),
        input_shape: M::InputShape::DIMS.to_vec(),
        output_shape: M::OutputShape::DIMS.to_vec(),
        inputs: x.iter().flat_map(|x| numbers(x.numbers())).collect(),
        outputs: outputs.iter().flat_map(|y| numbers(y.numbers())).collect(),
    }
}
