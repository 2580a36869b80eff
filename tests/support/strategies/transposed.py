"""TRANSPOSE_CONV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import (
    FUSED,
    fills,
    images,
    scales,
    seeds,
    window_size,
    zero_points,
)
from support.strategies.convolution import MAX_BIAS, filter_scales, output_scales

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def transpose_convs(draw: Draw) -> OpCase:
    """Any window, stride, padding and fused activation; the output is drawn first."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    strides = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    _, height, width, channels = draw(images())
    out = max(height, kernel[0]), max(width, kernel[1])
    in_c = draw(st.integers(1, 6))
    rows, columns = (
        window_size(size, k, s, 1, padding) for size, k, s in zip(out, kernel, strides, strict=True)
    )
    in_scale, filter_scale = draw(scales()), draw(filter_scales(channels))
    bias_scale = tuple(in_scale * s for s in np.broadcast_to(filter_scale, channels).tolist())
    bias = Constant(
        (channels,), "int32", bias_scale, low=-MAX_BIAS, high=MAX_BIAS, seed=draw(seeds())
    )
    inputs = (
        Constant((4,), "int32", values=(1, *out, channels)),
        Constant(
            (channels, *kernel, in_c), scale=filter_scale, fill=draw(fills()), seed=draw(seeds())
        ),
        Activation((1, rows, columns, in_c), in_scale, draw(zero_points())),
        *draw(st.sampled_from([(bias,), ()])),
    )
    taps = kernel[0] * kernel[1] * in_c
    out_scale = draw(output_scales(in_scale * float(np.max(filter_scale)), taps))
    return OpCase(
        "TRANSPOSE_CONV",
        inputs,
        Activation((1, *out, channels), out_scale, draw(zero_points())),
        version=4,
        options={
            "padding": padding,
            "stride_h": strides[0],
            "stride_w": strides[1],
            "fused_activation_function": draw(FUSED),
        },
    )
