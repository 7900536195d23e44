"""Writes the reference vectors of this folder with Keras 3 (and PyTorch for L2 decay).

    python make.py                              # JAX backend, float64: the files kept here
    python make.py --floatx float32 --out X     # what float32 makes of the same inputs
    KERAS_BACKEND=torch python make.py --out X  # the same cases by another backend

All inputs and weights are multiples of 1/1024, so that they are exact in f32 too. Each case
draws from a generator seeded by its own name: adding a case leaves the others as they were.
README.md describes the files.
"""

import argparse
import json
import os
import platform
import zlib
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
import numpy as np
from keras import layers, losses, metrics, ops, optimizers
from keras.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from keras.optimizers import schedules
from keras.regularizers import L1, L2, L1L2

BATCH = 5
STEPS = 10
GRID = 1024.0

ACTIVATIONS = [
    "linear", "relu", "leaky_relu", "elu", "selu", "gelu",
    "silu", "softplus", "sigmoid", "hard_sigmoid", "tanh", "softmax",
]

# Where the derivative jumps.
KINKS = {"relu": [0.0], "leaky_relu": [0.0], "selu": [0.0], "hard_sigmoid": [-3.0, 3.0]}


def keep_float64():
    """Keeps float64 as it is.

    Keras' promotion rules turn float64 into float32 on all backends but TensorFlow's, whatever
    floatx says: its tanh on JAX would then answer in float32.
    """
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"


# --- Numbers -------------------------------------------------------------------------------

def generator(name):
    """A random generator that depends on the case's name alone."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def on_grid(values):
    """The nearest nonzero multiples of 1/1024: exact in f32 and f64."""
    rounded = np.round(np.asarray(values) * GRID) / GRID
    return np.where(rounded == 0.0, 1.0 / GRID, rounded)


def normal(rng, *shape, scale=1.0):
    return on_grid(rng.normal(size=shape) * scale)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def numpy_of(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def tensor(values):
    """A tensor for the JSON files: its shape, and its elements in row-major order."""
    return {"shape": list(np.shape(values)), "data": flat(values)}


def flat(values):
    return numpy_of(values).ravel().tolist()


def value_and_gradients(function, arrays):
    """The scalar function(*arrays), and its gradient with respect to each array."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        every = tuple(range(len(arrays)))
        return jax.value_and_grad(function, argnums=every)(*map(jax.numpy.asarray, arrays))
    if backend == "torch":
        import torch

        leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
        value = function(*leaves)
        return value.detach(), torch.autograd.grad(value, leaves)
    import tensorflow as tf

    leaves = [tf.constant(a) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        value = function(*leaves)
    return value, tape.gradient(value, leaves)


def cast(array):
    return np.asarray(array, dtype=keras.config.floatx())


def weighted_sum(r, y):
    """sum(r * y): the loss that sends the gradient r back to y."""
    assert keras.backend.standardize_dtype(y.dtype) == keras.config.floatx()
    return ops.sum(ops.multiply(ops.convert_to_tensor(r), y))


# --- Layers --------------------------------------------------------------------------------

LAYER_TYPES = {
    "Dense": ["units", "activation", "use_bias"],
    "Activation": ["activation"],
    "ActivityRegularization": ["l1", "l2"],
    "LeakyReLU": ["negative_slope"],
    "Softmax": ["axis"],
    "Flatten": [],
    "Reshape": ["target_shape"],
    "Dropout": ["rate"],
    **{
        kind + dims: ["pool_size", "strides", "padding"]
        for kind in ("MaxPooling", "AveragePooling") for dims in ("1D", "2D")
    },
    **{
        kind + dims: []
        for kind in ("GlobalMaxPooling", "GlobalAveragePooling") for dims in ("1D", "2D")
    },
    "UpSampling2D": ["size", "interpolation"],
    "ZeroPadding2D": ["padding"],
    "Cropping2D": ["cropping"],
    **{
        kind: ["filters", "kernel_size", "strides", "padding", "dilation_rate", "groups",
               "activation", "use_bias"]
        for kind in ("Conv1D", "Conv2D", "Conv2DTranspose")
    },
    "DepthwiseConv2D": ["kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate",
                        "activation", "use_bias"],
    "SeparableConv2D": ["filters", "kernel_size", "strides", "padding", "dilation_rate",
                        "depth_multiplier", "activation", "use_bias"],
    "TimeDistributed": [],
    "BatchNormalization": ["momentum", "epsilon", "center", "scale"],
    "LayerNormalization": ["epsilon", "center", "scale"],
    "PReLU": ["shared_axes"],
}


def describe_layer(layer):
    """The layer's type and settings, in Keras' words."""
    config = layer.get_config()
    kind = type(layer).__name__
    inner = {"layers": [describe_layer(l) for l in inner_layers(layer)]} if inner_layers(layer) else {}
    return {"type": kind, **{key: config[key] for key in LAYER_TYPES[kind] if key in config}, **inner}


def inner_layers(layer):
    """The layers of the model that a layer applies to each item."""
    return layer.layer.layers if isinstance(layer, layers.TimeDistributed) else []


def build_model(input_shape, make_layers):
    keras.utils.clear_session()
    return keras.Sequential([keras.Input(input_shape), *make_layers()])


def weight_name(layer, weight):
    return f"{layer.name}/{weight.name}"


def weight_names(model):
    names = []
    for layer in model.layers:
        for inner in inner_layers(layer):
            names += [f"{layer.name}/{weight_name(inner, w)}" for w in inner.weights]
        if not inner_layers(layer):
            names += [weight_name(layer, w) for w in layer.weights]
    return names


def draw_weights(model, rng):
    """Gives every weight, the biases too, values that are not zero."""
    for weight in model.trainable_variables:
        fan_in = weight.shape[0] if len(weight.shape) > 1 else 16
        weight.assign(normal(rng, *weight.shape, scale=fan_in**-0.5))


def check_kinks(model, x):
    """Fails where a value is so near a kink that f32 could fall on its other side."""
    for layer in model.layers:
        before = x
        if isinstance(layer, layers.Dense):
            before = ops.matmul(x, layer.kernel) + (layer.bias if layer.use_bias else 0.0)
        for kink in KINKS.get(describe_layer(layer).get("activation"), []):
            distance = np.abs(numpy_of(before) - kink).min()
            assert distance > 1e-4, f"{layer.name}: {distance} from a kink: use another name"
        x = layer(x)


def flat_alpha(name, weight):
    """PReLU's alpha as a vector, as Plywood has it."""
    return numpy_of(weight).ravel() if name.endswith("/alpha") else weight


def list_weights(model, gradients=None):
    gradients = gradients or [None] * len(model.weights)
    entries = zip(weight_names(model), model.weights, gradients, strict=True)
    return [
        {"name": name, **tensor(flat_alpha(name, weight)),
         **({} if grad is None else {"grad": flat(grad)})}
        for name, weight, grad in entries
    ]


def shape_first(shape):
    """Keras' [height, width, channels] as [channels, height, width]; other shapes stay."""
    return [shape[2], *shape[:2]] if len(shape) == 3 else list(shape)


def images_first(values):
    """Images of a batch, which Keras takes with the channels last, as Plywood takes them."""
    values = numpy_of(values)
    return np.moveaxis(values, 3, 1) if values.ndim == 4 else values


def items_of_images_first(values):
    """The same of several images in a sample."""
    values = numpy_of(values)
    return np.moveaxis(values, 4, 2) if values.ndim == 5 else values


def items_case(name, input_shape, make_layers):
    """A layer case of layers that each item of a sample goes through."""
    make = lambda: [layers.TimeDistributed(keras.Sequential(make_layers()))]
    case = layer_case(name, input_shape, make, items_of_images_first)
    return {**case, "input_shape": case["x"]["shape"][1:]}


def image_case(name, input_shape, make_layers):
    """A layer case whose images have the channels first, as Plywood's arrays have them."""
    case = layer_case(name, input_shape, make_layers, images_first)
    return {**case, "input_shape": shape_first(input_shape)}


def layer_case(name, input_shape, make_layers, outside=lambda values: values):
    """Output, and the gradients of sum(r * output)."""
    rng = generator("layers/" + name)
    model = build_model(input_shape, make_layers)
    draw_weights(model, rng)
    x = cast(normal(rng, BATCH, *input_shape))
    check_kinks(model, x)
    fixed = [numpy_of(v) for v in model.non_trainable_variables]

    def output(x, *weights):
        return model.stateless_call(list(weights), fixed, x, training=False)[0]

    weights = [numpy_of(v) for v in model.trainable_variables]
    y = numpy_of(output(x, *weights))
    r = cast(normal(rng, *y.shape))
    _, grads = value_and_gradients(lambda *a: weighted_sum(r, output(*a)), [x, *weights])
    return {
        "name": name,
        "input_shape": list(input_shape),
        "layers": [describe_layer(layer) for layer in model.layers],
        "x": tensor(outside(x)),
        "r": tensor(outside(r)),
        "y": tensor(outside(y)),
        "grad_x": tensor(outside(grads[0])),
        "weights": list_weights(model, grads[1:]),
    }


def dense(units, activation="linear", **options):
    return layers.Dense(units, activation=activation, **options)


def make_layers():
    cases = [
        ("dense/3-4/linear", (3,), lambda: [dense(4)]),
        ("dense/7-17/tanh", (7,), lambda: [dense(17, "tanh")]),
        ("dense/40-33/gelu/no_bias", (40,), lambda: [dense(33, "gelu", use_bias=False)]),
    ]
    for a in ACTIVATIONS:
        cases.append((f"dense/6-5/{a}", (6,), lambda a=a: [dense(5, a)]))
    for a in ACTIVATIONS:
        cases.append((f"activation/9/{a}", (9,), lambda a=a: [layers.Activation(a)]))
    cases += [
        ("dense/last_axis/2x3-4", (2, 3), lambda: [dense(4, "tanh")]),
        ("activation/last_axis/2x3/softmax", (2, 3), lambda: [layers.Activation("softmax")]),
        ("softmax_layer/6-5", (6,), lambda: [dense(5), layers.Softmax()]),
        ("softmax_layer/2x3", (2, 3), lambda: [layers.Softmax()]),
        ("leaky_relu_layer/9", (9,), lambda: [layers.LeakyReLU()]),
        ("flatten/2x3", (2, 3), lambda: [layers.Flatten()]),
        ("flatten/2x3x4", (2, 3, 4), lambda: [layers.Flatten()]),
        ("reshape/12-3x4", (12,), lambda: [layers.Reshape((3, 4))]),
        ("dropout/inference/8", (8,), lambda: [layers.Dropout(0.5)]),
        ("stack/2x3-8-6-3", (2, 3), stack_layers),
    ]
    images = [(name, shape, lambda make=make: [make()]) for name, shape, make in IMAGE_LAYERS]
    return {
        "cases": [layer_case(*case) for case in cases]
        + [image_case(*case) for case in images]
        + [items_case(*case) for case in ITEM_LAYERS]
    }


# Layers for each item of a sample.
ITEM_LAYERS = [
    ("time_distributed/3x5", (3, 5), lambda: [dense(7, "tanh"), dense(2)]),
    ("time_distributed/2x16", (2, 16), lambda: [dense(16, "gelu")]),
    ("time_distributed/2x3x5", (2, 3, 5), lambda: [layers.Flatten(), dense(4, "tanh")]),
    ("time_distributed/3x4-3x2x2", (3, 4), lambda: [layers.Reshape((2, 2))]),
    ("time_distributed/3x4x3x2", (3, 4, 3, 2), lambda: [layers.Conv2D(2, 2, activation="tanh")]),
]


# Layers of images, with the channels last as Keras has them, and of signals.
IMAGE_LAYERS = [
    ("softmax_layer/5x4x3", (5, 4, 3), lambda: layers.Softmax()),
    ("max_pooling2d/5x7x3", (5, 7, 3), lambda: layers.MaxPooling2D()),
    ("max_pooling2d/3x2/1x3/same", (5, 7, 2),
     lambda: layers.MaxPooling2D((3, 2), (1, 3), padding="same")),
    ("average_pooling2d/5x7x3", (5, 7, 3), lambda: layers.AveragePooling2D(2)),
    ("average_pooling2d/3/2/same", (6, 5, 2),
     lambda: layers.AveragePooling2D(3, 2, padding="same")),
    ("max_pooling1d/7x3", (7, 3), lambda: layers.MaxPooling1D()),
    ("average_pooling1d/3/2/same", (8, 3),
     lambda: layers.AveragePooling1D(3, 2, padding="same")),
    ("global_max_pooling2d/3x4x5", (3, 4, 5), lambda: layers.GlobalMaxPooling2D()),
    ("global_average_pooling2d/3x4x5", (3, 4, 5), lambda: layers.GlobalAveragePooling2D()),
    ("global_max_pooling1d/6x3", (6, 3), lambda: layers.GlobalMaxPooling1D()),
    ("global_average_pooling1d/6x3", (6, 3), lambda: layers.GlobalAveragePooling1D()),
    ("up_sampling2d/nearest", (2, 3, 2), lambda: layers.UpSampling2D((2, 3))),
    ("up_sampling2d/bilinear", (3, 2, 2),
     lambda: layers.UpSampling2D((2, 3), interpolation="bilinear")),
    ("zero_padding2d/1,2,0,3", (2, 3, 2), lambda: layers.ZeroPadding2D(((1, 2), (0, 3)))),
    ("cropping2d/1,2,0,1", (5, 4, 2), lambda: layers.Cropping2D(((1, 2), (0, 1)))),
    ("conv1d/valid", (7, 3), lambda: layers.Conv1D(4, 3, activation="tanh")),
    ("conv1d/same/2", (8, 2), lambda: layers.Conv1D(3, 4, strides=2, padding="same")),
    ("conv1d/causal/dilated", (8, 2),
     lambda: layers.Conv1D(3, 3, padding="causal", dilation_rate=2, use_bias=False)),
    ("conv1d/groups", (6, 4), lambda: layers.Conv1D(6, 2, groups=2)),
    ("conv2d/valid", (5, 6, 3), lambda: layers.Conv2D(4, 3, activation="tanh")),
    ("conv2d/same/2x3", (6, 7, 2),
     lambda: layers.Conv2D(3, (3, 2), strides=(2, 3), padding="same")),
    ("conv2d/dilated/groups", (6, 6, 4),
     lambda: layers.Conv2D(6, 2, dilation_rate=2, groups=2, use_bias=False)),
    ("depthwise_conv2d/valid", (5, 4, 3), lambda: layers.DepthwiseConv2D(3, activation="tanh")),
    ("depthwise_conv2d/same/2/3", (5, 6, 2),
     lambda: layers.DepthwiseConv2D((3, 2), 2, "same", depth_multiplier=3)),
    ("depthwise_conv2d/dilated", (6, 6, 17),
     lambda: layers.DepthwiseConv2D(2, dilation_rate=2, use_bias=False)),
    ("separable_conv2d/valid", (5, 4, 3), lambda: layers.SeparableConv2D(4, 3)),
    ("separable_conv2d/same/2/3", (5, 6, 2),
     lambda: layers.SeparableConv2D(3, 3, 2, "same", depth_multiplier=3, activation="silu")),
    ("conv2d_transpose/valid", (3, 2, 3), lambda: layers.Conv2DTranspose(2, 3, activation="tanh")),
    ("conv2d_transpose/valid/3", (2, 3, 2),
     lambda: layers.Conv2DTranspose(2, 2, strides=3, use_bias=False)),
    ("conv2d_transpose/same/2", (3, 2, 2),
     lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="same")),
    ("conv2d_transpose/same/even", (3, 2, 2),
     lambda: layers.Conv2DTranspose(3, 4, strides=2, padding="same")),
    ("conv2d_transpose/same/1x3", (3, 2, 2),
     lambda: layers.Conv2DTranspose(2, (2, 2), strides=(1, 3), padding="same")),
    ("conv2d_transpose/dilated", (3, 3, 2), lambda: layers.Conv2DTranspose(2, 3, dilation_rate=2)),
]


