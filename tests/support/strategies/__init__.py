"""Hypothesis strategies for every op that the compiler knows: ``OP_CASES`` by op name."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from support.op_case import OpCase
from support.strategies import convolution, dense, elementwise, move, reduction, tables

OP_CASES: Mapping[str, st.SearchStrategy[OpCase]] = {
    "ABS": tables.absolutes(),
    "ADD": elementwise.adds("ADD"),
    "AVERAGE_POOL_2D": reduction.pools("AVERAGE_POOL_2D"),
    "CONCATENATION": move.concatenations(),
    "CONV_2D": convolution.conv_2ds(),
    "DEPTHWISE_CONV_2D": convolution.depthwise_conv_2ds(),
    "DEQUANTIZE": tables.dequantizes(),
    "FULLY_CONNECTED": dense.fully_connecteds(),
    "HARD_SWISH": tables.hard_swishes(),
    "LEAKY_RELU": tables.leaky_relus(),
    "LOGISTIC": tables.logistics(),
    "MAX_POOL_2D": reduction.pools("MAX_POOL_2D"),
    "MAXIMUM": elementwise.extremes("MAXIMUM"),
    "MEAN": reduction.means(),
    "MINIMUM": elementwise.extremes("MINIMUM"),
    "MUL": elementwise.muls(),
    "PAD": move.pads(),
    "PRELU": elementwise.prelus(),
    "QUANTIZE": tables.quantizes(),
    "RELU": tables.relus(),
    "RELU6": tables.relu6s(),
    "SOFTMAX": tables.softmaxes(),
    "SUB": elementwise.adds("SUB"),
    "TANH": tables.tanhs(),
}
