"""The jobs of this folder with Python's libraries, one thread each: see README.md."""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import time

FASHION, TINY, SMALL = [784, 128, 256, 512, 10], [4, 16, 16, 1], [64, 64, 64, 8]
CNN = [784, 8, 16, 10]  # two convolutions of 3 x 3, each with relu and max-pooling, and a dense layer
IMAGES, POINTS = 4096, 2000

# Names as in the Rust program; kind, batch, type.
ROWS = {
    "train, batch 1": ("train", 1, "float32"),
    "train, batch 8": ("train", 8, "float32"),
    "train, batch 32": ("train", 32, "float32"),
    "train, batch 128": ("train", 128, "float32"),
    "train, batch 512": ("train", 512, "float32"),
    "train, batch 32, f64": ("train", 32, "float64"),
    "predict, batch 256": ("predict", FASHION, "images"),
    "predict, one image, half zeros": ("predict", FASHION, "half zeros"),
    "predict, one image, no zeros": ("predict", FASHION, "no zeros"),
    "predict, 4-16-16-1 tanh": ("predict", TINY, "numbers"),
    "predict, 64-64-64-8 relu": ("predict", SMALL, "numbers"),
    "train, small CNN, batch 32": ("cnn", 32, "float32"),
    "predict, small CNN, one image": ("predict", CNN, "half zeros"),
    "linear step, batch 2": ("line", 2, "float32"),
    "logistic step, batch 1": ("logistic", 1, "float32"),
}

# Every library has ways of its own to be told.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def rate(batch):
    """At 0.1, steps of single images would soon leave no unit alive."""
    return 0.01 if batch == 1 else 0.1


def data(kind, type):
    """A training set: numbers, and classes or numbers."""
    import numpy as np

    random = np.random.default_rng(1)
    if kind in ("train", "cnn"):
        y = np.arange(IMAGES) % 10
        x = random.random((IMAGES, 28, 28))
        bright = np.arange(28)[None, :] // 2 == y[:, None] + 2
        x = np.where(bright[:, :, None], x, np.maximum(2 * x - 1, 0))
        return x.reshape(IMAGES, 784).astype(type), y.astype("int32")
    x = random.uniform(-1, 1, (POINTS, 2 if kind == "line" else 1)).astype(type)
    if kind == "line":
        return x, (x @ [[2], [3]] + 4).astype(type)
    return x, (x > random.random((POINTS, 1)) - 0.5).astype(type)


def inputs(widths, what):
    """Inputs of `predict`, one call for each."""
    import numpy as np

    x = data("train", "float32")[0]
    random = np.random.default_rng(2)
    if what == "images":
        return [x[:256]]
    if what == "half zeros":
        return [row[None] for row in x[:64]]
    shape = (64, 784) if what == "no zeros" else (POINTS, widths[0])
    low = 0.01 if what == "no zeros" else -1
    return [row[None] for row in random.uniform(low, 1, shape).astype("float32")]


# Each peer gives, for a row, a function that trains one epoch and gives its mean loss, or one that
# predicts, from an array of NumPy to an array of NumPy.


def pytorch(kind, batch, type):
    import torch
    from torch import nn

    torch.set_num_threads(1)
    if torch.get_num_interop_threads() != 1:
        torch.set_num_interop_threads(1)

    def net(widths, hidden):
        layers = []
        for k, n in zip(widths, widths[1:]):
            layers += [nn.Linear(k, n), hidden()]
        return nn.Sequential(*layers[:-1])

    def cnn():
        stage = lambda k, n: [nn.Conv2d(k, n, 3), nn.ReLU(), nn.MaxPool2d(2)]
        image = nn.Unflatten(1, (1, 28, 28))
        return nn.Sequential(image, *stage(1, 8), *stage(8, 16), nn.Flatten(), nn.Linear(400, 10))

    if kind == "predict":
        model = cnn() if batch == CNN else net(batch, nn.Tanh if batch == TINY else nn.ReLU)
        if batch in (FASHION, CNN):
            model.append(nn.Softmax(1))

        def predict(x):
            with torch.inference_mode():
                return model(torch.from_numpy(x)).numpy()

        return predict

    x, y = map(torch.from_numpy, data(kind, type))
    if kind in ("train", "cnn"):
        model = cnn() if kind == "cnn" else net(FASHION, nn.ReLU)
        loss, y = nn.CrossEntropyLoss(), y.long()
    elif kind == "line":
        model, loss = net([2, 1], nn.ReLU), nn.MSELoss()
    else:
        model, loss = net([1, 1], nn.ReLU), nn.BCEWithLogitsLoss()
    model.to(x.dtype)
    sgd = torch.optim.SGD(model.parameters(), rate(batch))

    def epoch():
        total = torch.zeros((), dtype=x.dtype)
        order = torch.randperm(len(x)).split(batch)
        for rows in order:
            sgd.zero_grad()
            value = loss(model(x[rows]), y[rows])
            value.backward()
            sgd.step()
            total += value.detach()
        return total.item() / len(order)

    return epoch