def stack_layers():
    return [layers.Flatten(), dense(8, "relu"), dense(6, "tanh"), dense(3, "softmax")]


# --- Layers of features ---------------------------------------------------------------------

def channels_first(values):
    """Images as Plywood's arrays hold them; other samples as they are."""
    values = numpy_of(values)
    return np.moveaxis(values, -1, 1) if values.ndim == 4 else values


def draw_statistics(model, rng):
    """Moving statistics: means of any size, and variances that are not small."""
    for layer in model.layers:
        for weight in layer.non_trainable_weights:
            values = normal(rng, *weight.shape)
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)


def feature_case(name, input_shape, make_layers, adapt=False, indices=None):
    """Prediction; output and gradients of sum(r * output) in training; statistics after a step.

    Input shapes are Keras', images are turned in what is written. A flat alpha stands for PReLU's, a flat gamma
    for that of several axes.
    """
    rng = generator("features/" + name)
    model = build_model(input_shape, make_layers)
    draw_weights(model, rng)
    draw_statistics(model, rng)
    shape = (BATCH, *input_shape)
    x = cast(normal(rng, *shape) if indices is None else rng.integers(0, indices, shape))
    case = {"name": name}
    if adapt:
        data = cast(normal(rng, *shape, scale=2.0))
        model.layers[0].adapt(data)
        case["data"] = tensor(channels_first(data))
    prediction = numpy_of(model(x, training=False))
    r = cast(normal(rng, *prediction.shape))
    trained = [numpy_of(v) for v in model.trainable_variables]
    fixed = [numpy_of(v) for v in model.non_trainable_variables]
    y, after = model.stateless_call(trained, fixed, x, training=True)

    def loss(x, *weights):
        return weighted_sum(r, model.stateless_call(list(weights), fixed, x, training=True)[0])

    grads = value_and_gradients(loss, [x, *trained])[1] if indices is None else None
    if indices is not None:
        _, found = value_and_gradients(lambda *w: loss(x, *w), trained)
        grads = [np.zeros_like(x), *found]
    grad_of = {id(v): g for v, g in zip(model.trainable_variables, grads[1:])}
    after_of = {id(v): a for v, a in zip(model.non_trainable_variables, after)}
    weights = []
    for layer in model.layers:
        own = [w for w in layer.weights if w.name != "count"]
        if adapt:
            own = [w for w in own if w.name in ("mean", "variance")]
        for weight in own:
            values = numpy_of(weight)
            if weight.name in ("alpha", "beta", "gamma", "scale"):
                values = values.ravel()
            entry = {"name": weight_name(layer, weight), **tensor(values)}
            if id(weight) in grad_of:
                entry["grad"] = flat(grad_of[id(weight)])
            else:
                entry["after"] = flat(after_of[id(weight)])
            weights.append(entry)
    for layer in model.layers:
        # Statistics that were given are no weights of Keras'.
        if isinstance(layer, layers.Normalization) and not adapt:
            for key in ("mean", "variance"):
                values = np.broadcast_to(numpy_of(getattr(layer, key)).ravel(), input_shape[-1:])
                name = f"{layer.name}/{key}"
                weights.append({"name": name, **tensor(values), "after": flat(values)})
    return {
        **case,
        "layers": [type(layer).__name__ for layer in model.layers],
        "x": tensor(channels_first(x)),
        "r": tensor(channels_first(r)),
        "prediction": tensor(channels_first(prediction)),
        "y": tensor(channels_first(y)),
        "grad_x": tensor(channels_first(grads[0])),
        "weights": weights,
    }


