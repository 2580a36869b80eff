"""FULLY_CONNECTED."""

from __future__ import annotations

import numpy as np

from tinybench.compiler.fixedpoint import quantize_multiplier
from tinybench.compiler.lower.context import (
    Lowering,
    Scale,
    Unsupported,
    bias_values,
    channel_multipliers,
    filter_scales,
    multiplier_fields,
)
from tinybench.compiler.program import ConstArray, Step, Value


def _multipliers(
    source: Scale, scales: np.ndarray[tuple[int, ...], np.dtype[np.float32]], out: Scale, units: int
) -> dict[str, Value]:
    """Per channel in double; per tensor with the product of scales in float32.

    Source: CalculateOpDataFullyConnected() in fully_connected_common.cc and
    GetQuantizedConvolutionMultipler() in kernel_util.cc.
    """
    if scales.size > 1:
        return channel_multipliers(source, scales, out, units)
    product = np.float32(source.scale * scales[0])
    return multiplier_fields([quantize_multiplier(float(product) / float(out.scale))])


def fully_connected(lowering: Lowering) -> list[Step]:
    """Rows of the input's last dimension times a constant filter [units, depth]."""
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
    low, high = lowering.activation(out_scale)
    fields: dict[str, Value] = {
        "rows": rows,
        "depth": depth,
        "units": units,
        "channel_step": int(scales.size > 1),
        "in_offset": -in_scale.zero,
        "out_offset": out_scale.zero,
        "act_min": low,
        "act_max": high,
        "filter": ConstArray("filter", filters),
        "bias": bias_values(lowering, 2, units),
        **_multipliers(in_scale, scales, out_scale, units),
    }
    macs = rows * filters.size
    return [lowering.step("tb_fully_connected", fields, (source.index,), macs=macs)]
