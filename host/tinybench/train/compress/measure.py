"""What a Keras model is: parameters, zeros, accuracy as float and as int8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.train.compress.fit import Data, Samples, predict
from tinybench.train.compress.network import kernels


def describe(model: Any, data: Data) -> dict[str, Any]:
    """Figures of the float model.

    Returns:
        ``parameters``; ``weights`` and ``nonzero_weights`` of what convolutions and dense layers
        multiply by; ``float_right`` of ``samples`` test samples.
    """
    values = [np.asarray(weight) for _, weight in kernels(model)]
    guesses = predict(model, data.test.x).argmax(axis=1)
    return {
        "parameters": int(model.count_params()),
        "weights": sum(v.size for v in values),
        "nonzero_weights": sum(int(np.count_nonzero(v)) for v in values),
        "samples": len(data.test),
        "float_right": int((guesses == data.test.y).sum()),
    }


def convert(model: Any, data: Data, out: Path, *, per_channel_dense: bool = False) -> None:
    """Writes the int8 .tflite of a model.

    Args:
        model: a Keras model; fake quantization in it sets the ranges.
        data: its calibration samples represent the input.
        out: the file.
        per_channel_dense: scales per output channel in FULLY_CONNECTED.
    """
    from tinybench.train.convert import to_int8

    out.write_bytes(to_int8(model, data.calibration, per_channel_dense=per_channel_dense))


def int8_answers(model: bytes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What desktop TFLite makes of real inputs: the output tensors as they are, (n, classes).

    Args:
        model: an int8 .tflite.
        x: float32, (n, *input shape).
    """
    from tinybench.model.desktop import DesktopRunner
    from tinybench.model.read import parse_tflite

    graph = parse_tflite(model)
    quant = graph.tensors[graph.inputs[0]].quant
    assert quant is not None
    steps = np.rint(x / quant.scale[0]) + quant.zero_point[0]
    tensors = steps.clip(-128, 127).astype(np.int8)
    runner = DesktopRunner(model)
    return np.stack([runner.run([t[np.newaxis]])[0].reshape(-1) for t in tensors])


def int8_right(model: bytes, samples: Samples) -> int:
    """How many samples an int8 .tflite has right."""
    return int((int8_answers(model, samples.x).argmax(axis=1) == samples.y).sum())