IMAGE = (2, 3, 4)
SIGNAL = (3, 4)


def make_features():
    batch, layer, group = (
        layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization,
    )
    cases = [
        ("batch_normalization/5", (5,), lambda: [batch()]),
        ("batch_normalization/33/momentum", (33,), lambda: [batch(momentum=0.7, epsilon=0.1)]),
        ("batch_normalization/3x4", SIGNAL, lambda: [batch()]),
        ("batch_normalization/4x2x3", IMAGE, lambda: [batch()]),
        ("batch_normalization/4x2x3/no_center", IMAGE, lambda: [batch(center=False)]),
        ("batch_normalization/5/no_scale", (5,), lambda: [batch(scale=False)]),
        ("batch_normalization/3x4/steps", SIGNAL, lambda: [batch(axis=1)]),
        ("batch_normalization/3x4/last", SIGNAL, lambda: [batch(axis=2)]),
        ("batch_normalization/2x3x2x5/second", (2, 3, 2, 5),
         lambda: [batch(axis=2, momentum=0.5)]),
        ("layer_normalization/5", (5,), lambda: [layer()]),
        ("layer_normalization/35/epsilon", (35,), lambda: [layer(epsilon=0.1)]),
        ("layer_normalization/3x4", SIGNAL, lambda: [layer()]),
        ("layer_normalization/4x2x3", IMAGE, lambda: [layer()]),
        ("layer_normalization/5/no_center", (5,), lambda: [layer(center=False)]),
        ("layer_normalization/5/no_scale", (5,), lambda: [layer(scale=False)]),
        ("layer_normalization/5/all", (5,), lambda: [layer(axis=[1])]),
        ("layer_normalization/3x4/all", SIGNAL, lambda: [layer(axis=[1, 2])]),
        ("layer_normalization/4x2x3/all", IMAGE, lambda: [layer(axis=[1, 2, 3], epsilon=0.1)]),
        ("group_normalization/64", (64,), lambda: [group()]),
        ("group_normalization/3x4/2", SIGNAL, lambda: [group(2, epsilon=0.1)]),
        ("group_normalization/4x2x3/2", IMAGE, lambda: [group(2)]),
        ("group_normalization/4x2x3/all", IMAGE, lambda: [group(-1)]),
        ("group_normalization/4x2x3/one", IMAGE, lambda: [group(1)]),
        ("rms_normalization/5", (5,), lambda: [layers.RMSNormalization()]),
        ("rms_normalization/3x4", SIGNAL, lambda: [layers.RMSNormalization(epsilon=0.1)]),
        ("rms_normalization/4x2x3", IMAGE, lambda: [layers.RMSNormalization()]),
        ("rms_normalization/3x4/all", SIGNAL, lambda: [layers.RMSNormalization(axis=[1, 2])]),
        ("rms_normalization/4x2x3/all", IMAGE, lambda: [layers.RMSNormalization(axis=[1, 2, 3])]),
        ("elu/9", (9,), lambda: [layers.ELU(alpha=0.5)]),
        ("re_lu/9", (9,), lambda: [layers.ReLU()]),
        ("re_lu/9/all", (9,), lambda: [layers.ReLU(1.5, negative_slope=0.1, threshold=0.25)]),
        ("leaky_re_lu/9", (9,), lambda: [layers.LeakyReLU(0.1)]),
        ("p_re_lu/9", (9,), lambda: [layers.PReLU()]),
        ("p_re_lu/4x2x3", IMAGE, lambda: [layers.PReLU()]),
        ("p_re_lu/4x2x3/shared", IMAGE, lambda: [layers.PReLU(shared_axes=[1, 2])]),
        ("p_re_lu/3x4/shared", SIGNAL, lambda: [layers.PReLU(shared_axes=[1])]),
        ("rescaling/4x2x3", IMAGE, lambda: [layers.Rescaling(0.5, offset=-1.5)]),
        ("permute/3x4", SIGNAL, lambda: [layers.Permute((2, 1))]),
        ("repeat_vector/5", (5,), lambda: [layers.RepeatVector(3)]),
    ]
    cases = [feature_case(*case) for case in cases]
    for label, shape in [("5", (5,)), ("3x4", SIGNAL), ("4x2x3", IMAGE)]:
        make = lambda: [layers.Normalization()]
        cases.append(feature_case(f"normalization/{label}", shape, make, adapt=True))
    make = lambda: [layers.Normalization(mean=0.5, variance=4.0, invert=True)]
    cases.append(feature_case("normalization/5/invert", (5,), make))
    make = lambda: [layers.Embedding(7, 5)]
    cases.append(feature_case("embedding/4", (4,), make, indices=7))
    return {"cases": cases}


# --- Activations ---------------------------------------------------------------------------

POSITIVE = [
    1 / 1024, 1 / 128, 1 / 32, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.125, 1.25,
    1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 2.9375, 3.0, 3.0625, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0,
    50.0, 100.0,
]
POINTS = sorted([-p for p in POSITIVE] + [0.0] + POSITIVE)

SOFTMAX_ROWS = [
    [0.0, 0.0, 0.0, 0.0],
    [1.0, 2.0, 3.0, 4.0],
    [-0.5, 0.25, -1.75, 0.125],
    [2.5, 2.5, -1.0, 2.5],
    [100.0, 0.0, -100.0, 99.0],
    [1000.0, 1000.0, 999.0, -1000.0],
    [-20.0, 20.0, 3.0, -3.0],
]


def derivative(function, x):
    """dy/dx of an element-wise function."""
    x = cast(x)
    ones = np.ones_like(x)
    return value_and_gradients(lambda x: weighted_sum(ones, function(x)), [x])[1][0]


def activation_case(name, function, options, kinks=()):
    x = cast([p for p in POINTS if p not in kinks])
    y, slope = function(x), derivative(function, x)
    return {
        "name": name, **options,
        "x": tensor(x), "y": tensor(y), "dy_dx": tensor(slope),
    }


def kink_case(name, function, kinks):
    """At a kink: Keras' derivative, and those just before and just after."""
    x = cast(kinks)
    return {
        "name": name + "/kinks", "activation": name,
        "x": tensor(x),
        "y": tensor(function(x)),
        "dy_dx": tensor(derivative(function, x)),
        "dy_dx_left": tensor(derivative(function, x - 2.0**-20)),
        "dy_dx_right": tensor(derivative(function, x + 2.0**-20)),
    }


def softmax_case():
    x = cast(SOFTMAX_ROWS)
    r = cast(normal(generator("activations/softmax"), *x.shape))
    softmax = keras.activations.softmax
    _, grads = value_and_gradients(lambda x: weighted_sum(r, softmax(x)), [x])
    return {
        "name": "softmax", "activation": "softmax",
        "x": tensor(x), "r": tensor(r), "y": tensor(softmax(x)), "grad_x": tensor(grads[0]),
    }


def make_activations():
    cases = []
    for name in ACTIVATIONS[:-1]:
        function, kinks = keras.activations.get(name), KINKS.get(name, [])
        cases.append(activation_case(name, function, {"activation": name}, kinks))
        if kinks:
            cases.append(kink_case(name, function, kinks))
    cases += variant_cases()
    cases.append(softmax_case())
    return {"cases": cases}


def variant_cases():
    """Settings other than the defaults."""
    leaky_relu, gelu, elu = (getattr(keras.activations, n) for n in ("leaky_relu", "gelu", "elu"))
    slope = {"activation": "leaky_relu", "negative_slope": 0.3}
    tanh = {"activation": "gelu", "approximate": True}
    alpha = {"activation": "elu", "alpha": 0.5}
    return [
        activation_case("leaky_relu/0.3", lambda x: leaky_relu(x, 0.3), slope, [0.0]),
        activation_case("gelu/approximate", lambda x: gelu(x, approximate=True), tanh),
        activation_case("elu/0.5", lambda x: elu(x, alpha=0.5), alpha, [0.0]),
    ]


# --- Losses --------------------------------------------------------------------------------

def loss_numbers(loss, y_true, y_pred):
    y_pred = np.asarray(y_pred, dtype=loss.dtype)
    value, grads = value_and_gradients(lambda p: loss(y_true, p), [y_pred])
    targets = np.asarray(y_true, dtype=loss.dtype)
    per_sample = loss.call(ops.convert_to_tensor(targets), ops.convert_to_tensor(y_pred))
    return {
        "value": float(value),
        "per_sample": tensor(per_sample),
        "grad_y_pred": tensor(grads[0]),
    }


def loss_case(name, kind, options, y_true, y_pred, also_f32=False):
    """The mean loss, each sample's loss, and the gradient of the mean.

    also_f32: adds Keras' own float32 numbers, where the clip of probabilities makes them
    differ from float64's by more than rounding: 1 - 1e-7 is 0.99999988 in float32.
    """
    make = getattr(losses, kind)
    case = {
        "name": name, "loss": {"type": kind, **options},
        "y_true": tensor(y_true), "y_pred": tensor(y_pred),
        **loss_numbers(make(**options), y_true, y_pred),
    }
    if also_f32:
        case["float32"] = loss_numbers(make(**options, dtype="float32"), y_true, y_pred)
    return case


EDGE_LEVELS = np.array([[1.0, -2.0, 0.5, 0.0], [3.0, 1.0, -1.0, 0.5], [0.0, 7.0, 1.0, -1.0]])

REGRESSION_LOSSES = [
    ("mean_squared_error", "MeanSquaredError", {}),
    ("mean_absolute_error", "MeanAbsoluteError", {}),
    ("huber/1", "Huber", {"delta": 1.0}),
    ("huber/0.5", "Huber", {"delta": 0.5}),
    ("log_cosh", "LogCosh", {}),
    ("mean_absolute_percentage_error", "MeanAbsolutePercentageError", {}),
    ("mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", {}),
]


