//! What layers have in common in ONNX: where features are, scale and shift, and windows.

use crate::kernels::Element;
use crate::kernels::channelwise::depthwise::Depthwise;
use crate::onnx::{Attribute, Graph, Value, Values};
use crate::shape::{Shape, Window};
use alloc::vec;
use alloc::vec::Vec;

/// Turns a sample so that its features come first, as they do in an image.
pub fn features_first<In: Shape>(graph: &mut Graph) {
    match In::DIMS.len() {
        2 => graph.transpose(&[1, 0]),
        4 => graph.transpose(&[3, 0, 1, 2]),
        _ => {}
    }
}

/// The way back from [`features_first`].
pub fn features_back<Out: Shape>(graph: &mut Graph) {
    match Out::DIMS.len() {
        2 => graph.transpose(&[1, 0]),
        4 => graph.transpose(&[1, 2, 3, 0]),
        _ => {}
    }
}

/// What `write` writes, for a sample whose features come last, as they do in all but images.
pub fn features_last<In: Shape>(graph: &mut Graph, write: impl FnOnce(&mut Graph)) {
    if In::DIMS.len() == 3 {
        graph.transpose(&[1, 2, 0]);
        write(graph);
        graph.transpose(&[2, 0, 1]);
    } else {
        write(graph);
    }
}

/// Turns a sample so that the axis of this number comes first, writes what `write` writes, and turns it back.
pub fn axis_first<In: Shape>(graph: &mut Graph, axis: usize, write: impl FnOnce(&mut Graph)) {
    let mut order: Vec<usize> = (0..In::DIMS.len()).collect();
    order[..axis].rotate_right(1);
    graph.transpose(&order);
    write(graph);
    order[..axis].sort();
    order[..axis].rotate_left(1);
    graph.transpose(&order);
}

/// A gamma and a beta of these dimensions: ones and zeros where there are none.
pub fn scale_and_shift<T: Element>(
    graph: &mut Graph,
    dims: &[usize],
    gamma: &[T],
    beta: &[T],
) -> [Value; 2] {
    let n = dims.iter().product();
    let numbers = |given: &[T], other: T| match given {
        [] => Values::new(dims, vec![other; n]),
        _ => Values::new(dims, given.iter().copied()),
    };
    [
        graph.tensor("gamma", numbers(gamma, T::one())),
        graph.tensor("beta", numbers(beta, T::zero())),
    ]
}

/// The windows over a sample of so many dimensions: those of a signal are the second one.
fn windows(windows: &[Window; 2], dims: usize) -> &[Window] {
    &windows[usize::from(dims < 3)..]
}

/// What `Conv` and the pooling operators are told about windows over a sample of so many dimensions.
pub fn sliding(over: &[Window; 2], dims: usize) -> Vec<(&'static str, Attribute)> {
    let windows = windows(over, dims);
    let of = |f: fn(&Window) -> usize| windows.iter().map(f);
    let pads = of(|w| w.before).chain(of(Window::after));
    let mut attributes = vec![
        ("kernel_shape", Attribute::sizes(of(|w| w.kernel))),
        ("strides", Attribute::sizes(of(|w| w.stride))),
        ("pads", Attribute::sizes(pads)),
    ];
    // Not every operator knows it.
    if windows.iter().any(|w| w.dilation > 1) {
        attributes.push(("dilations", Attribute::sizes(of(|w| w.dilation))));
    }
    attributes
}

/// A convolution that sees one channel each, by a kernel `[height][width][channels][multiplier]`.
pub fn depthwise(
    graph: &mut Graph,
    filters: &Depthwise,
    name: &str,
    kernel: Values,
    bias: Option<Values>,
) {
    let [down, across] = &filters.over.windows;
    let channels = filters.over.channels;
    let dims = [channels * filters.multiplier, 1, down.kernel, across.kernel];
    let kernel = kernel.turned(&[2, 3, 0, 1]).reshaped(&dims);
    let mut inputs = vec![graph.tensor(name, kernel)];
    inputs.extend(bias.map(|bias| graph.tensor("bias", bias)));
    let mut attributes = sliding(&filters.over.windows, 3);
    attributes.push(("group", Attribute::Int(channels as i64)));
    graph.apply("Conv", &inputs, &attributes);
}
