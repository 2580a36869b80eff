"""Ops on int16 activations: the int8 cases with wider tensors, and what is different.

An int16 tensor has no zero point. Its scale is a 256th of the int8 one, so that it stands for the
same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies import (
    convolution,
    dense,
    elementwise,
    indexed,
    move,
    reduction,
    strided,
    tables,
    transposed,
)
from support.strategies.common import ratios, scales, shapes

Draw = Callable[[st.SearchStrategy[Any]], Any]

WIDER = 256
ONE = 2.0**-15  # the scale of results in Q0.15, as TFLite fixes it
_NARROW = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "PRELU")


def widened(case: OpCase) -> OpCase:
    """The same op on int16; filters and slopes stay int8, biases become int64."""
    inputs = tuple(
        tensor if case.name in _NARROW and place == 1 else _wide(tensor)
        for place, tensor in enumerate(case.inputs)
    )
    return replace(
        case,
        inputs=inputs,
        output=_wide(case.output),
        more_outputs=tuple(_wide(tensor) for tensor in case.more_outputs),
        then=case.then and widened(case.then),
    )


def _wide(tensor: Any) -> Any:
    if isinstance(tensor, Activation) and tensor.dtype == "int8":
        assert tensor.scale is not None
        return replace(tensor, dtype="int16", zero_point=0, scale=_narrower(tensor.scale))
    if isinstance(tensor, Constant) and tensor.scale is not None:
        steps = tuple(_narrower(s) for s in np.atleast_1d(tensor.scale).tolist())
        scale = steps if isinstance(tensor.scale, tuple) else steps[0]
        wide = replace(
            tensor, scale=scale, zero_point=0, low=tensor.low * 256, high=tensor.high * 256
        )
        return replace(wide, dtype="int64" if tensor.dtype == "int32" else "int16")
    return tensor


def _narrower(scale: float) -> float:
    return float(np.float32(scale / WIDER))


def _scale_of(tensor: Any) -> float:
    return float(np.max(tensor.scale))


def _with_scale(case: OpCase, least: float) -> OpCase:
    """The case with an output scale of at least that, and such that 6 is an int32."""
    assert case.output.scale is not None
    scale = float(np.float32(max(case.output.scale, least, 2.0**-28)))
    return replace(case, output=replace(case.output, scale=scale))


def _weighted(strategy: st.SearchStrategy[OpCase]) -> st.SearchStrategy[OpCase]:
    """TFLite Micro's multiplier is below 2^7 there."""

    def widen(case: OpCase) -> OpCase:
        wide = widened(case)
        source = next(tensor for tensor in wide.inputs if isinstance(tensor, Activation))
        product = _scale_of(source) * _scale_of(wide.inputs[1])
        return _with_scale(wide, product / 100)

    return strategy.map(widen)


def _products(case: OpCase) -> OpCase:
    """MUL, whose products are not scaled up."""
    wide = widened(case)
    return _with_scale(wide, _scale_of(wide.inputs[0]) * _scale_of(wide.inputs[1]) * 1.001)


def _sums(case: OpCase) -> OpCase:
    """ADD or SUB, whose sums are not scaled up."""
    wide = widened(case)
    return _with_scale(wide, max(map(_scale_of, wide.inputs)) * 2.0**-13)


def _sloped(case: OpCase) -> OpCase:
    """PRELU, whose slopes are constant."""
    a, slope = case.inputs
    if isinstance(slope, Activation):
        slope = Constant(slope.shape, "int8", slope.scale, slope.zero_point)
    if isinstance(a, Constant):
        a = Activation(a.shape, a.scale, a.zero_point)
    wide = widened(replace(case, inputs=(a, slope)))
    source, alpha = wide.inputs
    return _with_scale(wide, _scale_of(source) * max(_scale_of(alpha) * 2.0**-6, 2.0**-13))


def _rescaled(least_ratio: float) -> Callable[[OpCase], OpCase]:
    return lambda case: _with_scale(widened(case), least_ratio * _scale_of(widened(case).inputs[0]))