def regression_losses():
    cases = []
    for label, kind, options in REGRESSION_LOSSES:
        for shape in [(BATCH, 4), (BATCH, 1), (BATCH, 2, 3)]:
            name = f"{label}/{'x'.join(map(str, shape))}"
            rng = generator("losses/" + name)
            y_true, y_pred = normal(rng, *shape), normal(rng, *shape, scale=1.5)
            cases.append(loss_case(name, kind, options, y_true, y_pred))
        cases.append(loss_case(f"{label}/edges", kind, options, *edge_errors()))
    cases.append(absolute_error_kinks())
    return cases


def edge_errors():
    """Errors of exactly Huber's deltas, tiny and large ones."""
    tiny = 1.0 / GRID
    errors = np.array([
        [tiny, 0.5, -0.5, 1.0],
        [-1.0, 0.25, 2.0, -3.0],
        [-tiny, tiny, 100.0, -100.0],
    ])
    return EDGE_LEVELS, EDGE_LEVELS + errors


def absolute_error_kinks():
    """Errors of zero. Keras' gradient there depends on its backend, so the files give the
    gradients just below and just above instead."""
    loss = losses.MeanAbsoluteError()
    left = loss_numbers(loss, EDGE_LEVELS, EDGE_LEVELS - 2.0**-20)
    right = loss_numbers(loss, EDGE_LEVELS, EDGE_LEVELS + 2.0**-20)
    return {
        "name": "mean_absolute_error/kinks", "loss": {"type": "MeanAbsoluteError"},
        "y_true": tensor(EDGE_LEVELS), "y_pred": tensor(EDGE_LEVELS),
        "value": float(loss(EDGE_LEVELS, EDGE_LEVELS)),
        "grad_y_pred_left": left["grad_y_pred"],
        "grad_y_pred_right": right["grad_y_pred"],
    }


def binary_losses():
    cases = []
    for width in (4, 1):
        for from_logits in (False, True):
            form = "logits" if from_logits else "probabilities"
            name = f"binary_crossentropy/{form}/{BATCH}x{width}"
            rng = generator("losses/" + name)
            y_true = rng.integers(0, 2, (BATCH, width)).astype(float)
            y_pred = normal(rng, BATCH, width, scale=2.0)
            if not from_logits:
                y_pred = on_grid(rng.uniform(0.02, 0.98, (BATCH, width)))
            cases.append(binary_case(name, from_logits, y_true, y_pred))
    return cases + binary_edges()


def binary_case(name, from_logits, y_true, y_pred, **more):
    options = {"from_logits": from_logits}
    return loss_case(name, "BinaryCrossentropy", options, y_true, y_pred, **more)


def binary_edges():
    targets = np.array([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.25, 0.5, 0.75, 1.0]])
    sure = np.array([[0.0, 1.0, 0.5, 0.25], [0.0, 1.0, 0.5, 0.25], [0.0, 1.0, 0.75, 0.125]])
    logits = np.array([
        [0.0, 0.0, 20.0, 20.0],
        [-20.0, -20.0, 100.0, 100.0],
        [-100.0, 50.0, 0.5, -100.0],
    ])
    soft = np.array([[0.25, 0.5, 0.75, 0.125], [0.0, 1.0, 0.5, 0.875], [0.375, 0.625, 1.0, 0.0]])
    inside = on_grid(generator("losses/soft").uniform(0.1, 0.9, soft.shape))
    form = "binary_crossentropy/probabilities"
    return [
        binary_case(f"{form}/soft_targets", False, soft, inside),
        binary_case(f"{form}/zero_and_one", False, targets, sure, also_f32=True),
        binary_case("binary_crossentropy/logits/large", True, targets, logits),
    ]


def probabilities(rng, rows, columns):
    """Rows of multiples of 1/1024 that sum to one."""
    exponentials = np.exp(rng.normal(size=(rows, columns)))
    shares = on_grid(exponentials / exponentials.sum(-1, keepdims=True))
    shares[:, -1] = 1.0 - shares[:, :-1].sum(-1)
    assert (shares > 0.0).all()
    return shares


def class_inputs(rng):
    """Predictions for both categorical losses, by the name of their kind."""
    loose = on_grid(rng.uniform(0.05, 2.0, (BATCH, 4)))
    return {
        "probabilities": (False, probabilities(rng, BATCH, 4)),
        "not_normalised": (False, loose),
        "zero_and_one": (False, SURE_ROWS),
        "logits": (True, normal(rng, BATCH, 4, scale=2.0)),
        "large_logits": (True, LARGE_LOGITS),
    }


SURE_ROWS = np.array([
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.5, 0.5, 0.0, 0.0],
    [0.0, 0.0, 2.0, 0.0],
    [0.25, 0.0, 0.25, 0.5],
])
LARGE_LOGITS = np.array([
    [100.0, 0.0, -100.0, 50.0],
    [100.0, 0.0, -100.0, 50.0],
    [1000.0, 1000.0, 0.0, -1000.0],
    [0.0, 0.0, 0.0, 0.0],
    [-20.0, 20.0, 3.0, -3.0],
])
LABELS = np.array([0, 2, 1, 2, 1])


def categorical_losses():
    cases = []
    inputs = class_inputs(generator("losses/categorical"))
    for label, (from_logits, y_pred) in inputs.items():
        options, also_f32 = {"from_logits": from_logits}, label == "zero_and_one"
        name = f"categorical_crossentropy/{label}"
        y_true = one_hot(LABELS, 4)
        cases.append(loss_case(name, "CategoricalCrossentropy", options, y_true, y_pred, also_f32))
        name, kind = "sparse_" + name, "SparseCategoricalCrossentropy"
        cases.append(loss_case(name, kind, options, LABELS, y_pred, also_f32))
    return cases + soft_target_losses(inputs)


def soft_target_losses(inputs):
    """Targets that are distributions, and one that does not sum to one."""
    y_true = probabilities(generator("losses/targets"), BATCH, 4)
    y_true[-1] = [0.5, 0.0, 0.25, 0.0]
    cases = []
    for label in ("probabilities", "logits"):
        from_logits, y_pred = inputs[label]
        name = f"categorical_crossentropy/{label}/soft_targets"
        options = {"from_logits": from_logits}
        cases.append(loss_case(name, "CategoricalCrossentropy", options, y_true, y_pred))
    return cases


def hinge_losses():
    """Targets of -1 and 1, and of 0 and 1, which Keras converts where a batch has no others."""
    cases = []
    for label, kind in [("hinge", "Hinge"), ("squared_hinge", "SquaredHinge")]:
        for shape in [(BATCH, 4), (BATCH, 1), (BATCH, 2, 3)]:
            for form in ("signs", "zeros_and_ones"):
                name = f"{label}/{form}/{'x'.join(map(str, shape))}"
                rng = generator("losses/" + name)
                y_true = rng.integers(0, 2, shape).astype(float)
                y_pred = normal(rng, *shape, scale=1.5)
                assert (np.abs(y_pred) != 1.0).all(), f"{name} is at a kink"
                if form == "signs":
                    y_true = 2.0 * y_true - 1.0
                cases.append(loss_case(name, kind, {}, y_true, y_pred))
    rng = generator("losses/categorical_hinge")
    scores, shares = normal(rng, BATCH, 4, scale=2.0), probabilities(rng, BATCH, 4)
    for form, y_pred in [("scores", scores), ("probabilities", shares)]:
        name = f"categorical_hinge/{form}"
        cases.append(loss_case(name, "CategoricalHinge", {}, one_hot(LABELS, 4), y_pred))
    return cases


def poisson_losses():
    cases = []
    for shape in [(BATCH, 4), (BATCH, 1), (BATCH, 2, 3)]:
        name = f"poisson/{'x'.join(map(str, shape))}"
        rng = generator("losses/" + name)
        y_true = rng.integers(0, 6, shape).astype(float)
        y_pred = on_grid(rng.uniform(0.05, 5.0, shape))
        cases.append(loss_case(name, "Poisson", {}, y_true, y_pred))
    zeros = np.array([[0.0, 0.0, 1.0, 100.0]])
    cases.append(loss_case("poisson/zeros", "Poisson", {}, zeros[:, [0, 2, 3, 1]], zeros))
    return cases


# Cut off from below, and from above; none is 1, where backends differ.
CUT_ROWS = np.array([
    [0.75, 0.25, 0.0, 0.0],
    [0.0, 0.5, 0.5, 0.0],
    [2.0, 0.0, 0.5, 0.25],
])


def divergence_losses():
    rng = generator("losses/kl_divergence")
    y_true, y_pred = probabilities(rng, BATCH, 4), probabilities(rng, BATCH, 4)
    kind = "KLDivergence"
    return [
        loss_case("kl_divergence/probabilities", kind, {}, y_true, y_pred),
        loss_case("kl_divergence/one_hot", kind, {}, one_hot(LABELS, 4), y_pred),
        loss_case("kl_divergence/cut", kind, {}, probabilities(rng, 3, 4), CUT_ROWS),
    ]


def cosine_losses():
    cases = []
    for shape in [(BATCH, 4), (BATCH, 1)]:
        name = f"cosine_similarity/{'x'.join(map(str, shape))}"
        rng = generator("losses/" + name)
        y_true, y_pred = normal(rng, *shape), normal(rng, *shape, scale=1.5)
        cases.append(loss_case(name, "CosineSimilarity", {}, y_true, y_pred))
    name = "cosine_similarity/edges"
    return [*cases, loss_case(name, "CosineSimilarity", {}, *edge_errors())]


