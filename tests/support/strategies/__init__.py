"""Hypothesis strategies for every op that the compiler knows: ``OP_CASES`` by op name."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from support.op_case import OpCase
from support.strategies import (
    convolution,
    dense,
    elementwise,
    indexed,
    matmul,
    move,
    reduction,
    strided,
    tables,
    transposed,
)

OP_CASES: Mapping[str, st.SearchStrategy[OpCase]] = {
    "ABS": tables.absolutes(),
    "ADD": elementwise.adds("ADD"),
    "ARG_MAX": reduction.arg_extremes("ARG_MAX"),
    "ARG_MIN": reduction.arg_extremes("ARG_MIN"),
    "AVERAGE_POOL_2D": reduction.pools("AVERAGE_POOL_2D"),
    "BATCH_MATMUL": matmul.batch_matmuls(),
    "CONCATENATION": move.concatenations(),
    "CONV_2D": convolution.conv_2ds(),
    "DEPTHWISE_CONV_2D": convolution.depthwise_conv_2ds(),
    "DEPTH_TO_SPACE": strided.depths_and_spaces("DEPTH_TO_SPACE"),
    "DEQUANTIZE": tables.dequantizes(),
    "FULLY_CONNECTED": dense.fully_connecteds(),
    "HARD_SWISH": tables.hard_swishes(),
    "LEAKY_RELU": tables.leaky_relus(),
    "LOGISTIC": tables.logistics(),
    "MAXIMUM": elementwise.extremes("MAXIMUM"),
    "MAX_POOL_2D": reduction.pools("MAX_POOL_2D"),
    "MEAN": reduction.sums("MEAN", (2.0**-14, 2.0**33)),
    "MINIMUM": elementwise.extremes("MINIMUM"),
    "MIRROR_PAD": indexed.mirror_pads(),
    "MUL": elementwise.muls(),
    "PACK": move.packs(),
    "PAD": move.pads(),
    "PADV2": move.pads("PADV2"),
    "PRELU": elementwise.prelus(),
    "QUANTIZE": tables.quantizes(),
    "REDUCE_MAX": reduction.extremes("REDUCE_MAX"),
    "REDUCE_MIN": reduction.extremes("REDUCE_MIN"),
    "RELU": tables.relus(),
    "RELU6": tables.relu6s(),
    "RESIZE_BILINEAR": indexed.bilinears(),
    "RESIZE_NEAREST_NEIGHBOR": indexed.nearest_neighbors(),
    "SLICE": strided.slices(),
    "SOFTMAX": tables.softmaxes(),
    "SPACE_TO_DEPTH": strided.depths_and_spaces("SPACE_TO_DEPTH"),
    "SPLIT": strided.splits(),
    "SPLIT_V": strided.split_vs(),
    "STRIDED_SLICE": strided.strided_slices(),
    "SUB": elementwise.adds("SUB"),
    "SUM": reduction.sums("SUM", (2.0**-11, 2.0**20)),
    "TANH": tables.tanhs(),
    "TRANSPOSE": strided.transposes(),
    "TRANSPOSE_CONV": transposed.transpose_convs(),
    "UNPACK": strided.unpacks(),
}
