"""CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower import packing
from tinybench.compiler.lower.context import (
    Lowering,
    Unsupported,
    bias_values,
    channel_multipliers,
    filter_scales,
)
from tinybench.compiler.lower.weights import (
    Weights,
    output_fields,
    output_limits,
    weights_for,
    weights_of,
)
from tinybench.compiler.lower.window import window_of, without_dead_taps
from tinybench.compiler.program import Step
from tinybench.compiler.window import Window

SLIDING = {3: 6, 5: 9}  # square depthwise windows: output pixels in a row from which sliding pays
ROW_PIXELS = (24, 65)  # widths of rows into which a pointwise convolution is cut, range()


def _dilation(lowering: Lowering) -> tuple[int, int]:
    return (
        int(lowering.option("dilation_h_factor", 1)),
        int(lowering.option("dilation_w_factor", 1)),
    )


def conv_shape(lowering: Lowering) -> tuple[NDArray[np.int8], Window, int]:
    """CONV_2D's filter [out_c, h, w, in_c / groups], its window and the number of groups.

    Raises:
        Unsupported: they do not fit together.
    """
    filters = lowering.constant(1, "int8")
    if filters.ndim != 4:
        raise Unsupported(f"filter of shape {filters.shape}")
    channels, height, width, group_in = filters.shape
    window, taps = without_dead_taps(window_of(lowering, (height, width), _dilation(lowering)))
    filters = filters[:, *taps]
    if window.is_pointwise():
        window = _rows_of_pixels(window)
    groups = window.in_c // max(group_in, 1)
    if window.out_c != channels or group_in * groups != window.in_c or channels % max(groups, 1):
        raise Unsupported(f"filter {filters.shape} for {window.in_c} -> {window.out_c} channels")
    return filters, window, groups


def conv_2d(lowering: Lowering) -> list[Step]:
    """CONV_2D, grouped where the depths say so."""
    filters, window, groups = conv_shape(lowering)
    weights = weights_for(lowering, filters.reshape(window.out_c, -1), 0)
    if groups == window.in_c > 1:  # a channel in each group
        return [_depthwise_step(lowering, weights, window)]
    return [_conv_step(lowering, weights, window, groups)]


def _conv_step(lowering: Lowering, weights: Weights, window: Window, groups: int) -> Step:
    fields = {
        **_window_fields(window, groups),
        **_output_fields(lowering),
        **_conv_constants(weights, groups),
    }
    macs = window.out_h * window.out_w * weights.filters.size
    source = lowering.input(0).index
    return lowering.step("tb_conv2d", fields, (source,), macs=macs, window=window)


def _output_fields(lowering: Lowering) -> dict[str, Value]:
    return output_fields(output_limits(lowering, lowering.int8_scale(lowering.output)))


def is_one_run(window: Window, groups: int) -> bool:
    """Whether a filter row meets consecutive elements of the input."""
    return window.kernel_w == 1 or (groups == 1 and window.dilation_w == 1)


def _window_fields(window: Window, groups: int) -> dict[str, Value]:
    """The window, and in which columns a filter row is one run of bytes."""
    group_in = window.in_c // groups
    one_run = is_one_run(window, groups)
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


def _conv_constants(weights: Weights, groups: int) -> dict[str, Value]:
    return {
        "filter": ConstArray("filter", packing.pack_blocks(weights.filters, groups)),
        "bias": ConstArray("bias", packing.pad_bias(weights.folded_bias(), groups)),
        **weights.scale_fields(),
        "zero": weights.zero,
    }


def fully_connected(lowering: Lowering) -> list[Step]:
    """Rows of the input's last dimension times a constant filter [units, depth].

    A 1x1 convolution over a row of pixels.

    Source: CalculateOpDataFullyConnected() in fully_connected_common.cc. With one scale for all
    units, GetQuantizedConvolutionMultipler() in kernel_util.cc multiplies scales in float32;
    TFLite Micro as it is distributed does that in double precision too.
    """
    filters, window = dense_shape(lowering)
    weights = weights_for(lowering, filters, 0)
    fields = {
        **_window_fields(window, 1),
        **_output_fields(lowering),
        **_conv_constants(weights, 1),
    }
    macs = window.out_w * filters.size
    return [lowering.step("tb_conv2d", fields, (lowering.input(0).index,), macs=macs)]


def dense_shape(lowering: Lowering) -> tuple[NDArray[np.int8], Window]:
    """FULLY_CONNECTED's filter [units, depth], and the row of pixels that its input is.

    Raises:
        Unsupported: they do not fit together.
    """
    source, out = lowering.input(0), lowering.output
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
    return filters, Window(1, rows, depth, 1, rows, units, 1, 1, 1, 1, 1, 1, 0, 0)


def depthwise_shape(lowering: Lowering) -> tuple[NDArray[np.int8], Window]:
    """DEPTHWISE_CONV_2D's filter [1, h, w, in_c * depth_multiplier] and its window.

    Raises:
        Unsupported: they do not fit together.
    """
    filters = lowering.constant(1, "int8")
    if filters.ndim != 4 or filters.shape[0] != 1:
        raise Unsupported(f"filter of shape {filters.shape}")
    _, height, width, channels = filters.shape
    window, taps = without_dead_taps(window_of(lowering, (height, width), _dilation(lowering)))
    filters = filters[:, *taps]
    in_c = window.in_c
    if window.out_c != channels or in_c == 0 or channels % in_c:
        raise Unsupported(f"filter {filters.shape} for {in_c} -> {window.out_c} channels")
    multiplier = int(lowering.option("depth_multiplier", 0))
    if multiplier not in (0, channels // in_c):
        raise Unsupported(f"depth multiplier {multiplier} for {in_c} -> {channels} channels")
    return filters, window


def depthwise_conv_2d(lowering: Lowering) -> list[Step]:
    """DEPTHWISE_CONV_2D; of a single channel, where no kernel slides, a CONV_2D."""
    filters, window = depthwise_shape(lowering)
    channels = window.out_c
    weights = weights_for(lowering, np.ascontiguousarray(filters.reshape(-1, channels).T), 3)
    if window.in_c == 1 and not _slides(window):
        return [_conv_step(lowering, weights, window, 1)]
    return [_depthwise_step(lowering, weights, window)]


def _depthwise_step(lowering: Lowering, weights: Weights, window: Window) -> Step:
    fields: dict[str, Value] = {
        "window": window,
        "depth_multiplier": window.out_c // window.in_c,
        "inner_last": window.inner_columns()[1],
        **_output_fields(lowering),
        "filter": ConstArray("filter", weights.filters),
        "bias": ConstArray("bias", weights.folded_bias()),
        **weights.scale_fields(),
        "zero": weights.zero,
    }
    function = "tb_depthwise"
    if not _slides(window) or _mostly_long(weights):
        function = "tb_depthwise_any"
        fields["filter"] = ConstArray("filter", np.ascontiguousarray(weights.filters.T))
        fields["bias"] = ConstArray("bias", weights.bias)
        fields["folded"] = ConstArray("folded", weights.folded_bias())
    macs = window.out_h * window.out_w * weights.filters.size
    source = lowering.input(0).index
    return lowering.step(function, fields, (source,), macs=macs, window=window)


def _slides(window: Window) -> bool:
    """Whether tb_depthwise() is to take a window, which it does channel by channel along a row.

    The first output's last columns have to lie inside. Short rows are faster with four channels at
    a time, where there are so many.
    """
    size, stride = window.kernel_w, window.stride_w
    first, last = window.all_rows_read()
    blocks = window.in_c == window.out_c >= packing.BLOCK
    return (
        window.kernel_h == size
        and size in SLIDING
        and stride in (1, 2)
        and (window.dilation_h, window.dilation_w) == (1, 1)
        and window.pad_left <= size - stride
        and window.out_w >= (SLIDING[size] if blocks else 2)
        and bool((first < last).all())
    )


def _mostly_long(weights: Weights) -> bool:
    """Whether more than a quarter of the channels are scaled the long way."""
    return 4 * sum(shift < 0 for shift in weights.shifts) > len(weights.shifts)


def transpose_conv_shape(lowering: Lowering) -> tuple[NDArray[np.int8], Window]:
    """TRANSPOSE_CONV's filter [out_c, h, w, in_c]; the window of the convolution the other way.

    Raises:
        Unsupported: they do not fit together.
    """
    source, out = lowering.input(2), lowering.output
    filters = lowering.constant(1, "int8")
    if lowering.constant(0, "int32").reshape(-1).tolist() != list(out.shape):
        raise Unsupported(f"the shape it is to make is not that of its output {out.shape}")
    if filters.ndim != 4:
        raise Unsupported(f"filter of shape {filters.shape}")
    channels, height, width, in_c = filters.shape
    back = replace(lowering.op, inputs=(out.index,), outputs=(source.index,))
    window = window_of(replace(lowering, op=back), (height, width), (1, 1))
    if (window.in_c, window.out_c) != (channels, in_c):
        raise Unsupported(f"filter {filters.shape} for {window.out_c} -> {window.in_c} channels")
    return filters, window


def transpose_conv(lowering: Lowering) -> list[Step]:
    """TRANSPOSE_CONV.

    Source: TransposeConvPrepare() in transpose_conv.cc, integer_ops/transpose_conv.h.
    """
    source, out = lowering.input(2), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    filters, window = transpose_conv_shape(lowering)
    channels = window.in_c
    scales = filter_scales(lowering.input(1), 0)
    limits = output_limits(lowering, out_scale)
    weights = weights_of(
        filters.reshape(channels, -1),
        bias_values(lowering, 3, channels),
        channel_multipliers(in_scale, scales, out_scale, channels),
        in_scale.zero,
        limits,
    )
    fields: dict[str, Value] = {
        "window": window,
        "in_offset": -in_scale.zero,
        **output_fields(limits),
        "filter": ConstArray("filter", weights.filters),
        "bias": ConstArray("bias", weights.bias),
        **weights.scale_fields(),
    }
    macs = window.out_h * window.out_w * filters.size
    return [lowering.step("tb_transpose_conv", fields, (source.index,), macs=macs)]
