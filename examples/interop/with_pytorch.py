"""PyTorch's side: `with_pytorch.py train FOLDER`, and after Plywood has been there, `with_pytorch.py check FOLDER`."""

import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

HEIGHT = WIDTH = 8

torch.manual_seed(1)
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1, bias=False),
    nn.BatchNorm2d(8, momentum=0.1, eps=1e-5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(128, 16),
    nn.ReLU(),
    nn.Linear(16, 3),
)

# Plywood's names, those here, and how the dimensions here become those of Plywood.
WEIGHTS = [
    ("conv2d/kernel", "0.weight", (2, 3, 1, 0)),
    ("batch_normalization/gamma", "1.weight", (0,)),
    ("batch_normalization/beta", "1.bias", (0,)),
    ("batch_normalization/moving_mean", "1.running_mean", (0,)),
    ("batch_normalization/moving_variance", "1.running_var", (0,)),
    ("dense/kernel", "5.weight", (1, 0)),
    ("dense/bias", "5.bias", (0,)),
    ("dense_1/kernel", "7.weight", (1, 0)),
    ("dense_1/bias", "7.bias", (0,)),
]


def data(count):
    """Pictures of a line on some noise: across, down or slanting."""
    k = np.arange(count)[:, None, None]
    i, j = np.arange(HEIGHT)[:, None], np.arange(WIDTH)
    noise = (31 * i + 17 * j + 7 * k) % 23 / 46
    at = k // 3 % 8
    line = np.select([k % 3 == 0, k % 3 == 1], [i == at, j == at], (i - j) % 8 == at)
    x = np.maximum(noise, line)
    return torch.tensor(x[:, None], dtype=torch.float32), torch.arange(count) % 3


def to_plywood():
    """All weights, by Plywood's names and in its order."""
    state = model.state_dict()
    return {
        ours: np.ascontiguousarray(state[theirs].numpy().transpose(order))
        for ours, theirs, order in WEIGHTS
    }


def from_plywood(weights):
    """Sets all weights."""
    state = model.state_dict()
    for ours, theirs, order in WEIGHTS:
        values = np.ascontiguousarray(weights[ours].transpose(np.argsort(order)))
        state[theirs] = torch.from_numpy(values)
    model.load_state_dict(state)


def predict(x):
    """What comes out, as probabilities."""
    model.eval()
    with torch.no_grad():
        return torch.softmax(model(x), 1).numpy()


what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
x, y = data(240)
if what == "train":
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(20):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    save_file(to_plywood(), folder / "theirs.safetensors")
    np.savetxt(folder / "theirs.csv", predict(x), fmt="%.9g", delimiter=",")
else:
    from_plywood(load_file(folder / "ours.safetensors"))
    predictions = predict(x)
    difference = np.abs(predictions - np.loadtxt(folder / "ours.csv", delimiter=",")).max()
    print(f"PyTorch and Plywood differ by {difference:.1e} at most")
    print(f"accuracy {np.mean(predictions.argmax(1) == y.numpy()):.3f}")
    sys.exit(not difference < 1e-5)
