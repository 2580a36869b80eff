"""CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import (
    FUSED,
    fills,
    images,
    ratios,
    scales,
    seeds,
    window_size,
    zero_points,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]

MAX_BIAS = 1 << 20


@st.composite
def conv_2ds(draw: Draw) -> OpCase:
    """Any window, stride, dilation, number of groups and fused activation."""
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    group_in, group_out = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    _, height, width, _ = draw(images())
    options, kernel = draw(_windows())
    filter_shape = (groups * group_out, *kernel, group_in)
    return _convolution(
        draw, "CONV_2D", (1, height, width, groups * group_in), filter_shape, 0, options
    )


@st.composite
def depthwise_conv_2ds(draw: Draw) -> OpCase:
    """Any window, stride, dilation, multiplier and fused activation."""
    shape = draw(images())
    multiplier = draw(st.sampled_from([1, 1, 2, 3, 8]))
    options, kernel = draw(_windows())
    options["depth_multiplier"] = multiplier
    filter_shape = (1, *kernel, shape[3] * multiplier)
    return _convolution(draw, "DEPTHWISE_CONV_2D", shape, filter_shape, 3, options)


@st.composite
def _windows(draw: Draw) -> tuple[dict[str, Any], tuple[int, int]]:
    dilated = draw(st.booleans())
    options = {
        "padding": draw(st.sampled_from(["SAME", "VALID"])),
        "stride_h": draw(st.integers(1, 3)),
        "stride_w": draw(st.integers(1, 3)),
        "dilation_h_factor": draw(st.integers(1, 3)) if dilated else 1,
        "dilation_w_factor": draw(st.integers(1, 3)) if dilated else 1,
        "fused_activation_function": draw(FUSED),
    }
    return options, (draw(st.integers(1, 5)), draw(st.integers(1, 5)))


def _convolution(
    draw: Draw,
    name: str,
    shape: tuple[int, ...],
    filter_shape: tuple[int, ...],
    axis: int,
    options: dict[str, Any],
) -> OpCase:
    out_h, out_w = (
        window_size(
            shape[1 + i],
            filter_shape[1 + i],
            options[f"stride_{side}"],
            options[f"dilation_{side}_factor"],
            options["padding"],
        )
        for i, side in enumerate("hw")
    )
    assume(out_h > 0 and out_w > 0)
    channels = filter_shape[axis]
    taps = int(np.prod(filter_shape)) // channels if axis == 0 else int(np.prod(filter_shape[1:3]))
    in_scale = draw(scales())
    filter_scale = draw(filter_scales(channels))
    bias_scale = tuple(in_scale * s for s in np.broadcast_to(filter_scale, channels))
    bias = Constant(
        (channels,), "int32", bias_scale, low=-MAX_BIAS, high=MAX_BIAS, seed=draw(seeds())
    )
    inputs = (
        Activation(shape, in_scale, draw(zero_points())),
        Constant(
            filter_shape, scale=filter_scale, axis=axis, fill=draw(fills()), seed=draw(seeds())
        ),
        *draw(st.sampled_from([(bias,), (bias,), ()])),
    )
    out_scale = draw(output_scales(in_scale * float(np.max(filter_scale)), taps))
    output = Activation((1, out_h, out_w, channels), out_scale, draw(zero_points()))
    return OpCase(name, inputs, output, version=3, options=options)


@st.composite
def filter_scales(draw: Draw, channels: int) -> float | tuple[float, ...]:
    """One scale, or one per channel; a few of them far off or zero."""
    base = draw(scales(2.0**-12, 0.5))
    if draw(st.booleans()):
        return base
    odd = st.sampled_from([1.0] * 6 + [0.37, 2.0**-9, 2.0**-33, 0.0])
    factors = draw(st.lists(odd, min_size=channels, max_size=channels))
    return tuple(float(np.float32(base * f)) for f in factors)


def output_scales(product: float, taps: int) -> st.SearchStrategy[float]:
    """Scales that use the output's range well, or far too much or too little of it.

    The largest accumulator times the multiplier stays within int32: beyond, TFLite Micro's own
    arithmetic is undefined.
    """
    largest = taps * 255 * 128 + MAX_BIAS
    usual = ratios(2.0**-4, 2.0**4).map(lambda r: product * r * (taps * 2000) ** 0.5)
    extreme = ratios(largest / 2.0**30, 2.0**30).map(lambda r: product * r)
    return st.one_of(usual, usual, usual, extreme).map(
        lambda s: float(np.float32(max(s, product * largest / 2.0**30, 1e-30)))
    )
