"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import Multiplier, quantize_multiplier
from tinybench.compiler.lower import packing
from tinybench.compiler.lower.context import (
    Lowering,
    Scale,
    Unsupported,
    bias_values,
    channel_multipliers,
    filter_scales,
)
from tinybench.compiler.lower.window import window_of
from tinybench.compiler.program import ConstArray, Step, Value, Window

ROW_PIXELS = (24, 65)  # widths of rows into which a pointwise convolution is cut, range()


@dataclass(frozen=True)
class _Weights:
    """What a weighted op multiplies with.

    Attributes:
        filters: int8 (channels, taps), taps in the order of the image.
        bias: int32 (channels,).
        multipliers: one per channel.
        zero: the input's zero point.
        shifts: as tb_scale() wants them.
    """

    filters: NDArray[np.int8]
    bias: NDArray[np.int32]
    multipliers: list[Multiplier]
    zero: int
    shifts: list[int]

    def folded_bias(self) -> NDArray[np.int32]:
        """The bias with the input's zero point in it."""
        folded = packing.fold_bias(self.bias, self.filters, self.zero)
        return np.array(folded, np.int32)

    def scale_fields(self) -> dict[str, Value]:
        """Multiplier and stored shift per channel."""
        values = [m.value for m in self.multipliers]
        return {
            "multiplier": ConstArray("multiplier", np.array(values, np.int32)),
            "shift": ConstArray("shift", np.array(self.shifts, np.int8)),
        }


def _weights(
    filters: NDArray[np.int8],
    bias: NDArray[np.int32],
    multipliers: list[Multiplier],
    zero: int,
    limits: packing.OutputLimits,
) -> _Weights:
    """Channels that give the same for every input lose their weights; see _Weights."""
    filters, bias, multipliers = filters.copy(), bias.copy(), list(multipliers)
    shifts: list[int] = []
    for c, m in enumerate(multipliers):
        reach = packing.sum_range(int(bias[c]), filters[c], zero)
        value = packing.constant_output(reach, m, limits)
        if value is not None:
            filters[c] = 0
            bias[c], multipliers[c] = packing.constant_channel(value, limits)
            reach = int(bias[c]), int(bias[c])
        shifts.append(packing.stored_shift(multipliers[c], max(-reach[0], reach[1])))
    return _Weights(filters, bias, multipliers, zero, shifts)


def _limits(lowering: Lowering, out: Scale) -> packing.OutputLimits:
    return packing.OutputLimits(out.zero, *lowering.activation(out))


def _output_fields(limits: packing.OutputLimits) -> dict[str, Value]:
    return {"out_offset": limits.zero, "act_min": limits.low, "act_max": limits.high}


def _dilation(lowering: Lowering) -> tuple[int, int]:
    return (
        int(lowering.option("dilation_h_factor", 1)),
        int(lowering.option("dilation_w_factor", 1)),
    )