def jax_step(kind, batch, type):
    """A compiled function for each step."""
    import jax
    import numpy as np

    if kind == "predict":
        return None
    params, step, x, y = jax_parts(kind, batch, type)
    step = jax.jit(step, donate_argnums=0)
    random = np.random.default_rng(3)
    state = [params]

    def epoch():
        order = random.permutation(len(x)).astype("int32").reshape(-1, batch)
        losses = []
        for rows in order:
            state[0], loss = step(state[0], x[rows], y[rows])
            losses.append(loss)
        return float(np.mean(losses))

    x, y = np.asarray(x), np.asarray(y)
    return epoch


def jax_epoch(kind, batch, type):
    """A compiled function for a whole epoch."""
    import jax
    import numpy as np

    if kind == "predict":
        params = jax_params(batch, "float32")
        hidden = jax.numpy.tanh if batch == TINY else jax.nn.relu
        last = jax.nn.softmax if batch in (FASHION, CNN) else lambda x: x
        predict = jax.jit(lambda params, x: last(jax_forward(params, x, hidden)))
        return lambda x: np.asarray(predict(params, x))
    params, step, x, y = jax_parts(kind, batch, type)

    def epoch(params, key, x, y):
        order = jax.random.permutation(key, len(x)).reshape(-1, batch)
        params, losses = jax.lax.scan(lambda p, rows: step(p, x[rows], y[rows]), params, order)
        return params, losses.mean()

    epoch = jax.jit(epoch, donate_argnums=0)
    state = [params, jax.random.key(4)]

    def run():
        state[1], key = jax.random.split(state[1])
        state[0], loss = epoch(state[0], key, x, y)
        return float(loss)

    return run


def jax_params(widths, type):
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)  # a second thread
    init = jax.nn.initializers.glorot_uniform()
    if widths == CNN:
        shapes = [(3, 3, 1, 8), (3, 3, 8, 16), (400, 10)]
        return [(init(jax.random.key(i), s, type), jax.numpy.zeros(s[-1], type)) for i, s in enumerate(shapes)]
    layer = lambda i: init(jax.random.key(i), (widths[i], widths[i + 1]), type)
    zeros = lambda i: jax.numpy.zeros(widths[i + 1], type)
    return [(layer(i), zeros(i)) for i in range(len(widths) - 1)]