def smoothed_losses():
    cases = []
    for label, kind in [("binary", "BinaryCrossentropy"), ("categorical", "CategoricalCrossentropy")]:
        for from_logits in (False, True):
            form = "logits" if from_logits else "probabilities"
            for smoothing in (0.1, 0.3):
                name = f"{label}_crossentropy/{form}/label_smoothing/{smoothing}"
                rng = generator("losses/" + name)
                y_true = one_hot(LABELS, 4)
                y_pred = normal(rng, BATCH, 4, scale=2.0) if from_logits else probabilities(rng, BATCH, 4)
                options = {"from_logits": from_logits, "label_smoothing": smoothing}
                cases.append(loss_case(name, kind, options, y_true, y_pred))
    return cases


def make_losses():
    cases = regression_losses() + binary_losses() + categorical_losses()
    cases += hinge_losses() + poisson_losses() + divergence_losses() + cosine_losses()
    return {"cases": cases + smoothed_losses()}


# --- Optimizers ----------------------------------------------------------------------------

OPTIMIZER_KEYS = [
    "learning_rate", "momentum", "nesterov", "weight_decay",
    "beta_1", "beta_2", "epsilon", "rho", "centered", "initial_accumulator_value",
]

# What all of them have, and its defaults.
COMMON_KEYS = {
    "clipvalue": None, "clipnorm": None, "global_clipnorm": None,
    "gradient_accumulation_steps": None,
    "use_ema": False, "ema_momentum": 0.99, "ema_overwrite_frequency": None,
}