@st.composite
def quantizes(draw: Draw) -> OpCase:
    """QUANTIZE between scales of int16, to int8 and from it."""
    shape = draw(shapes())
    kinds = draw(st.sampled_from([("int16", "int16"), ("int16", "int8"), ("int8", "int16")]))
    zeros = [draw(st.integers(-128, 127)) if kind == "int8" else 0 for kind in kinds]
    scale = draw(scales(2.0**-18, 1.0))
    ratio = draw(st.one_of(ratios(0.25, 512.0), ratios(2.0**-13, 2.0**33)))
    source, output = (
        Activation(shape, float(np.float32(s)), zero, kind)
        for s, zero, kind in zip((scale, scale * ratio), zeros, kinds, strict=True)
    )
    return OpCase("QUANTIZE", (source,), output, version=2)


@st.composite
def sigmoidals(draw: Draw, name: str) -> OpCase:
    """LOGISTIC or TANH, from scales that see only the middle to ones that see only the ends."""
    shape = draw(shapes())
    round_ones = st.sampled_from([2.0**-12, 2.0**-11])
    scale = draw(st.one_of(round_ones, scales(2.0**-30, 2.5), scales(2.0**-14, 2.0**-9)))
    source = Activation(shape, scale, dtype="int16")
    return OpCase(name, (source,), Activation(shape, ONE, dtype="int16"), version=2)


@st.composite
def softmaxes(draw: Draw) -> OpCase:
    """SOFTMAX of rows of any length."""
    depth = draw(st.one_of(st.integers(1, 20), st.integers(1, 900)))
    shape = (*draw(shapes(0, 2)), depth)
    scale = draw(st.one_of(scales(2.0**-24, 0.75), scales(2.0**-14, 2.0**-8)))
    source = Activation(shape, scale, dtype="int16")
    output = Activation(shape, ONE, dtype="int16")
    options = {"beta": draw(st.sampled_from([1.0, 1.0, 0.5, 3.0, 0.0]))}
    return OpCase("SOFTMAX", (source,), output, version=2, options=options)


@st.composite
def relu6s(draw: Draw) -> OpCase:
    """RELU6; 6 must be a number that int16 holds."""
    source = Activation(draw(shapes()), draw(scales(2.0**-12, 1.0)), dtype="int16")
    return OpCase("RELU6", (source,), source, version=2)


def _zero_border(case: OpCase) -> OpCase:
    wide = widened(case)
    return replace(wide, inputs=(*wide.inputs[:2], replace(wide.inputs[2], values=(0,))))


INT16_CASES: Mapping[str, st.SearchStrategy[OpCase]] = {
    "ADD": elementwise.adds("ADD").map(_sums),
    "AVERAGE_POOL_2D": reduction.pools("AVERAGE_POOL_2D").map(widened),
    "CONCATENATION": move.concatenations().map(widened),
    "CONV_2D": _weighted(convolution.conv_2ds()),
    "DEPTHWISE_CONV_2D": _weighted(convolution.depthwise_conv_2ds()),
    "FULLY_CONNECTED": _weighted(dense.fully_connecteds()),
    "LEAKY_RELU": tables.leaky_relus().map(_rescaled(2.0**-12)),
    "LOGISTIC": sigmoidals("LOGISTIC"),
    "MAXIMUM": elementwise.extremes("MAXIMUM").map(widened),
    "MAX_POOL_2D": reduction.pools("MAX_POOL_2D").map(widened),
    "MEAN": reduction.sums("MEAN", (2.0**-6, 2.0**33)).map(widened),
    "MINIMUM": elementwise.extremes("MINIMUM").map(widened),
    "MUL": elementwise.muls().map(_products),
    "PACK": move.packs().map(widened),
    "PAD": move.pads().map(widened),
    "PADV2": move.pads("PADV2").map(_zero_border),
    "PRELU": elementwise.prelus().map(_sloped),
    "QUANTIZE": quantizes(),
    "RELU": tables.relus().map(_rescaled(2.0**-13)),
    "RELU6": relu6s(),
    "RESIZE_NEAREST_NEIGHBOR": indexed.nearest_neighbors().map(widened),
    "SLICE": strided.slices().map(widened),
    "SOFTMAX": softmaxes(),
    "SPLIT": strided.splits().map(widened),
    "SPLIT_V": strided.split_vs().map(widened),
    "STRIDED_SLICE": strided.strided_slices().map(widened),
    "SUB": elementwise.adds("SUB").map(_sums),
    "SUM": reduction.sums("SUM", (2.0**-3, 2.0**20)).map(widened),
    "TANH": sigmoidals("TANH"),
    "TRANSPOSE": strided.transposes().map(widened),
    "TRANSPOSE_CONV": _weighted(transposed.transpose_convs()),
    "UNPACK": strided.unpacks().map(widened),
}
