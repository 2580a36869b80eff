"""CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED of int16x8 models."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import INT32_MAX, Multiplier, top16
from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower import packing
from tinybench.compiler.lower.context import (
    Lowering,
    Unsupported,
    bias_values,
    channel_multipliers,
    filter_scales,
)
from tinybench.compiler.lower.convolution import (
    conv_shape,
    dense_shape,
    depthwise_shape,
    is_one_run,
    transpose_conv_shape,
)
from tinybench.compiler.program import Step
from tinybench.compiler.window import Window

CHUNK = 256  # products of 23 bits whose sum fits 32 bits, whatever they are
SUM_BITS = 47  # of a sum that TFLite Micro can scale
MAX_SHIFT = 7  # of its multiplier
_LARGEST = 1 << 15  # an input's magnitude


class _Weights(NamedTuple):
    """int8 filters (channels, taps), int64 biases (channels,), a multiplier per channel."""

    filters: NDArray[np.int8]
    bias: NDArray[np.int64]
    multipliers: list[Multiplier]

    def largest_sum(self) -> int:
        """Of any channel, over all inputs, without the bias."""
        return int(np.abs(self.filters.astype(np.int64)).sum(axis=1).max()) * _LARGEST

    def scale_fields(self) -> dict[str, Value]:
        """Multipliers of 15 bits and right shifts, see tb_scale16.h."""
        values = [top16(m.value) for m in self.multipliers]
        shifts = [15 - m.shift for m in self.multipliers]
        return {
            "multiplier": ConstArray("multiplier", np.array(values, np.int32)),
            "shift": ConstArray("shift", np.array(shifts, np.int8)),
        }


def conv_2d(lowering: Lowering) -> list[Step]:
    """CONV_2D (ConvPerChannel() in reference/integer_ops/conv.h)."""
    filters, window, groups = conv_shape(lowering)
    weights = _weights(lowering, filters.reshape(window.out_c, -1), axis=0)
    return [_convolution(lowering, weights, window, groups)]


def fully_connected(lowering: Lowering) -> list[Step]:
    """FULLY_CONNECTED: a 1x1 convolution over a row of pixels."""
    filters, window = dense_shape(lowering)
    step = _convolution(lowering, _weights(lowering, filters, axis=0), window, 1)
    return [replace(step, window=None)]


def depthwise_conv_2d(lowering: Lowering) -> list[Step]:
    """DEPTHWISE_CONV_2D (DepthwiseConvPerChannel() in integer_ops/depthwise_conv.h)."""
    filters, window = depthwise_shape(lowering)
    taps = np.ascontiguousarray(filters.reshape(-1, window.out_c).T)
    weights = _weights(lowering, taps, axis=3)
    if weights.largest_sum() > INT32_MAX:
        raise Unsupported(f"a window of {filters.shape[1:3]}, whose sums do not fit 32 bits")
    low, high = _limits(lowering)
    fields: dict[str, Value] = {
        "window": window,
        "depth_multiplier": window.out_c // window.in_c,
        "act_min": low,
        "act_max": high,
        "filter": ConstArray("filter", weights.filters),
        "bias": ConstArray("bias", weights.bias),
        **weights.scale_fields(),
    }
    macs = window.out_h * window.out_w * filters.size
    return [windowed(lowering, "tb_depthwise16", fields, window, macs)]


def transpose_conv(lowering: Lowering) -> list[Step]:
    """TRANSPOSE_CONV (TransposeConv() in reference/integer_ops/transpose_conv.h)."""
    filters, window = transpose_conv_shape(lowering)
    of_a_tap = np.abs(filters.astype(np.int64)).sum(axis=3).max()
    if int(of_a_tap) * _LARGEST > INT32_MAX:
        raise Unsupported(f"{filters.shape[3]} channels, whose sums do not fit 32 bits")
    weights = _weights(lowering, filters.reshape(window.in_c, -1), 0, source=2, bias=3)
    low, high = _limits(lowering)
    fields: dict[str, Value] = {
        "window": window,
        "act_min": low,
        "act_max": high,
        "filter": ConstArray("filter", weights.filters),
        "bias": ConstArray("bias", weights.bias),
        **weights.scale_fields(),
    }
    macs = window.out_h * window.out_w * filters.size
    source = lowering.input(2).index
    return [lowering.step("tb_transpose_conv16", fields, (source,), macs=macs)]


def windowed(
    lowering: Lowering, function: str, fields: dict[str, Value], window: Window, macs: int = 0
) -> Step:
    """A call of a kernel that makes rows of int16; its window in the plan counts bytes."""
    rows = window._replace(in_c=2 * window.in_c, out_c=2 * window.out_c)
    step = lowering.step(function, fields, (lowering.input(0).index,), macs=macs, window=rows)
    return replace(step, alone=True)


def _convolution(lowering: Lowering, weights: _Weights, window: Window, groups: int) -> Step:
    one_run = is_one_run(window, groups)
    first, last = (0, window.out_w) if window.is_pointwise() else window.inner_columns()
    low, high = _limits(lowering)
    fields: dict[str, Value] = {
        "window": window,
        "group_in": window.in_c // groups,
        "group_out": window.out_c // groups,
        "pieces": 1 if one_run else window.kernel_w,
        "chunk": INT32_MAX if weights.largest_sum() <= INT32_MAX else CHUNK,
        "inner_first": first,
        "inner_last": last,
        "act_min": low,
        "act_max": high,
        "filter": ConstArray("filter", packing.pack_blocks(weights.filters, groups)),
        "bias": ConstArray("bias", packing.pad_bias(weights.bias, groups)),
        **weights.scale_fields(),
    }
    macs = window.out_h * window.out_w * weights.filters.size
    return windowed(lowering, "tb_conv2d16", fields, window, macs)


def _limits(lowering: Lowering) -> tuple[int, int]:
    return lowering.activation(lowering.int16_scale(lowering.output))


def _weights(
    lowering: Lowering, filters: NDArray[np.int8], axis: int, *, source: int = 0, bias: int = 2
) -> _Weights:
    """What the op multiplies with.

    Source: PopulateConvolutionQuantizationParams() in kernel_util.cc and
    MultiplyByQuantizedMultiplier(int64_t) in common.cc.

    Args:
        lowering: the op.
        filters: (channels, taps).
        axis: of the output channels in the file's filter.
        source, bias: positions of these inputs.

    Raises:
        Unsupported: sums or multipliers beyond what TFLite Micro can scale.
    """
    in_scale = lowering.int16_scale(lowering.input(source))
    out_scale = lowering.int16_scale(lowering.output)
    channels = len(filters)
    if lowering.option("quantized_bias_type", "") == "INT32":
        raise Unsupported("sums of 32 bits, 64 are needed")
    scales = filter_scales(lowering.input(1), axis)
    multipliers = channel_multipliers(in_scale, scales, out_scale, channels)
    if any(m.shift > MAX_SHIFT for m in multipliers):
        raise Unsupported(f"a multiplier of 2^{MAX_SHIFT} or more between scales")
    weights = _Weights(filters, bias_values(lowering, bias, channels, "int64"), multipliers)
    most = max(abs(int(b)) for b in weights.bias.tolist()) + weights.largest_sum()
    if most >= 1 << SUM_BITS:
        raise Unsupported(f"sums up to {most}, {SUM_BITS} bits can be scaled")
    return weights