DECAYED_MOMENTUM = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}
ADAM_SETTINGS = {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5}
CENTERED_MOMENTUM = {"centered": True, "momentum": 0.9, "epsilon": 1e-3}
ADAGRAD_SETTINGS = {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-3}
ADADELTA_SETTINGS = {"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-4}
LION_SETTINGS = {"learning_rate": 0.01, "beta_1": 0.7, "beta_2": 0.8, "weight_decay": 0.1}

OPTIMIZERS = [
    ("sgd", "SGD", {"learning_rate": 0.1}),
    ("sgd/momentum", "SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("sgd/nesterov", "SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("sgd/weight_decay", "SGD", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("sgd/momentum/weight_decay", "SGD", DECAYED_MOMENTUM),
    ("adam", "Adam", {}),
    ("adam/settings", "Adam", ADAM_SETTINGS),
    ("adam/weight_decay", "Adam", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("adamw", "AdamW", {}),
    ("adamw/0.01", "AdamW", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("rmsprop", "RMSprop", {}),
    ("rmsprop/momentum", "RMSprop", {"rho": 0.8, "momentum": 0.9}),
    ("rmsprop/centered", "RMSprop", {"centered": True}),
    ("rmsprop/centered/momentum", "RMSprop", CENTERED_MOMENTUM),
    ("adagrad", "Adagrad", {}),
    ("adagrad/settings", "Adagrad", ADAGRAD_SETTINGS),
    ("adagrad/weight_decay", "Adagrad", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("adadelta", "Adadelta", {}),
    ("adadelta/settings", "Adadelta", ADADELTA_SETTINGS),
    ("adadelta/weight_decay", "Adadelta", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("adamax", "Adamax", {}),
    ("adamax/settings", "Adamax", ADAM_SETTINGS),
    ("adamax/weight_decay", "Adamax", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("nadam", "Nadam", {}),
    ("nadam/settings", "Nadam", ADAM_SETTINGS),
    ("nadam/weight_decay", "Nadam", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("lion", "Lion", {}),
    ("lion/settings", "Lion", LION_SETTINGS),
    ("schedule/sgd", "SGD", {"learning_rate": schedules.ExponentialDecay(0.1, 3, 0.5)}),
]

L2_OPTIMIZERS = [
    ("l2/sgd", {"lr": 0.1, "weight_decay": 0.01}),
    ("l2/sgd/momentum", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    ("l2/sgd/nesterov", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
]

INITIAL = np.array([0.5, -1.25, 2.0, -0.0625, 0.75, -3.0])


def gradient_list():
    """Ten gradients; the fifth weight's are tiny, the sixth's are zero but for two."""
    gradients = normal(generator("optimizers/gradients"), STEPS, len(INITIAL))
    gradients[:, 4] = np.where(np.arange(STEPS) % 2 == 0, 2.0**-12, -(2.0**-14))
    gradients[:, 5] = 0.0
    gradients[[3, 7], 5] = [1.5, -0.25]
    return gradients


def describe_optimizer(optimizer):
    config = optimizer.get_config()
    settings = {key: config[key] for key in OPTIMIZER_KEYS if key in config}
    for key, default in COMMON_KEYS.items():
        if config[key] != default:
            settings[key] = config[key]
    return {"type": type(optimizer).__name__, **settings}


def update_case(name, source, description, history):
    return {
        "name": name, "source": source, "optimizer": description,
        "initial": tensor(INITIAL), "gradients": tensor(gradient_list()),
        "weights": tensor(np.stack(history)),
    }


def keras_updates(name, kind, options):
    optimizer = getattr(optimizers, kind)(**options)
    weight = keras.Variable(cast(INITIAL), name="w")
    optimizer.build([weight])
    history = []
    for gradient in gradient_list():
        optimizer.apply([ops.convert_to_tensor(cast(gradient))])
        history.append(numpy_of(weight).copy())
    return update_case(name, "keras", describe_optimizer(optimizer), history)


def torch_updates(name, options):
    """PyTorch's SGD, whose weight decay is an L2 penalty: it joins the gradient."""
    import torch

    weight = torch.nn.Parameter(torch.tensor(cast(INITIAL)))
    optimizer = torch.optim.SGD([weight], **options)
    history = []
    for gradient in gradient_list():
        weight.grad = torch.tensor(cast(gradient))
        optimizer.step()
        history.append(weight.detach().numpy().copy())
    settings = {"momentum": 0.0, "nesterov": False, **options}
    settings["learning_rate"] = settings.pop("lr")
    return update_case(name, "torch", {"type": "SGD", **settings}, history)


def regression_data(rng):
    return normal(rng, 4, 3), normal(rng, 4, 2)


def class_data(rng):
    return normal(rng, 4, 3), one_hot([2, 0, 3, 1], 4)


def regression_layers():
    return [dense(5, "tanh"), dense(2)]


def class_layers():
    return [dense(5, "relu"), dense(4, "softmax")]


def normalized_layers(**options):
    def make():
        normalization = layers.BatchNormalization(momentum=0.75, epsilon=0.1, **options)
        return [dense(5, "tanh"), normalization, dense(2)]

    return make


REGRESSION = ("MeanSquaredError", regression_data, regression_layers)
CLASSES = ("CategoricalCrossentropy", class_data, class_layers)
NORMALIZED = ("MeanSquaredError", regression_data, normalized_layers())
BARELY_NORMALIZED = (
    "MeanSquaredError", regression_data, normalized_layers(center=False, scale=False),
)

TRAININGS = [
    ("mse/sgd", REGRESSION, "SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("mse/adam", REGRESSION, "Adam", {}),
    ("mse/adamw", REGRESSION, "AdamW", {"learning_rate": 0.01, "weight_decay": 0.01}),
    ("mse/rmsprop", REGRESSION, "RMSprop", {"learning_rate": 0.01}),
    ("crossentropy/sgd", CLASSES, "SGD", {"learning_rate": 0.1}),
]

MOMENTUM = {"learning_rate": 0.1, "momentum": 0.9}
DECAY = schedules.ExponentialDecay(0.2, 5, 0.8, staircase=True)
COSINE = schedules.CosineDecay(0.0, 12, warmup_target=0.1, warmup_steps=4)
ACCUMULATION = {"gradient_accumulation_steps": 3}
EMA = {"use_ema": True, "ema_momentum": 0.8}

# Two steps an epoch; the layers at the end are not trained.
TRAININGS_IN_BATCHES = [
    ("batches/clipvalue", REGRESSION, "SGD", {**MOMENTUM, "clipvalue": 0.1}, []),
    ("batches/clipnorm", REGRESSION, "SGD", {**DECAYED_MOMENTUM, "clipnorm": 0.3}, []),
    ("batches/global_clipnorm", REGRESSION, "SGD", {**MOMENTUM, "global_clipnorm": 0.5}, []),
    ("batches/adam/global_clipnorm", CLASSES, "Adam",
     {"learning_rate": 0.01, "global_clipnorm": 0.1, "epsilon": 0.01}, []),
    ("batches/accumulation", REGRESSION, "Adam", {"learning_rate": 0.01, **ACCUMULATION}, []),
    ("batches/accumulation/nadam", CLASSES, "Nadam", {"learning_rate": 0.01, **ACCUMULATION}, []),
    ("batches/accumulation/clipnorm/schedule", REGRESSION, "SGD",
     {"learning_rate": DECAY, "clipnorm": 0.3, "weight_decay": 0.1, **ACCUMULATION}, []),
    ("batches/ema", REGRESSION, "Adam", {"learning_rate": 0.1, **EMA}, []),
    ("batches/ema/overwrite", REGRESSION, "SGD",
     {**MOMENTUM, **EMA, "ema_overwrite_frequency": 3}, []),
    ("batches/ema/accumulation", REGRESSION, "SGD",
     {"learning_rate": 0.1, **EMA, "ema_overwrite_frequency": 2, **ACCUMULATION}, []),
    ("batches/frozen", REGRESSION, "AdamW", {"learning_rate": 0.01}, ["dense"]),
    ("batches/frozen/global_clipnorm", REGRESSION, "SGD",
     {**MOMENTUM, **EMA, "global_clipnorm": 0.5}, ["dense_1"]),
    ("batches/schedule", REGRESSION, "Adam", {"learning_rate": COSINE}, []),
    ("batches/normalized", NORMALIZED, "SGD", {"learning_rate": 0.1}, []),
    ("batches/normalized/frozen", NORMALIZED, "SGD", {"learning_rate": 0.1},
     ["batch_normalization"]),
    ("batches/normalized/frozen/both", NORMALIZED, "Adam", {"learning_rate": 0.1},
     ["dense", "batch_normalization"]),
    ("batches/normalized/frozen/bare", BARELY_NORMALIZED, "SGD", {"learning_rate": 0.1},
     ["batch_normalization"]),
]


def training_case(name, problem, kind, options, batch_size=None, frozen=()):
    """fit(), ten epochs: the losses of each epoch's steps before them, and the weights after."""
    loss, make_data, make_net = problem
    rng = generator("training/" + name)
    x, y = make_data(rng)
    model = build_model(x.shape[1:], make_net)
    draw_weights(model, rng)
    draw_statistics(model, rng)
    check_kinks(model, cast(x))
    initial = list_weights(model)
    batch_size = batch_size or len(x)
    optimizer = getattr(optimizers, kind)(**options)
    for layer in frozen:
        model.get_layer(layer).trainable = False
    model.compile(optimizer=optimizer, loss=getattr(losses, loss)())
    history = model.fit(x, y, batch_size=batch_size, epochs=STEPS, shuffle=False, verbose=0)
    model.trainable = True
    return {
        "name": name,
        "layers": [describe_layer(layer) for layer in model.layers],
        "loss": {"type": loss},
        "optimizer": describe_optimizer(optimizer),
        "batch_size": batch_size, "frozen": list(frozen),
        "x": tensor(x), "y": tensor(y),
        "initial_weights": initial,
        "losses": [float(v) for v in history.history["loss"]],
        "weights": list_weights(model),
    }


SCHEDULES = [
    ("exponential", "ExponentialDecay", (0.1, 1000, 0.96), {}),
    ("exponential/staircase", "ExponentialDecay", (0.1, 1000, 0.96), {"staircase": True}),
    ("inverse_time", "InverseTimeDecay", (0.1, 700, 0.5), {}),
    ("inverse_time/staircase", "InverseTimeDecay", (0.1, 700, 0.5), {"staircase": True}),
    ("polynomial", "PolynomialDecay", (0.1, 2000), {}),
    ("polynomial/settings", "PolynomialDecay", (0.1, 2000, 0.01), {"power": 0.5}),
    ("polynomial/cycle", "PolynomialDecay", (0.1, 300, 0.01), {"power": 2.0, "cycle": True}),
    ("cosine", "CosineDecay", (0.1, 2000), {}),
    ("cosine/alpha", "CosineDecay", (0.1, 2000), {"alpha": 0.2}),
    ("cosine/warmup", "CosineDecay", (0.01, 1500),
     {"alpha": 0.1, "warmup_target": 0.2, "warmup_steps": 500}),
    ("cosine/target", "CosineDecay", (0.01, 1500), {"warmup_target": 0.2}),
    ("piecewise", "PiecewiseConstantDecay", ([100, 1000], [0.1, 0.05, 0.001]), {}),
]

SCHEDULE_STEPS = [
    0, 1, 2, 50, 99, 100, 101, 299, 300, 301, 499, 500, 501, 600, 699, 700, 701,
    999, 1000, 1001, 1234, 1499, 1500, 1501, 1999, 2000, 2001, 2345, 10_000, 1_000_000,
]


def schedule_case(name, kind, arguments, options):
    schedule = getattr(schedules, kind)(*arguments, **options)
    return {
        "name": name,
        "schedule": {"type": kind, **{k: v for k, v in schedule.get_config().items() if k != "name"}},
        "steps": SCHEDULE_STEPS,
        "rates": [float(schedule(step)) for step in SCHEDULE_STEPS],
    }


def policed_regression():
    return [
        dense(5, "tanh", kernel_regularizer=L1L2(0.01, 0.02), bias_regularizer=L2(0.1),
              kernel_constraint=MaxNorm(0.7)),
        dense(2, kernel_regularizer=L2(), kernel_constraint=NonNeg(), bias_constraint=UnitNorm()),
    ]


def policed_convolutions():
    return [
        layers.Conv2D(4, 2, activation="tanh", kernel_regularizer=L1(0.02),
                      bias_regularizer=L1L2(l1=0.1), kernel_constraint=MaxNorm(0.5)),
        layers.Conv2D(3, 2, kernel_regularizer=L1L2(0.01, 0.05),
                      kernel_constraint=MaxNorm(0.8, axis=[0, 1, 2]), bias_constraint=NonNeg()),
        layers.GlobalAveragePooling2D(),
        dense(2, kernel_constraint=MinMaxNorm(0.2, 0.6, rate=0.5, axis=1)),
    ]


def policed_normalization():
    return [
        layers.LayerNormalization(
            beta_regularizer=L2(0.1), gamma_regularizer=L1(0.05),
            beta_constraint=NonNeg(), gamma_constraint=MaxNorm(1.1)),
        layers.PReLU(alpha_regularizer=L2(0.3), alpha_constraint=MaxNorm(0.4)),
        layers.DepthwiseConv2D(2, depthwise_regularizer=L2(0.02), depthwise_constraint=UnitNorm(1)),
        layers.SeparableConv2D(
            3, 1, depth_multiplier=2, depthwise_regularizer=L1(0.01), pointwise_regularizer=L2(0.1),
            pointwise_constraint=MaxNorm(0.5, axis=2), depthwise_constraint=MaxNorm(0.6)),
        layers.Conv2DTranspose(2, 2, kernel_regularizer=L2(0.03),
                               kernel_constraint=MaxNorm(0.5, axis=[0, 2])),
        layers.GlobalAveragePooling2D(),
    ]


def penalized_outputs():
    return [
        dense(5, "tanh", activity_regularizer=L1L2(0.01, 0.02), kernel_regularizer=L1(0.02)),
        layers.ActivityRegularization(l1=0.05),
        dense(2, activity_regularizer=L2(0.1)),
    ]


def penalized_classes():
    return [dense(5, "tanh"), dense(4, "softmax", activity_regularizer=L2(0.5))]


def penalized_images():
    return [
        layers.Conv2D(4, 2, activation="tanh", activity_regularizer=L1L2(l2=0.003)),
        layers.BatchNormalization(momentum=0.75, epsilon=0.1),
        layers.ActivityRegularization(l1=0.001, l2=0.002),
        layers.GlobalAveragePooling2D(activity_regularizer=L1()),
        dense(2),
    ]


def policed_images(rng):
    return normal(rng, 4, 5, 4, 3), normal(rng, 4, 2)


POLICED_REGRESSION = ("MeanSquaredError", regression_data, policed_regression)
POLICED_CONVOLUTIONS = ("MeanSquaredError", policed_images, policed_convolutions)
PENALIZED_OUTPUTS = ("MeanSquaredError", regression_data, penalized_outputs)
PENALIZED_CLASSES = ("CategoricalCrossentropy", class_data, penalized_classes)
PENALIZED_IMAGES = ("MeanSquaredError", policed_images, penalized_images)
POLICED_NORMALIZATION = ("MeanSquaredError", policed_images, policed_normalization)

POLICED_TRAININGS = [
    ("dense/sgd", POLICED_REGRESSION, "SGD", {"learning_rate": 0.1}, []),
    ("dense/momentum/global_clipnorm", POLICED_REGRESSION, "SGD",
     {**MOMENTUM, "global_clipnorm": 0.5}, []),
    ("dense/adam", POLICED_REGRESSION, "Adam", {"learning_rate": 0.05}, []),
    ("dense/adamw/frozen", POLICED_REGRESSION, "AdamW", {"learning_rate": 0.05}, ["dense"]),
    ("convolutions/sgd", POLICED_CONVOLUTIONS, "SGD", {"learning_rate": 0.1}, []),
    ("convolutions/adam", POLICED_CONVOLUTIONS, "Adam", {"learning_rate": 0.05}, []),
    ("normalization/sgd", POLICED_NORMALIZATION, "SGD", {"learning_rate": 0.1}, []),
    ("normalization/adam", POLICED_NORMALIZATION, "Adam", {"learning_rate": 0.05}, []),
    ("outputs/sgd", PENALIZED_OUTPUTS, "SGD", {"learning_rate": 0.1}, []),
    ("outputs/adam/frozen", PENALIZED_OUTPUTS, "Adam", {"learning_rate": 0.05}, ["dense"]),
    ("outputs/classes", PENALIZED_CLASSES, "SGD", {"learning_rate": 0.1}, []),
    ("outputs/images", PENALIZED_IMAGES, "SGD", MOMENTUM, []),
]


def policies_of(layer):
    ends = ("_regularizer", "_constraint")
    return {k: v for k, v in layer.get_config().items() if k.endswith(ends) and v}


def make_regularizers():
    training = []
    for *case, frozen in POLICED_TRAININGS:
        described = training_case(*case, batch_size=2, frozen=frozen)
        x = np.reshape(described["x"]["data"], described["x"]["shape"])
        policies = [policies_of(layer) for layer in case[1][2]()]
        training.append({**described, "policies": policies, "x": tensor(images_first(x))})
    return {"training": training}


def make_optimizers():
    cases = [keras_updates(*case) for case in OPTIMIZERS]
    cases += [torch_updates(*case) for case in L2_OPTIMIZERS]
    training = [training_case(*case) for case in TRAININGS]
    for *case, frozen in TRAININGS_IN_BATCHES:
        training.append(training_case(*case, batch_size=2, frozen=frozen))
    return {
        "cases": cases,
        "training": training,
        "schedules": [schedule_case(*case) for case in SCHEDULES],
    }


# --- Metrics -------------------------------------------------------------------------------

def metric_case(name, kind, options, batches):
    """The metric's value after each batch; the last is its value over all of them."""
    metric = getattr(metrics, kind)(**options)
    values = []
    for y_true, y_pred in batches:
        metric.update_state(y_true, y_pred)
        values.append(flat(metric.result()))
    what = "values" if len(values[0]) == 1 else "tables"
    return {
        "name": name, "metric": {"type": kind, **options},
        "batches": list_batches(batches), what: sum(values, []),
    }


def chosen_case(name, loss, y_true, y_pred):
    """What compile(metrics=["accuracy"]) makes of these shapes."""
    model = build_model(y_pred.shape[1:], lambda: [layers.Activation("linear")])
    model.compile(loss=loss, metrics=["accuracy"])
    results = model.evaluate(y_pred, y_true, batch_size=len(y_pred), verbose=0, return_dict=True)
    return {
        "name": name, "metric": {"type": "accuracy"},
        "batches": list_batches([(y_true, y_pred)]), "values": [float(results["accuracy"])],
    }


def list_batches(batches):
    return [{"y_true": tensor(t), "y_pred": tensor(p)} for t, p in batches]


TIED_SCORES = np.array([
    [0.25, 0.25, 0.25, 0.25],  # all tied
    [0.5, 0.5, 0.0, 0.0],      # the first two tied
    [0.0, 0.5, 0.5, 0.0],
    [0.125, 0.375, 0.375, 0.125],
    [0.25, 0.25, 0.5, 0.0],
    [0.0, 0.25, 0.25, 0.5],
])
TIED_LABELS = np.array([3, 1, 1, 3, 0, 2])

EDGE_PROBABILITIES = np.array([[0.5, 0.500001, 0.499999], [0.0, 1.0, 0.5], [0.75, 0.25, 0.5]])
EDGE_TARGETS = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])


def score_batches(rng):
    """Class scores and labels, in batches of different sizes."""
    return [(rng.integers(0, 4, n), normal(rng, n, 4)) for n in (5, 3, 8)]


def categorical_metrics():
    sparse = score_batches(generator("metrics/categorical"))
    sparse.append((TIED_LABELS, TIED_SCORES))
    dense_batches = [(one_hot(t, 4), p) for t, p in sparse]
    column = [(t[:, None], p) for t, p in sparse]
    cases = [
        metric_case("categorical_accuracy", "CategoricalAccuracy", {}, dense_batches),
        metric_case("categorical_accuracy/ties", "CategoricalAccuracy", {}, dense_batches[-1:]),
        metric_case("sparse_categorical_accuracy", "SparseCategoricalAccuracy", {}, sparse),
        metric_case("sparse_categorical_accuracy/column", "SparseCategoricalAccuracy", {}, column),
    ]
    for k in (1, 2, 3):
        kind, options = "TopKCategoricalAccuracy", {"k": k}
        cases.append(metric_case(f"top_k/{k}", kind, options, dense_batches[:-1]))
        cases.append(metric_case(f"top_k/{k}/ties", kind, options, dense_batches[-1:]))
        kind = "SparseTopKCategoricalAccuracy"
        cases.append(metric_case(f"sparse_top_k/{k}/ties", kind, options, sparse[-1:]))
    return cases


def binary_batch(rng, rows, width):
    shape = (rows, width)
    return rng.integers(0, 2, shape).astype(float), on_grid(rng.uniform(0, 1, shape))


def binary_metrics():
    rng = generator("metrics/binary")
    wide, narrow = ([binary_batch(rng, n, width) for n in (5, 2)] for width in (4, 1))
    edges = [(EDGE_TARGETS, EDGE_PROBABILITIES)]
    kind, half = "BinaryAccuracy", {"threshold": 0.5}
    return [
        metric_case("binary_accuracy/5x4", kind, half, wide),
        metric_case("binary_accuracy/5x1", kind, half, narrow),
        metric_case("binary_accuracy/at_threshold", kind, half, edges),
        metric_case("binary_accuracy/0.25", kind, {"threshold": 0.25}, edges),
    ]


def chosen_metrics():
    rng = generator("metrics/accuracy")
    labels, scores = rng.integers(0, 4, 16), normal(rng, 16, 4)
    binary, guesses = binary_batch(rng, 16, 1)
    return [
        chosen_case("accuracy/one_hot", "categorical_crossentropy", one_hot(labels, 4), scores),
        chosen_case("accuracy/sparse", "sparse_categorical_crossentropy", labels, scores),
        chosen_case("accuracy/binary", "binary_crossentropy", binary, guesses),
    ]


def error_metrics():
    cases = []
    for kind in ("MeanAbsoluteError", "MeanSquaredError", "RootMeanSquaredError"):
        for width in (4, 1):
            name = f"{kind}/{width}"
            rng = generator("metrics/" + name)
            batches = [(normal(rng, n, width), normal(rng, n, width)) for n in (5, 3, 1)]
            cases.append(metric_case(name, kind, {}, batches))
    return cases


CHOICES = {
    "default": {},
    "0.25": {"thresholds": 0.25},
    "class_id": {"class_id": 2},
    "top_k": {"top_k": 2},
    "top_k/class_id": {"top_k": 2, "class_id": 1},
    "top_k/threshold": {"top_k": 2, "thresholds": 0.625},
}


def precision_metrics():
    rng = generator("metrics/precision")
    batches = [binary_batch(rng, n, 4) for n in (5, 3, 8)]
    ties = [(one_hot(TIED_LABELS, 4), TIED_SCORES)]
    nothing = [(np.zeros((2, 4)), np.zeros((2, 4)))]
    column = [binary_batch(rng, n, 1) for n in (5, 2)]
    cases = []
    for kind in ("Precision", "Recall"):
        for label, options in CHOICES.items():
            cases.append(metric_case(f"{kind}/{label}", kind, options, batches))
        cases.append(metric_case(f"{kind}/ties", kind, {"top_k": 2}, ties))
        cases.append(metric_case(f"{kind}/nothing", kind, {}, nothing))
        cases.append(metric_case(f"{kind}/5x1", kind, {}, column))
    return cases


def f1_metrics():
    rng = generator("metrics/f1_score")
    scores = score_batches(rng)
    classes = [(one_hot(t, 4), p) for t, p in scores]
    labels = [binary_batch(rng, n, 4) for n in (5, 3, 8)]
    ties = [(one_hot(TIED_LABELS, 4), TIED_SCORES), (one_hot([1], 4), np.zeros((1, 4)))]
    column = [binary_batch(rng, n, 1) for n in (5, 2)]
    cases = []
    for average in (None, "micro", "macro", "weighted"):
        options = {"average": average}
        cases.append(metric_case(f"f1_score/{average}", "F1Score", options, classes))
        cases.append(metric_case(f"f1_score/{average}/ties", "F1Score", options, ties))
        options = {**options, "threshold": 0.375}
        cases.append(metric_case(f"f1_score/{average}/0.375", "F1Score", options, labels))
    options = {"average": "macro", "threshold": 0.5}
    cases.append(metric_case("f1_score/5x1", "F1Score", options, column))
    return cases


def area_metrics():
    rng = generator("metrics/auc")
    column = [binary_batch(rng, n, 1) for n in (9, 20, 40)]
    wide = [binary_batch(rng, n, 4) for n in (5, 16)]
    logits = [(t, normal(rng, *t.shape, scale=2.0)) for t, _ in column]
    edges = [(EDGE_TARGETS, EDGE_PROBABILITIES), (EDGE_TARGETS, np.eye(3))]
    one_kind = [(np.ones((3, 4)), np.full((3, 4), 0.25))]
    cases = []
    for curve in ("ROC", "PR"):
        options = {"curve": curve}
        cases += [
            metric_case(f"auc/{curve}/1", "AUC", options, column),
            metric_case(f"auc/{curve}/4", "AUC", options, wide),
            metric_case(f"auc/{curve}/5", "AUC", {**options, "num_thresholds": 5}, wide),
            metric_case(f"auc/{curve}/2", "AUC", {**options, "num_thresholds": 2}, wide),
            metric_case(f"auc/{curve}/logits", "AUC", {**options, "from_logits": True}, logits),
            metric_case(f"auc/{curve}/edges", "AUC", options, edges),
            metric_case(f"auc/{curve}/one_kind", "AUC", options, one_kind),
        ]
    return cases


# Every loss of which Keras has a metric of its own.
LOSS_METRICS = [
    "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "LogCoshError", "CosineSimilarity",
    "Poisson", "Hinge", "SquaredHinge", "CategoricalHinge", "KLDivergence",
    "BinaryCrossentropy", "CategoricalCrossentropy",
]


def loss_metrics():
    rng = generator("metrics/losses")
    batches = [
        (one_hot(rng.integers(0, 4, n), 4), probabilities(rng, n, 4)) for n in (5, 3, 1)
    ]
    cases = [metric_case(f"{kind}/4", kind, {}, batches) for kind in LOSS_METRICS]
    name, smoothing = "CategoricalCrossentropy", {"label_smoothing": 0.1}
    cases.append(metric_case(f"{name}/label_smoothing", name, smoothing, batches))
    sparse = [(t.argmax(-1), p) for t, p in batches]
    name = "SparseCategoricalCrossentropy"
    cases.append(metric_case(f"{name}/4", name, {}, sparse))
    cases.append(metric_case(f"{name}/logits", name, {"from_logits": True}, sparse))
    return cases


def r2_metrics():
    cases = []
    for width in (4, 1):
        rng = generator(f"metrics/r2_score/{width}")
        batches = [(normal(rng, n, width), normal(rng, n, width)) for n in (5, 3, 2)]
        near = [(t, t + p / 8) for t, p in batches]
        cases.append(metric_case(f"r2_score/{width}", "R2Score", {}, batches))
        cases.append(metric_case(f"r2_score/near/{width}", "R2Score", {}, near))
    constant = [(np.ones((3, 1)), np.array([[0.5], [1.0], [2.0]]))]
    cases.append(metric_case("r2_score/constant", "R2Score", {}, constant))
    return cases


def make_metrics():
    cases = categorical_metrics() + binary_metrics() + chosen_metrics() + error_metrics()
    cases += precision_metrics() + f1_metrics() + area_metrics() + loss_metrics() + r2_metrics()
    return {"cases": cases}


# --- Initializers --------------------------------------------------------------------------

INITIALIZERS = [
    "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal",
    "lecun_uniform", "random_normal", "random_uniform", "truncated_normal", "orthogonal",
    "zeros", "ones",
]
INITIALIZERS_WITH_ARGUMENTS = [
    ("random_uniform/0.25..2", {"minval": 0.25, "maxval": 2.0}),
    ("random_normal/1.5,0.25", {"mean": 1.5, "stddev": 0.25}),
    ("truncated_normal/-1,0.5", {"mean": -1.0, "stddev": 0.5}),
    ("orthogonal/1.5", {"gain": 1.5}),
    ("constant/0.25", {"value": 0.25}),
]
SEEDS = range(10)


def initializer_of(name, seed, arguments):
    kind = name.split("/")[0]
    seed = {} if kind in ("zeros", "ones", "constant") else {"seed": seed}
    kind = "Orthogonal" if kind == "orthogonal" else kind
    return getattr(keras.initializers, kind)(**arguments, **seed)


def kernel_of(initializer):
    """The kernel of Dense(400) on 300 inputs."""
    layer = layers.Dense(400, kernel_initializer=initializer)
    layer.build((None, 300))
    return numpy_of(layer.kernel)


def initializer_case(name, arguments):
    kernels = [kernel_of(initializer_of(name, seed, arguments)) for seed in SEEDS]
    config = initializer_of(name, 0, arguments).get_config()
    settings = {k: v for k, v in config.items() if k not in ("seed", "input_axes", "output_axes")}
    return {
        "name": name, "config": settings,
        "shape": list(kernels[0].shape), "seeds": list(SEEDS),
        "mean": [float(k.mean()) for k in kernels],
        "std": [float(k.std()) for k in kernels],
        "min": [float(k.min()) for k in kernels],
        "max": [float(k.max()) for k in kernels],
    }


def make_initializers():
    cases = [(name, {}) for name in INITIALIZERS] + INITIALIZERS_WITH_ARGUMENTS
    return {"cases": [initializer_case(*case) for case in cases]}


# --- Weighted training ---------------------------------------------------------------------

SAMPLE_WEIGHT = [1.0, 0.5, 2.0, 0.0, 1.5, 3.0, 0.25, 1.0]
EIGHT_LABELS = np.array([2, 0, 3, 1, 1, 2, 0, 2])


def eight_samples(kind):
    """The inputs, the targets of this kind, the layers and the loss."""
    x = normal(generator("weighted/" + kind), 8, 3)
    if kind == "regression":
        y = normal(generator("weighted/targets"), 8, 2)
        return x, y, regression_layers, "MeanSquaredError"
    if kind == "binary":
        y = (EIGHT_LABELS % 2).astype(float)[:, None]
        return x, y, lambda: [dense(5, "tanh"), dense(1, "sigmoid")], "BinaryCrossentropy"
    if kind == "sparse":
        return x, EIGHT_LABELS, class_layers, "SparseCategoricalCrossentropy"
    return x, one_hot(EIGHT_LABELS, 4), class_layers, "CategoricalCrossentropy"


WEIGHTED = [
    ("regression/sample_weight", {"sample_weight": SAMPLE_WEIGHT}),
    ("one_hot/sample_weight", {"sample_weight": SAMPLE_WEIGHT}),
    ("one_hot/class_weight", {"class_weight": {0: 0.5, 2: 3.0}}),
    ("sparse/class_weight", {"class_weight": {1: 2.0, 3: 0.0}}),
    ("binary/class_weight", {"class_weight": {0: 0.25, 1: 4.0}}),
]


def weighted_case(name, weights):
    """fit() on three batches, four epochs; the validation data has no weights."""
    x, y, make_net, loss = eight_samples(name.split("/")[0])
    model = build_model(x.shape[1:], make_net)
    draw_weights(model, generator("weighted/weights/" + name))
    check_kinks(model, cast(x))
    initial = list_weights(model)
    optimizer = optimizers.SGD(learning_rate=0.1, momentum=0.5)
    metric = "mean_absolute_error" if loss == "MeanSquaredError" else "accuracy"
    model.compile(optimizer=optimizer, loss=getattr(losses, loss)(), metrics=[metric])
    given = {k: np.array(v) if k == "sample_weight" else v for k, v in weights.items()}
    settings = {"batch_size": 3, "epochs": 4, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, validation_data=(x[:4], y[:4]), **settings, **given).history
    lists = {key: list(map(list, v.items())) if key == "class_weight" else v
             for key, v in weights.items()}
    return {
        "name": name, **lists,
        "loss": {"type": loss}, "optimizer": describe_optimizer(optimizer),
        "x": tensor(x), "y": tensor(y), "initial_weights": initial,
        "losses": history["loss"], "val_losses": history["val_loss"],
        "metric": history[metric],
        "weights": list_weights(model),
    }


# --- Callbacks -----------------------------------------------------------------------------

FALLING = [5.0, 4.0, 3.0, 3.0, 3.5, 2.99995, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5, 1.0, 1.5, 1.5, 1.5]

PLATEAUS = [
    ("patience_2", {"patience": 2}),
    ("patience_0", {"patience": 0}),
    ("patience_1/factor_half", {"patience": 1, "factor": 0.5}),
    ("patience_2/cooldown_2", {"patience": 2, "cooldown": 2}),
    ("patience_1/cooldown_1/min_lr", {"patience": 1, "cooldown": 1, "factor": 0.5, "min_lr": 0.05}),
    ("patience_2/min_delta_0", {"patience": 2, "min_delta": 0.0}),
    ("patience_2/min_delta_1", {"patience": 2, "min_delta": 1.0}),
    ("patience_2/max", {"patience": 2, "mode": "max"}),
]


def plateau_case(name, settings):
    """The learning rate after each epoch with these values."""
    model = build_model((1,), lambda: [dense(1)])
    model.compile(optimizer=optimizers.SGD(learning_rate=0.4), loss="mse")
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", **settings)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(FALLING):
        callback.on_epoch_end(epoch, {"loss": value})
        rates.append(float(numpy_of(model.optimizer.learning_rate)))
    return {"name": name, "settings": settings, "values": FALLING, "learning_rates": rates}


def make_training():
    return {
        "weighted": [weighted_case(*case) for case in WEIGHTED],
        "plateaus": [plateau_case(*case) for case in PLATEAUS],
    }


# --- Augmentation --------------------------------------------------------------------------

FILL_MODES = ["constant", "nearest", "reflect", "wrap"]


def augment_case(kind, label, factors, fill_mode, interpolation="bilinear"):
    """An image of 5 x 6 under a layer whose range of random numbers is a single one."""
    image = normal(generator("augment/image"), 1, 5, 6, 1)
    ranges = {key: (value, value) for key, value in factors.items()}
    look = {"fill_mode": fill_mode, "fill_value": -1.5, "interpolation": interpolation}
    layer = getattr(layers, kind)(**ranges, **look, data_format="channels_last")
    return {
        "name": f"{kind}/{label}/{fill_mode}/{interpolation}",
        "factors": factors, **look,
        "x": tensor(image[:, :, :, 0]),
        "y": tensor(numpy_of(layer(cast(image), training=True))[:, :, :, 0]),
    }


def make_augment():
    cases = []
    for mode in FILL_MODES:
        for factor in (0.0625, -0.1875, 0.40625):
            cases.append(augment_case("RandomRotation", factor, {"factor": factor}, mode))
        for down, right in ((0.125, 0.25), (-0.375, 0.0), (0.25, -0.5625)):
            factors = {"height_factor": down, "width_factor": right}
            cases.append(augment_case("RandomTranslation", f"{down},{right}", factors, mode))
        factors = {"height_factor": 0.25, "width_factor": -0.5625}
        label = "0.25,-0.5625"
        cases.append(augment_case("RandomTranslation", label, factors, mode, "nearest"))
        cases.append(augment_case("RandomRotation", 0.0625, {"factor": 0.0625}, mode, "nearest"))
    return {"cases": cases}


# --- Files ---------------------------------------------------------------------------------

MAKERS = {
    "layers": make_layers,
    "features": make_features,
    "activations": make_activations,
    "losses": make_losses,
    "optimizers": make_optimizers,
    "metrics": make_metrics,
    "initializers": make_initializers,
    "training": make_training,
    "regularizers": make_regularizers,
    "augment": make_augment,
}


def versions():
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": backend,
        backend: __import__(backend).__version__,
        "torch": __import__("torch").__version__,
        "numpy": np.__version__,
        "floatx": keras.config.floatx(),
    }


def dump(value):
    return json.dumps(value, allow_nan=False)


def lines_of_case(case):
    return ",\n   ".join(f"{dump(key)}: {dump(value)}" for key, value in case.items())


def write(path, content):
    """One line for each field of a case: short differences, and still plain JSON."""
    sections = [f'"made_with": {dump(versions())}']
    for key, cases in content.items():
        body = ",\n".join(f"  {{{lines_of_case(case)}}}" for case in cases)
        sections.append(f"{dump(key)}: [\n{body}\n ]")
    text = "{\n " + ",\n ".join(sections) + "\n}\n"
    json.loads(text)
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", choices=MAKERS, help="the file to make, if not all")
    parser.add_argument("--floatx", default="float64", choices=["float32", "float64"])
    options = parser.parse_args()
    keep_float64()
    keras.config.set_floatx(options.floatx)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, make in MAKERS.items():
        if options.only in (None, name):
            write(options.out / f"{name}.json", make())


if __name__ == "__main__":
    main()
