"""Pools, MEAN, SUM, the largest, the smallest and where they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import (
    FUSED,
    images,
    ratios,
    scales,
    shapes,
    window_size,
    zero_points,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def pools(draw: Draw, name: str) -> OpCase:
    """Any window and stride; input and output share their quantization."""
    shape = draw(images())
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    most = shape[1:3] if padding == "VALID" else (10, 10)
    window = [draw(st.integers(1, size)) for size in most]
    strides = [draw(st.integers(1, 4)) for _ in most]
    options = {
        "padding": padding,
        "stride_h": strides[0],
        "stride_w": strides[1],
        "filter_height": window[0],
        "filter_width": window[1],
        "fused_activation_function": draw(FUSED),
    }
    sides = [window_size(shape[1 + i], window[i], strides[i], 1, padding) for i in (0, 1)]
    source = Activation(shape, draw(scales()), draw(zero_points()))
    output = Activation((1, *sides, shape[3]), source.scale, source.zero_point)
    return OpCase(name, (source,), output, version=2, options=options)


@st.composite
def sums(draw: Draw, name: str, spread: tuple[float, float]) -> OpCase:
    """MEAN or SUM, with output scales from ``spread`` times the input's."""
    source, axis, kept, options = draw(_reductions())
    assert source.scale is not None
    ratio = draw(st.one_of(ratios(0.1, 1.0), ratios(*spread)))
    output = Activation(kept, float(np.float32(source.scale * ratio)), draw(zero_points()))
    return OpCase(name, (source, axis), output, version=2, options=options)


@st.composite
def extremes(draw: Draw, name: str) -> OpCase:
    """REDUCE_MAX or REDUCE_MIN."""
    source, axis, kept, options = draw(_reductions())
    output = replace(source, shape=kept)
    return OpCase(name, (source, axis), output, version=2, options=options)


@st.composite
def arg_extremes(draw: Draw, name: str) -> OpCase:
    """ARG_MAX or ARG_MIN along one axis, also counted from the end."""
    source = Activation(draw(shapes()), draw(scales()), draw(zero_points()))
    axis = draw(st.integers(0, len(source.shape) - 1))
    kept = (*source.shape[:axis], *source.shape[axis + 1 :])
    written = axis - len(source.shape) if draw(st.booleans()) else axis
    constant = Constant((), "int32", values=(written,))
    options = {"output_type": "INT32"}
    output = Activation(kept, dtype="int32")
    return OpCase(name, (source, constant), output, version=2, options=options)


@st.composite
def _reductions(draw: Draw) -> tuple[Activation, Constant, tuple[int, ...], dict[str, Any]]:
    """Source, axes, output shape, options: one axis or several neighbours, kept or not."""
    shape = draw(shapes())
    first = draw(st.integers(0, len(shape) - 1))
    last = draw(st.integers(first, len(shape) - 1))
    axes = draw(st.permutations(range(first, last + 1)))
    keep = draw(st.booleans())
    kept = tuple(
        1 if first <= i <= last else size
        for i, size in enumerate(shape)
        if keep or not first <= i <= last
    )
    written = tuple(a - len(shape) if draw(st.booleans()) else a for a in axes)
    source = Activation(shape, draw(scales()), draw(zero_points()))
    axis = Constant((len(written),), "int32", values=written)
    return source, axis, kept, {"keep_dims": keep}
