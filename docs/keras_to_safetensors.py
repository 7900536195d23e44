#!/usr/bin/env python3
"""Keras 3's weights for Plywood: a `.keras` or `.weights.h5` file, or any model in memory, as safetensors.

    python keras_to_safetensors.py model.keras net.safetensors
    python keras_to_safetensors.py model.weights.h5 net.safetensors my_module:build

A `.weights.h5` file has no architecture: `build()` in `my_module.py`, in the folder where the command runs,
makes the model of which it has the weights. In a program of one's own, with any model:

    from keras_to_safetensors import save
    save(model, "net.safetensors")

Then, in Rust, `net.load_weights("net.safetensors")?`: every name and shape is checked against the
network there. Needs keras with any backend, numpy and safetensors.

Names: Keras counts its automatic names over the whole process (`dense_7`); Plywood counts in each model
(`dense`, `dense_1`). Layers with automatic names are counted anew in the order of the model; names that
somebody chose are kept, also those of models inside the model, and `rename` changes them:
`save(model, path, rename={"backbone": "encoder"})`.

Layout: Plywood's is Keras', but images have their channels first. So for models with channels last the
rows of the layer behind a `Flatten` of an image are put in that order. (A model with a `Reshape` of or to
an image is refused: what follows would see other numbers.)
"""

import importlib
import re
import sys

import keras
import numpy as np
from keras import layers
from safetensors.numpy import save_file


def snake_case(name):
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def field_names(model, rename):
    """The layers with their names in Plywood."""
    used = {}
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        kind = snake_case(type(layer).__name__)
        automatic = re.fullmatch(re.escape(kind) + r"(_\d+)?", layer.name)
        is_model = isinstance(layer, keras.Model)
        if not automatic or is_model:
            yield rename.get(layer.name, layer.name), layer
            continue
        count = used.get(kind, 0)
        used[kind] = count + 1
        yield (f"{kind}_{count}" if count else kind), layer


def is_image(shape):
    return len(shape) == 4


# Layers whose weights are vectors in Plywood, also where they have several axes.
FLAT = (layers.PReLU, layers.Normalization, layers.LayerNormalization, layers.RMSNormalization)


def tensors(model, rename, path=""):
    """Names and arrays of all weights."""
    flattened = None  # height, width and channels of an image that was flattened
    for name, layer in field_names(model, rename):
        if isinstance(layer, keras.Model):
            if flattened:
                raise ValueError(f"{layer.name}: a model behind the `Flatten` of an image")
            yield from tensors(layer, rename, f"{path}{name}/")
            continue
        images = getattr(layer, "data_format", keras.config.image_data_format()) == "channels_last"
        before = layer.input.shape if hasattr(layer.input, "shape") else ()
        if isinstance(layer, layers.Flatten) and is_image(before) and images:
            flattened = before[1:]
        elif isinstance(layer, layers.Reshape) and is_image(before) | is_image(layer.output.shape):
            raise ValueError(f"{layer.name}: a `Reshape` of or to an image has another order in Plywood")
        for weight in layer.weights:
            if weight.name in ("count", "seed_generator_state"):
                continue  # how `Normalization` was adapted; random states
            array = np.asarray(keras.ops.convert_to_numpy(weight.value))
            if flattened and weight.name == "kernel":
                array = channels_first(array, flattened)
            elif flattened:
                # One number for each feature: batch normalisation between `Flatten` and `Dense`.
                if array.shape == (int(np.prod(flattened)),):
                    array = channels_first(array[:, None], flattened)[:, 0]
            if isinstance(layer, FLAT):
                array = array.ravel()
            yield f"{path}{name}/{weight.name}", np.ascontiguousarray(array)
        if any(weight.name == "kernel" for weight in layer.weights):
            flattened = None


def channels_first(rows, image):
    """Rows for the numbers of an image, in Plywood's order."""
    height, width, channels = image
    rows = rows.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
    return rows.reshape(height * width * channels, -1)


def save(model, path, rename=None):
    """Writes the weights of a Keras model as Plywood reads them."""
    arrays = {}
    for name, array in tensors(model, rename or {}):
        if name in arrays:
            raise ValueError(f"two weights are called {name}")
        arrays[name] = array
    save_file(arrays, path)


def load(path, function=None):
    """The model in a file of Keras, or the one that `module:function` makes, with the weights in the file."""
    if function is None:
        return keras.models.load_model(path, compile=False)
    module, _, name = function.partition(":")
    sys.path.insert(0, "")
    model = getattr(importlib.import_module(module), name)()
    model.load_weights(path)
    return model


if __name__ == "__main__":
    # Only `.weights.h5` needs a function: it must be there, and nowhere else.
    if len(sys.argv) not in (3, 4) or sys.argv[1].endswith(".weights.h5") != (len(sys.argv) == 4):
        sys.exit(__doc__)
    save(load(sys.argv[1], *sys.argv[3:]), sys.argv[2])
