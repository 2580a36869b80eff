"""CONV_2D and DEPTHWISE_CONV_2D, alone and behind a PAD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import (
    FUSED,
    fills,
    ratios,
    scales,
    seeds,
    window_size,
    zero_points,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]

MAX_BIAS = 1 << 20

# Kernels block over channels, pixels and bytes of a run: sizes on both sides of their limits.
_CHANNELS = st.one_of(st.integers(1, 6), st.integers(1, 40))
_SIDES = st.one_of(st.integers(1, 9), st.integers(1, 9), st.integers(10, 24))
_WINDOWS = st.one_of(
    st.sampled_from([(1, 1), (3, 3), (5, 5), (10, 4), (17, 1), (1, 17), (2, 9)]),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
_SQUARES = st.sampled_from([(3, 3), (5, 5)])


@st.composite
def conv_2ds(draw: Draw, paddings: tuple[str, ...] = ("SAME", "VALID")) -> OpCase:
    """Any window, stride, dilation, number of groups and fused activation."""
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    group_in, group_out = draw(_CHANNELS), draw(_CHANNELS)
    kernel = draw(_WINDOWS)
    options = draw(_options(paddings))
    shape = (1, *_sides(draw, kernel, options), groups * group_in)
    filter_shape = (groups * group_out, *kernel, group_in)
    return _convolution(draw, "CONV_2D", shape, filter_shape, 0, options)


@st.composite
def depthwise_conv_2ds(draw: Draw, paddings: tuple[str, ...] = ("SAME", "VALID")) -> OpCase:
    """Any window, stride, dilation, multiplier and fused activation."""
    multiplier = draw(st.sampled_from([1, 1, 2, 3, 8]))
    kernel = draw(st.one_of(_SQUARES, _SQUARES, _WINDOWS))
    options = {**draw(_options(paddings)), "depth_multiplier": multiplier}
    channels = draw(st.one_of(st.integers(1, 6), st.integers(4, 14)))
    shape = (1, *_sides(draw, kernel, options), channels)
    filter_shape = (1, *kernel, shape[3] * multiplier)
    return _convolution(draw, "DEPTHWISE_CONV_2D", shape, filter_shape, 3, options)


@st.composite
def padded(draw: Draw, name: str) -> OpCase:
    """A PAD in front of a VALID convolution, narrower or wider than its window.

    Args:
        draw: hypothesis's.
        name: "CONV_2D" or "DEPTHWISE_CONV_2D".
    """
    make = {"CONV_2D": conv_2ds, "DEPTHWISE_CONV_2D": depthwise_conv_2ds}[name]
    convolution = draw(make(("VALID",)))
    inner = convolution.inputs[0]
    top, bottom, left, right = (draw(st.sampled_from([0, 1, 1, 2, 5])) for _ in range(4))
    top, left = min(top, inner.shape[1] - 1), min(left, inner.shape[2] - 1)
    bottom, right = min(bottom, inner.shape[1] - 1 - top), min(right, inner.shape[2] - 1 - left)
    height, width = inner.shape[1] - top - bottom, inner.shape[2] - left - right
    source = replace(inner, shape=(1, height, width, inner.shape[3]))
    paddings = Constant((4, 2), "int32", values=(0, 0, top, bottom, left, right, 0, 0))
    return OpCase("PAD", (source, paddings), inner, then=convolution)


@st.composite
def _options(draw: Draw, paddings: tuple[str, ...]) -> dict[str, Any]:
    """Strides and dilations, alike in both directions or not."""
    stride, dilation = draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 1, 2, 3]))
    odd = draw(st.sampled_from([False, False, True]))
    return {
        "padding": draw(st.sampled_from(paddings)),
        "stride_h": stride,
        "stride_w": draw(st.integers(1, 3)) if odd else stride,
        "dilation_h_factor": dilation,
        "dilation_w_factor": draw(st.integers(1, 3)) if odd else dilation,
        "fused_activation_function": draw(FUSED),
    }


def _sides(draw: Draw, kernel: tuple[int, int], options: dict[str, Any]) -> tuple[int, int]:
    """Height and width of an image that holds the window where it must."""
    dilations = options["dilation_h_factor"], options["dilation_w_factor"]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    least = reach if options["padding"] == "VALID" else [1, 1]
    return max(draw(_SIDES), least[0]), max(draw(_SIDES), least[1])


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
    channels = filter_shape[axis]
    taps = int(np.prod(filter_shape)) // channels
    in_scale = draw(scales())
    filter_scale = draw(filter_scales(channels))
    bias_scale = tuple(in_scale * s for s in np.broadcast_to(filter_scale, channels).tolist())
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
    odd = np.array([1.0] * 6 + [0.37, 2.0**-9, 2.0**-33, 0.0])
    factors = np.random.default_rng(draw(seeds())).choice(odd, channels)
    return tuple(float(np.float32(base * f)) for f in factors)


def output_scales(product: float, taps: int) -> st.SearchStrategy[float]:
    """Scales that use the output's range well, or far too much or too little of it.

    The largest accumulator times the multiplier stays within int32: beyond, TFLite Micro's own
    arithmetic is undefined. So does 6 divided by the scale: beyond, it refuses the model.
    """
    largest = taps * 255 * 128 + MAX_BIAS
    usual = ratios(2.0**-4, 2.0**4).map(lambda r: product * r * (taps * 2000) ** 0.5)
    extreme = ratios(largest / 2.0**30, 2.0**30).map(lambda r: product * r)
    return st.one_of(usual, usual, usual, extreme).map(
        lambda s: float(np.float32(max(s, product * largest / 2.0**30, 1e-8)))
    )