def jax_forward(params, x, hidden):
    import jax

    if params[0][0].ndim == 4:
        x = x.reshape(-1, 28, 28, 1)
        for w, b in params[:-1]:
            layout = ("NHWC", "HWIO", "NHWC")
            x = hidden(jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=layout) + b)
            # (The gradient of `reduce_window` takes longer.)
            n, h, w, c = x.shape
            x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
        x, params = x.reshape(len(x), -1), params[-1:]
    for w, b in params[:-1]:
        x = hidden(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def jax_parts(kind, batch, type):
    """The parameters, a step, and the data."""
    import jax
    import jax.numpy as jnp

    widths = {"train": FASHION, "cnn": CNN, "line": [2, 1], "logistic": [1, 1]}[kind]
    params = jax_params(widths, type)
    x, y = map(jnp.asarray, data(kind, type))

    def loss(params, x, y):
        out = jax_forward(params, x, jax.nn.relu)
        if kind in ("train", "cnn"):
            rows = jnp.arange(len(y), dtype="int32")
            return -jax.nn.log_softmax(out)[rows, y].mean()
        if kind == "line":
            return ((out - y) ** 2).mean()
        return (jax.nn.softplus(out) - y * out).mean()

    def step(params, x, y):
        value, grads = jax.value_and_grad(loss)(params, x, y)
        return jax.tree.map(lambda p, g: p - rate(batch) * g, params, grads), value

    return params, step, x, y


def keras(kind, batch, type):
    """Keras on TensorFlow: `fit`, and `predict_on_batch`, which is much faster than `predict`."""
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() != 1:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    import keras
    from keras import layers

    def net(widths, hidden, last, type="float32"):
        names = [hidden] * (len(widths) - 2) + [last]
        dense = [layers.Dense(n, a, dtype=type) for n, a in zip(widths[1:], names)]
        return keras.Sequential([layers.Input((widths[0],), dtype=type), *dense])

    def cnn():
        stage = lambda n: [layers.Conv2D(n, 3, activation="relu"), layers.MaxPooling2D(2)]
        end = [layers.Flatten(), layers.Dense(10, "softmax")]
        image = [layers.Input((784,)), layers.Reshape((28, 28, 1))]
        return keras.Sequential([*image, *stage(8), *stage(16), *end])

    if kind == "predict" and batch == CNN:
        return cnn().predict_on_batch
    if kind == "predict":
        hidden = "tanh" if batch == TINY else "relu"
        return net(batch, hidden, "softmax" if batch == FASHION else None).predict_on_batch

    if kind in ("train", "cnn"):
        model = cnn() if kind == "cnn" else net(FASHION, "relu", "softmax", type)
        loss = "sparse_categorical_crossentropy"
    elif kind == "line":
        model, loss = net([2, 1], None, None), "mean_squared_error"
    else:
        model, loss = net([1, 1], None, "sigmoid"), "binary_crossentropy"
    model.compile(keras.optimizers.SGD(rate(batch)), loss)
    x, y = data(kind, type)
    return lambda: model.fit(x, y, batch_size=batch, verbose=0).history["loss"][0]


def onnxruntime(kind, widths, what):
    import numpy as np
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    if kind != "predict":
        return None
    random = np.random.default_rng(5)
    nodes, weights, name = [], [], "x"
    inputs = widths[0]
    if widths == CNN:
        tensor = lambda name, a: weights.append(numpy_helper.from_array(a, name))
        node = lambda op, inputs, output, **more: nodes.append(helper.make_node(op, inputs, [output], **more))
        tensor("image", np.array([-1, 1, 28, 28]))
        node("Reshape", ["x", "image"], "x0")
        for i, shape in enumerate([(8, 1, 3, 3), (16, 8, 3, 3)]):
            tensor(f"k{i}", random.uniform(-0.2, 0.2, shape).astype("float32"))
            tensor(f"c{i}", np.zeros(shape[0], "float32"))
            node("Conv", [f"x{i}", f"k{i}", f"c{i}"], f"conv{i}")
            node("Relu", [f"conv{i}"], f"relu{i}")
            node("MaxPool", [f"relu{i}"], f"x{i + 1}", kernel_shape=[2, 2], strides=[2, 2])
        node("Flatten", ["x2"], "flat")
        name, widths = "flat", [400, 10]
    is_classifier = widths[-1] == 10
    for i, (k, n) in enumerate(zip(widths, widths[1:])):
        limit = (6 / (k + n)) ** 0.5
        w, b = random.uniform(-limit, limit, (k, n)), np.zeros(n)
        weights += [numpy_helper.from_array(a.astype("float32"), f"{c}{i}") for a, c in ((w, "w"), (b, "b"))]
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"z{i}"]))
        hidden = "Tanh" if widths == TINY else "Relu"
        last = "Softmax" if is_classifier else "Identity"
        name = f"y{i}"
        nodes.append(helper.make_node(hidden if i + 2 < len(widths) else last, [f"z{i}"], [name]))
    info = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
    graph = helper.make_graph(nodes, "net", [info("x", inputs)], [info(name, widths[-1])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0]


# Names, the packages to state, and what each makes of a row.
PEERS = {
    "PyTorch": (["torch"], pytorch),
    "JAX, a step": (["jax", "jaxlib"], jax_step),
    "JAX, an epoch": (["jax", "jaxlib"], jax_epoch),
    "Keras": (["keras", "tensorflow-cpu"], keras),
    "ONNX Runtime": (["onnxruntime"], onnxruntime),
}


def serve(peer):
    """Answer a row without a time with its first loss, then with the seconds of a unit."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print does not go to the table
    for line in sys.stdin:
        row, seconds = json.loads(line)
        if seconds is None:
            kind, batch, type = ROWS[row]
            work = PEERS[peer][1](kind, batch, type)
            first, runs = 0, 0
            if work and kind == "predict":
                xs, predict = inputs(batch, type), work
                units = 256 if type == "images" else len(xs)
                work = lambda: [predict(x) for x in xs]
                work()
            elif work:
                units = IMAGES if kind in ("train", "cnn") else POINTS // batch
                first = float(work())
            answer = first if work else None
        else:
            if not runs:
                start = time.perf_counter()
                work()
                runs = max(1, round(seconds / (time.perf_counter() - start)))
            start, cpu = time.perf_counter(), time.process_time()
            for _ in range(runs):
                last = work()
            wall = time.perf_counter() - start
            loss = 0 if kind == "predict" else float(last)
            answer = wall / runs / units, (time.process_time() - cpu) / wall, loss
        print(json.dumps(answer), file=answers)


def show(seconds):
    ns = seconds * 1e9
    if ns < 99.95:
        return f"{ns:.1f} ns"
    return f"{ns:.0f} ns" if ns < 9999.5 else f"{ns / 1e3:.1f} us"


def ratio_text(time, own):
    if own is None:
        return ""
    return f" ({time / own:.1f})" if time < 100 * own else f" ({time / own:.0f})"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a short run")
    options.add_argument("--only", metavar="PEER", choices=PEERS, help=", ".join(PEERS))
    options.add_argument("--row", metavar="TEXT", default="", help="rows with this in their names")
    options.add_argument("--plywood", metavar="PROGRAM", help="the Rust program, for a first column")
    options.add_argument("--serve", choices=PEERS, help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.serve:
        return serve(options.serve)
    rounds, seconds = (3, 0.05) if options.quick else (7, 0.3)
    names = [name for name in PEERS if options.only in (None, name)]

    def start(name):
        command = [sys.executable, __file__, "--serve", name]
        pipe = subprocess.PIPE
        env = os.environ | ONE_THREAD
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=env, text=True)

    servers = {name: start(name) for name in names}

    def ask(name, *question):
        print(json.dumps(question), file=servers[name].stdin, flush=True)
        return json.loads(servers[name].stdout.readline())

    def plywood(row):
        """The second cell of its row."""
        command = [options.plywood, "--quick", "--only", "plywood", "--row", row]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        line = next(line for line in out.splitlines() if line.startswith(f"| {row} |"))
        number, unit = line.split("|")[3].split()
        return float(number) * {"ns": 1e-9, "us": 1e-6}[unit]

    with open("/proc/cpuinfo") as cpu:
        model = next((line.split(":")[1].strip() for line in cpu if "model name" in line), "unknown")
    print(f"{model}, {os.cpu_count()} cores; 1 thread everywhere")
    packages = dict.fromkeys(package for name in names for package in PEERS[name][0])
    print(", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages))
    columns = ["plywood"] * bool(options.plywood) + names
    print(f"\n{rounds} rounds, medians", end="")
    print("; in brackets how often Plywood's time.\n" if options.plywood else ".\n")
    print("| job |", " | ".join(columns), "|")
    print("| --- |", " | ".join("---" for _ in columns), "|")
    first, last, busy = {}, {}, {name: 0 for name in names}
    for row in [options.row] if options.row in ROWS else ROWS:
        if options.row not in row:
            continue
        first[row] = {name: ask(name, row, None) for name in names}
        times = {name: [] for name in columns}
        for _ in range(rounds):
            if options.plywood:
                times["plywood"].append(plywood(row))
            for name in names:
                if first[row][name] is not None:
                    wall, cores, last[row, name] = ask(name, row, seconds)
                    times[name].append(wall)
                    busy[name] = max(busy[name], cores)
        medians = {name: sorted(list)[len(list) // 2] for name, list in times.items() if list}
        own = medians.get("plywood")
        ratio = lambda name: ratio_text(medians[name], own) if name != "plywood" else ""
        cell = lambda name: show(medians[name]) + ratio(name) if name in medians else "-"
        print("| " + " | ".join([row, *map(cell, columns)]) + " |", flush=True)

    print("\nCores that were busy at most:", ", ".join(f"{name} {busy[name]:.2f}" for name in names))
    print("\nMean losses of the first and of the last epoch, to show that all learn the same:\n")
    print("| job |", " | ".join(names), "|")
    print("| --- |", " | ".join("---" for _ in names), "|")
    for row in filter(lambda row: "predict" not in row, first):
        loss = lambda name: f"{first[row][name]:.3f}, {last[row, name]:.3f}"
        cells = ("-" if first[row][name] is None else loss(name) for name in names)
        print("| " + " | ".join([row, *cells]) + " |")
    for server in servers.values():
        server.stdin.close()
        server.wait()


if __name__ == "__main__":
    main()
