"""Activation ranges other than the least and largest value seen.

TensorFlow's converter writes the least and largest value of each activation into the calibrated
model, and its quantizer takes whatever stands there. So ranges are chosen here by a histogram of
the same samples, and written over them.

percentile: the range that holds 99.99 % of the values, as many cut off at either end (as in Wu et
al., https://arxiv.org/abs/2004.09602, section 5.2).
mse: the ends, shrunk by one factor, at which 8-bit rounding and clipping together make the least
squared error over the histogram (``HISTOGRAM_MSE_BRUTEFORCE`` of TensorFlow's quantizer).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.model.graph import Graph
from tinybench.model.schema import schema
from tinybench.train.ptq.interpreter import Quick

_BINS = 2048
_KEPT = 0.9999
_FACTORS = np.linspace(0.3, 1.0, 71)

_SAME_RANGE = frozenset(
    {
        *("RESHAPE", "MAX_POOL_2D", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "STRIDED_SLICE"),
        *("SLICE", "PAD", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "GATHER", "SPLIT", "UNPACK"),
    }
)
"""Ops whose output is made of values of their input: they share its range."""

FIXED_RANGE = frozenset({"SOFTMAX", "LOGISTIC", "TANH", "LOG_SOFTMAX", "L2_NORMALIZATION"})
"""Ops whose output range TFLite prescribes."""

Choose = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[float, float]]


def narrow_ranges(calibrated: bytes, samples: NDArray[np.float32], how: str) -> bytes:
    """The same calibrated model with other ranges of its activations, but the input's.

    Args:
        calibrated: a float .tflite with the least and largest value of each activation.
        samples: float32, those that it was calibrated with, samples first.
        how: "percentile" or "mse".

    Returns:
        The bytes with each range replaced.
    """
    model = bytearray(calibrated)
    quick = Quick(calibrated, keep_tensors=True)
    graph, ends = quick.graph, _ends(model)
    wanted = [
        op.outputs[0]
        for op in graph.ops
        if op.outputs[0] in ends and op.name not in _SAME_RANGE | FIXED_RANGE
    ]
    counts = {t: np.zeros(_BINS, np.int64) for t in wanted}
    for sample in samples:
        quick.run(sample)
        for t in wanted:
            low, high = float(ends[t][0][0]), float(ends[t][1][0])
            counts[t] += np.histogram(quick.tensor(t), _BINS, (low, max(high, low + 1e-9)))[0]
    choose = {"percentile": by_percentile, "mse": by_squared_error}[how]
    for t in wanted:
        _write(ends[t], *_chosen(counts[t], ends[t], choose))
    _pass_on(graph, ends)
    return bytes(model)


def _ends(model: bytearray) -> dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Tensor -> its least and largest value: arrays of one that write into the model."""
    subgraph = schema().Model.GetRootAs(model, 0).Subgraphs(0)
    found = {}
    for index in range(subgraph.TensorsLength()):
        quantization = subgraph.Tensors(index).Quantization()
        if quantization is not None and quantization.MinLength() == 1:
            found[index] = (quantization.MinAsNumpy(), quantization.MaxAsNumpy())
    return found


def _write(ends: tuple[NDArray[Any], NDArray[Any]], low: float, high: float) -> None:
    ends[0][0], ends[1][0] = low, high


def _chosen(
    count: NDArray[np.int64], ends: tuple[NDArray[Any], NDArray[Any]], choose: Choose
) -> tuple[float, float]:
    low, high = float(ends[0][0]), float(ends[1][0])
    if not high > low or not count.sum():
        return low, high
    edges = np.linspace(low, high, _BINS + 1)
    return choose(count.astype(np.float64), edges)


def _pass_on(graph: Graph, ends: dict[int, tuple[NDArray[Any], NDArray[Any]]]) -> None:
    for op in graph.ops:
        if op.name in _SAME_RANGE and op.inputs[0] in ends:
            for t in op.outputs:
                if t in ends:
                    _write(ends[t], *(float(end[0]) for end in ends[op.inputs[0]]))


def by_percentile(count: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[float, float]:
    """The range that holds 99.99 % of the values.

    An end that many values share, as a rectifier's 0 or 6, is not cut off.

    Args:
        count: values by bin.
        edges: of the bins, one more than bins.
    """
    share = np.cumsum(count) / count.sum()
    cut = (1 - _KEPT) / 2
    first = int(np.searchsorted(share, cut, side="right"))
    last = int(np.searchsorted(share, 1 - cut, side="left"))
    return float(edges[first]), float(edges[min(last, len(count) - 1) + 1])


def by_squared_error(count: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[float, float]:
    """The ends, shrunk by one factor, at which 8 bits make the least squared error.

    Args:
        count: values by bin.
        edges: of the bins, one more than bins.
    """
    middle = (edges[:-1] + edges[1:]) / 2
    low, high = min(edges[0], 0.0), max(edges[-1], 0.0)  # TFLite's ranges hold 0
    best = min(_FACTORS[::-1], key=lambda f: _squared_error(middle, count, low * f, high * f))
    return float(low * best), float(high * best)


def _squared_error(
    values: NDArray[np.float64], count: NDArray[np.float64], low: float, high: float
) -> float:
    scale = (high - low) / 255
    zero = np.rint(-low / scale)
    steps = np.clip(np.rint(values / scale) + zero, 0, 255)
    return float((count * ((steps - zero) * scale - values) ** 2).sum())
