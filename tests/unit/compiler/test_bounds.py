"""Models of odd proportions compile in seconds: work grows with rows and ops, not with bytes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from support.tflite_builder import ModelBuilder
from tinybench.compiler import compile_graph
from tinybench.compiler.check import MAX_OPS
from tinybench.model.read import parse_tflite

SECONDS = 30  # of processor time; a second or two are usual


def stack(depth: int, shape: tuple[int, int, int, int]) -> bytes:
    """DEPTHWISE_CONV_2Ds on top of each other."""
    b = ModelBuilder()
    x = b.input(shape, 0.1)
    filters = b.const(np.ones((1, 3, 3, shape[3]), np.int8), 0.1)
    for _ in range(depth):
        y = b.tensor(shape, 0.1)
        b.op(
            "DEPTHWISE_CONV_2D",
            [x, filters],
            [y],
            padding="SAME",
            stride_h=1,
            stride_w=1,
            depth_multiplier=1,
        )
        x = y
    return b.finish(outputs=[x])


def relus(count: int) -> bytes:
    b = ModelBuilder()
    x = b.input((1, 4), 0.1)
    for number in range(count):
        y = b.tensor((1, 4), 0.1 + number / 1000)
        b.op("RELU", [x], [y])
        x = y
    return b.finish(outputs=[x])


@pytest.mark.parametrize(
    "model",
    [stack(10, (1, 40000, 1, 4)), stack(10, (1, 1000, 1000, 4)), relus(MAX_OPS // 4)],
    ids=["tall", "large", "many"],
)
def test_compiling_takes_seconds(model: bytes) -> None:
    graph = parse_tflite(model)
    start = time.process_time()
    compile_graph(graph)
    assert time.process_time() - start < SECONDS
