"""Writes `model.keras`, and prints what the model predicts."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential([
    keras.Input((8, 6, 2)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.BatchNormalization(),
    layers.PReLU(),
    layers.DepthwiseConv2D(3),
    layers.Flatten(),
    layers.BatchNormalization(),
    layers.Dense(5, activation="tanh"),
    layers.Dense(3, name="out"),
])
for weight in model.weights:
    weight.assign(np.random.default_rng(5).uniform(0.1, 1, weight.shape))
model.save("model.keras")
x = np.linspace(-1, 1, 8 * 6 * 2, dtype="f4").reshape(1, 8, 6, 2)
print(keras.ops.convert_to_numpy(model(x)))
