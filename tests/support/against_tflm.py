"""The one question most compiler tests ask: does the compiled model equal TFLM, byte for byte?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.host_build import HostModel
from tinybench.compiler import Program, Target, compile_graph
from tinybench.compiler.compile import PORTABLE
from tinybench.model.graph import Graph, Tensor
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import parse_tflite

Array = NDArray[Any]

needs_tflm = pytest.mark.skipif(available() is not None, reason=str(available()))


def check_same_bytes(
    model: bytes,
    samples: Sequence[Sequence[Array]] | None = None,
    seed: int = 0,
    target: Target = PORTABLE,
) -> Program:
    """Compiles a model, runs it here and in TFLM, and demands equal outputs.

    Args:
        model: the .tflite file.
        samples: inputs of each inference; :func:`make_samples` where None.
        seed: of the samples that are made.
        target: what it is compiled for.

    Returns:
        The compiled program, for further questions.
    """
    graph = parse_tflite(model)
    program = compile_graph(graph, target)
    if samples is None:
        samples = make_samples(graph, seed)
    with HostModel(program) as host:
        ours = host.run(samples)
    tflm = TflmRunner(model)
    try:
        for number, (sample, outputs) in enumerate(zip(samples, ours, strict=True)):
            for place, (got, wanted) in enumerate(zip(outputs, tflm.run(sample), strict=True)):
                _demand_equal(got, wanted, f"sample {number}, output {place}")
    finally:
        tflm.close()
    return program


def make_samples(graph: Graph, seed: int) -> list[list[Array]]:
    """Inputs that reach the ends: all smallest, all largest, a mixture of both, random ones."""
    rng = np.random.default_rng(seed)
    tensors = [graph.tensors[i] for i in graph.inputs]
    makers = (_smallest, _largest, _either_end, _anything, _anything)
    return [[make(tensor, rng) for tensor in tensors] for make in makers]


def _limits(tensor: Tensor) -> tuple[float, float]:
    if tensor.dtype == "float32":
        return -20.0, 20.0
    return float(np.iinfo(tensor.dtype).min), float(np.iinfo(tensor.dtype).max)


def _smallest(tensor: Tensor, rng: np.random.Generator) -> Array:
    return np.full(tensor.shape, _limits(tensor)[0], tensor.dtype)


def _largest(tensor: Tensor, rng: np.random.Generator) -> Array:
    return np.full(tensor.shape, _limits(tensor)[1], tensor.dtype)


def _either_end(tensor: Tensor, rng: np.random.Generator) -> Array:
    return rng.choice(np.array(_limits(tensor), tensor.dtype), tensor.shape)


def _anything(tensor: Tensor, rng: np.random.Generator) -> Array:
    low, high = _limits(tensor)
    if tensor.dtype == "float32":
        return rng.uniform(low, high, tensor.shape).astype(np.float32)
    return rng.integers(int(low), int(high) + 1, tensor.shape).astype(tensor.dtype)


def _demand_equal(got: Array, wanted: Array, where: str) -> None:
    assert got.dtype == wanted.dtype, where
    got = got.reshape(wanted.shape)
    if got.tobytes() == wanted.tobytes():
        return
    wrong = np.argwhere(got != wanted)
    first = tuple(int(i) for i in wrong[0]) if len(wrong) else ()
    raise AssertionError(
        f"{where}: {len(wrong)} of {wanted.size} differ, first at {first}: "
        f"{got[first]} instead of {wanted[first]}"
    )