def conv_2d(lowering: Lowering) -> list[Step]:
    """Filter [out_c, h, w, in_c / groups]; groups follow from the depths."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    filters = lowering.constant(1, "int8")
    if filters.ndim != 4:
        raise Unsupported(f"filter of shape {filters.shape}")
    channels, height, width, group_in = filters.shape
    window = window_of(lowering, (height, width), _dilation(lowering))
    if window.is_pointwise():
        window = _rows_of_pixels(window)
    groups = window.in_c // max(group_in, 1)
    if window.out_c != channels or group_in * groups != window.in_c or channels % max(groups, 1):
        raise Unsupported(f"filter {filters.shape} for {window.in_c} -> {window.out_c} channels")
    scales = filter_scales(lowering.input(1), 0)
    limits = _limits(lowering, out_scale)
    weights = _weights(
        filters.reshape(channels, -1),
        bias_values(lowering, 2, channels),
        channel_multipliers(in_scale, scales, out_scale, channels),
        in_scale.zero,
        limits,
    )
    fields = {
        **_window_fields(window, groups),
        **_output_fields(limits),
        **_conv_constants(weights, window, groups),
    }
    macs = window.out_h * window.out_w * filters.size
    return [lowering.step("tb_conv2d", fields, (source.index,), macs=macs, window=window)]


def _window_fields(window: Window, groups: int) -> dict[str, Value]:
    """The window, and in which columns a filter row is one run of bytes."""
    group_in = window.in_c // groups
    one_run = window.kernel_w == 1 or (groups == 1 and window.dilation_w == 1)
    first, last = window.inner_columns() if one_run else (0, 0)
    if window.is_pointwise():
        first, last = 0, window.out_w
    return {
        "window": window,
        "group_in": group_in,
        "group_out": window.out_c // groups,
        "run": window.kernel_w * group_in,
        "inner_first": first,
        "inner_last": last,
    }


def _rows_of_pixels(window: Window) -> Window:
    """A pointwise window over rows of another width: its pixels have no neighbours.

    Rows of some dozens of pixels, few of them left over where the kernel takes three at a time.
    """
    pixels = window.in_h * window.in_w
    widths = [w for w in range(*ROW_PIXELS) if pixels % w == 0] or [pixels]
    width = min(widths, key=lambda w: (w % 3 / w, w))
    rows = pixels // width
    return window._replace(in_h=rows, in_w=width, out_h=rows, out_w=width)


def _conv_constants(weights: _Weights, window: Window, groups: int) -> dict[str, Value]:
    outside = 1 if window.stays_inside() else window.kernel_w * window.in_c // groups
    return {
        "filter": ConstArray("filter", packing.pack_blocks(weights.filters, groups)),
        "bias": ConstArray("bias", packing.pad_bias(weights.folded_bias(), groups)),
        **weights.scale_fields(),
        "blank": packing.blank(weights.zero, outside),
    }


def fully_connected(lowering: Lowering) -> list[Step]:
    """Rows of the input's last dimension times a constant filter [units, depth].

    A 1x1 convolution over a row of pixels, but for the multiplier: per channel in double, per
    tensor with the product of scales in float32.

    Source: CalculateOpDataFullyConnected() in fully_connected_common.cc and
    GetQuantizedConvolutionMultipler() in kernel_util.cc.
    """
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    filters = lowering.constant(1, "int8")
    if filters.ndim != 2:
        raise Unsupported(f"filter of shape {filters.shape}")
    if lowering.option("weights_format", "DEFAULT") != "DEFAULT":
        raise Unsupported(f"weights format {lowering.option('weights_format', '')}")
    units, depth = filters.shape
    if depth == 0 or units == 0 or source.elements % depth:
        raise Unsupported(f"input {source.shape} does not fit filter {filters.shape}")
    rows = source.elements // depth
    if out.elements != rows * units or out.shape[-1:] != (units,):
        raise Unsupported(f"output {out.shape} is not {rows} rows of {units}")
    scales = filter_scales(lowering.input(1), 0)
    if scales.size > 1:
        multipliers = channel_multipliers(in_scale, scales, out_scale, units)
    else:
        product = np.float32(in_scale.scale * scales[0])
        multipliers = [quantize_multiplier(float(product) / float(out_scale.scale))] * units
    limits = _limits(lowering, out_scale)
    bias = bias_values(lowering, 2, units)
    weights = _weights(filters, bias, multipliers, in_scale.zero, limits)
    window = Window(1, rows, depth, 1, rows, units, 1, 1, 1, 1, 1, 1, 0, 0)
    fields = {
        **_window_fields(window, 1),
        **_output_fields(limits),
        **_conv_constants(weights, window, 1),
    }
    return [lowering.step("tb_conv2d", fields, (source.index,), macs=rows * filters.size)]


def depthwise_conv_2d(lowering: Lowering) -> list[Step]:
    """Filter [1, h, w, in_c * depth_multiplier]."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    filters = lowering.constant(1, "int8")
    if filters.ndim != 4 or filters.shape[0] != 1:
        raise Unsupported(f"filter of shape {filters.shape}")
    _, height, width, channels = filters.shape
    window = window_of(lowering, (height, width), _dilation(lowering))
    in_c = window.in_c
    if window.out_c != channels or in_c == 0 or channels % in_c:
        raise Unsupported(f"filter {filters.shape} for {in_c} -> {window.out_c} channels")
    multiplier = int(lowering.option("depth_multiplier", 0))
    if multiplier not in (0, channels // in_c):
        raise Unsupported(f"depth multiplier {multiplier} for {in_c} -> {channels} channels")
    scales = filter_scales(lowering.input(1), 3)
    limits = _limits(lowering, out_scale)
    weights = _weights(
        np.ascontiguousarray(filters.reshape(-1, channels).T),
        bias_values(lowering, 2, channels),
        channel_multipliers(in_scale, scales, out_scale, channels),
        in_scale.zero,
        limits,
    )
    fields: dict[str, Value] = {
        "window": window,
        "depth_multiplier": channels // in_c,
        "inner_last": window.inner_columns()[1],
        **_output_fields(limits),
        "filter": ConstArray("filter", weights.filters),
        "bias": ConstArray("bias", weights.folded_bias()),
        **weights.scale_fields(),
        "blank": packing.blank(in_scale.zero, 1),
    }
    macs = window.out_h * window.out_w * filters.size
    return [lowering.step("tb_depthwise", fields, (source.index,), macs=macs, window=window)]
