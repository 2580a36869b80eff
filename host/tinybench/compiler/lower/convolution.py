"""CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

from tinybench.compiler.lower.context import (
    Lowering,
    Unsupported,
    bias_values,
    channel_multipliers,
    filter_scales,
)
from tinybench.compiler.lower.window import window_fields
from tinybench.compiler.program import ConstArray, Step, Value


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
    window = window_fields(lowering, (height, width), _dilation(lowering))
    in_c = source.shape[3]
    groups = in_c // max(group_in, 1)
    if out.shape[3] != channels or group_in * groups != in_c or channels % max(groups, 1):
        raise Unsupported(f"filter {filters.shape} for {in_c} -> {out.shape[3]} channels")
    low, high = lowering.activation(out_scale)
    fields: dict[str, Value] = {
        "window": window,
        "group_in": group_in,
        "group_out": channels // groups,
        "in_offset": -in_scale.zero,
        "out_offset": out_scale.zero,
        "act_min": low,
        "act_max": high,
        "filter": ConstArray("filter", filters),
        "bias": bias_values(lowering, 2, channels),
        **channel_multipliers(in_scale, filter_scales(lowering.input(1), 0), out_scale, channels),
    }
    macs = out.shape[1] * out.shape[2] * filters.size
    return [lowering.step("tb_conv2d", fields, (source.index,), macs=macs)]


def depthwise_conv_2d(lowering: Lowering) -> list[Step]:
    """Filter [1, h, w, in_c * depth_multiplier]."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    filters = lowering.constant(1, "int8")
    if filters.ndim != 4 or filters.shape[0] != 1:
        raise Unsupported(f"filter of shape {filters.shape}")
    _, height, width, channels = filters.shape
    window = window_fields(lowering, (height, width), _dilation(lowering))
    in_c = source.shape[3]
    if out.shape[3] != channels or in_c == 0 or channels % in_c:
        raise Unsupported(f"filter {filters.shape} for {in_c} -> {out.shape[3]} channels")
    multiplier = int(lowering.option("depth_multiplier", 0))
    if multiplier not in (0, channels // in_c):
        raise Unsupported(f"depth multiplier {multiplier} for {in_c} -> {channels} channels")
    low, high = lowering.activation(out_scale)
    fields: dict[str, Value] = {
        "window": window,
        "depth_multiplier": channels // in_c,
        "in_offset": -in_scale.zero,
        "out_offset": out_scale.zero,
        "act_min": low,
        "act_max": high,
        "filter": ConstArray("filter", filters),
        "bias": bias_values(lowering, 2, channels),
        **channel_multipliers(in_scale, filter_scales(lowering.input(1), 3), out_scale, channels),
    }
    macs = out.shape[1] * out.shape[2] * filters.size
    return [lowering.step("tb_depthwise", fields, (source.index,), macs=macs)]
