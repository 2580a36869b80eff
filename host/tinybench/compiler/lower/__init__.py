"""One op -> kernel calls. ``OPS`` is the table of what the aot engine can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinybench.compiler.lower import (
    convert,
    convolution,
    dense,
    elementwise,
    move,
    reduction,
    tables,
)
from tinybench.compiler.lower.context import Lowering
from tinybench.compiler.program import Step


@dataclass(frozen=True)
class OpSpec:
    """How an op is lowered, and the newest version of it that is understood."""

    lower: Callable[[Lowering], list[Step]]
    max_version: int


OPS: Mapping[str, OpSpec] = {
    "ADD": OpSpec(elementwise.add, 4),
    "AVERAGE_POOL_2D": OpSpec(reduction.average_pool, 3),
    "CONCATENATION": OpSpec(move.concatenation, 4),
    "CONV_2D": OpSpec(convolution.conv_2d, 8),
    "DEPTHWISE_CONV_2D": OpSpec(convolution.depthwise_conv_2d, 7),
    "DEQUANTIZE": OpSpec(convert.dequantize, 6),
    "FULLY_CONNECTED": OpSpec(dense.fully_connected, 13),
    "LOGISTIC": OpSpec(tables.logistic, 3),
    "MAX_POOL_2D": OpSpec(reduction.max_pool, 3),
    "MEAN": OpSpec(reduction.mean, 3),
    "MUL": OpSpec(elementwise.mul, 7),
    "PAD": OpSpec(move.pad, 4),
    "QUANTIZE": OpSpec(convert.quantize, 3),
    "RELU": OpSpec(tables.relu, 3),
    "RELU6": OpSpec(tables.relu6, 3),
    "SOFTMAX": OpSpec(tables.softmax, 3),
    "SUB": OpSpec(elementwise.sub, 5),
}
