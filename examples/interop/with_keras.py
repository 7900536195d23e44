"""Keras' side: `with_keras.py train FOLDER`, and after Plywood has been there, `with_keras.py check FOLDER`."""

import pathlib
import sys

import keras
import numpy as np
from keras import layers
from safetensors.numpy import load_file, save_file

HEIGHT = WIDTH = 8
# The image that comes into Flatten: height, width, channels.
FLATTENED = (4, 4, 8)


def build():
    """The network."""
    return keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, 1)),
            layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv2d"),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="batch_normalization"),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(16, activation="relu", name="dense"),
            layers.Dense(3, activation="softmax", name="dense_1"),
        ]
    )


def data(count):
    """Pictures of a line on some noise: across, down or slanting."""
    k = np.arange(count)[:, None, None]
    i, j = np.arange(HEIGHT)[:, None], np.arange(WIDTH)
    noise = (31 * i + 17 * j + 7 * k) % 23 / 46
    at = k // 3 % 8
    line = np.select([k % 3 == 0, k % 3 == 1], [i == at, j == at], (i - j) % 8 == at)
    x = np.maximum(noise, line)
    # One channel, which is last in Keras and first in Plywood.
    return x[..., None].astype(np.float32), np.arange(count) % 3


def to_plywood(model):
    """All weights, by Plywood's names."""
    weights = {
        f"{layer.name}/{variable.name}": np.asarray(variable.value)
        for layer in model.layers
        for variable in layer.weights
    }
    # Flatten goes through height, width, channels here, and through channels, height, width there.
    kernel = weights["dense/kernel"]
    rows = kernel.reshape(*FLATTENED, -1).transpose(2, 0, 1, 3)
    weights["dense/kernel"] = np.ascontiguousarray(rows.reshape(kernel.shape))
    return weights


def from_plywood(model, weights):
    """Sets all weights."""
    height, width, channels = FLATTENED
    kernel = weights["dense/kernel"]
    rows = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
    weights["dense/kernel"] = rows.reshape(kernel.shape)
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(weights[f"{layer.name}/{variable.name}"])


def main(what, folder):
    keras.utils.set_random_seed(1)
    model = build()
    x, y = data(240)
    if what == "train":
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=20, verbose=2)
        save_file(to_plywood(model), folder / "theirs.safetensors")
        # The same in Keras' own files.
        model.save(folder / "theirs.keras")
        model.save_weights(folder / "theirs.weights.h5")
        np.savetxt(folder / "theirs.csv", model.predict(x, verbose=0), fmt="%.9g", delimiter=",")
    else:
        from_plywood(model, load_file(folder / "ours.safetensors"))
        predictions = model.predict(x, verbose=0)
        difference = np.abs(predictions - np.loadtxt(folder / "ours.csv", delimiter=",")).max()
        print(f"Keras and Plywood differ by {difference:.1e} at most")
        print(f"accuracy {np.mean(predictions.argmax(1) == y):.3f}")
        sys.exit(not difference < 1e-5)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
