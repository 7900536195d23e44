"""Compares models with ONNX Runtime: `compare.py FOLDER`, where the folder holds cases.json."""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-5


def compare(case):
    """What is wrong, or nothing."""
    model = onnx.load(case["file"])
    onnx.checker.check_model(model, full_check=True)
    batch = len(case["inputs"]) // int(np.prod(case["input_shape"]))
    x = np.array(case["inputs"], np.float32).reshape(batch, *case["input_shape"])
    expected = np.array(case["outputs"]).reshape(batch, *case["output_shape"])
    session = onnxruntime.InferenceSession(case["file"], providers=["CPUExecutionProvider"])
    # All samples together, and the first one alone.
    for rows in (batch, 1):
        [y] = session.run(None, {"input": x[:rows]})
        if y.shape != expected[:rows].shape:
            return f"shape {y.shape} instead of {expected[:rows].shape}"
        error = np.abs(y - expected[:rows]) - TOLERANCE * np.abs(expected[:rows])
        # Not a number is an error, too.
        if not np.all(error <= TOLERANCE):
            return f"{rows} samples differ by {np.max(error):.3g}\n{y}\n{expected[:rows]}"
    return None


def main(folder):
    cases = json.loads((pathlib.Path(folder) / "cases.json").read_text())
    wrong = 0
    for case in cases:
        try:
            problem = compare(case)
        except Exception as error:
            problem = str(error)
        if problem:
            wrong += 1
            print(f"{case['name']}: {problem}")
    print(f"{len(cases) - wrong} of {len(cases)} models are the same in ONNX Runtime")
    return wrong > 0


sys.exit(main(sys.argv[1]))
