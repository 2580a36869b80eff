"""One op -> kernel calls. ``OPS`` is the table of what the aot engine can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinybench.compiler.lower import (
    activations,
    convert,
    convolution,
    elementwise,
    indexed,
    move,
    reduction,
    strided,
    tables,
)
from tinybench.compiler.lower.context import Lowering
from tinybench.compiler.program import Step


@dataclass(frozen=True)
class OpSpec:
    """How an op is lowered.

    Attributes:
        lower: makes the kernel calls.
        max_version: the newest version of the op that is understood.
        max_inputs: None where there may be any number.
    """

    lower: Callable[[Lowering], list[Step]]
    max_version: int
    max_inputs: int | None


# lowering, newest version, most inputs
OPS: Mapping[str, OpSpec] = {
    "ABS": OpSpec(activations.absolute, 5, 1),
    "ADD": OpSpec(elementwise.add, 4, 2),
    "AVERAGE_POOL_2D": OpSpec(reduction.average_pool, 3, 1),
    "CONCATENATION": OpSpec(move.concatenation, 4, None),
    "CONV_2D": OpSpec(convolution.conv_2d, 8, 3),
    "DEPTHWISE_CONV_2D": OpSpec(convolution.depthwise_conv_2d, 7, 3),
    "DEPTH_TO_SPACE": OpSpec(strided.depth_to_space, 2, 1),
    "DEQUANTIZE": OpSpec(convert.dequantize, 6, 1),
    "FULLY_CONNECTED": OpSpec(convolution.fully_connected, 13, 3),
    "HARD_SWISH": OpSpec(activations.hard_swish, 1, 1),
    "LEAKY_RELU": OpSpec(activations.leaky_relu, 2, 1),
    "LOGISTIC": OpSpec(activations.logistic, 3, 1),
    "MAXIMUM": OpSpec(elementwise.maximum, 4, 2),
    "MAX_POOL_2D": OpSpec(reduction.max_pool, 3, 1),
    "MEAN": OpSpec(reduction.mean, 3, 2),
    "MINIMUM": OpSpec(elementwise.minimum, 4, 2),
    "MIRROR_PAD": OpSpec(indexed.mirror_pad, 3, 2),
    "MUL": OpSpec(elementwise.mul, 7, 2),
    "PACK": OpSpec(move.pack, 4, None),
    "PAD": OpSpec(move.pad, 4, 2),
    "PADV2": OpSpec(move.pad, 4, 3),
    "PRELU": OpSpec(elementwise.prelu, 1, 2),
    "QUANTIZE": OpSpec(convert.quantize, 3, 1),
    "RELU": OpSpec(tables.relu, 3, 1),
    "RELU6": OpSpec(tables.relu6, 3, 1),
    "RESIZE_NEAREST_NEIGHBOR": OpSpec(indexed.resize_nearest_neighbor, 4, 2),
    "SLICE": OpSpec(strided.slice_, 6, 3),
    "SOFTMAX": OpSpec(tables.softmax, 3, 1),
    "SPACE_TO_DEPTH": OpSpec(strided.space_to_depth, 2, 1),
    "SPLIT": OpSpec(strided.split, 4, 2),
    "SPLIT_V": OpSpec(strided.split_v, 2, 3),
    "STRIDED_SLICE": OpSpec(strided.strided_slice, 8, 4),
    "SUB": OpSpec(elementwise.sub, 5, 2),
    "TANH": OpSpec(activations.tanh, 3, 1),
    "TRANSPOSE": OpSpec(strided.transpose, 6, 2),
    "UNPACK": OpSpec(strided.unpack, 4, 1),
}
