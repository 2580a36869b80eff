"""int16 tensors: ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU; QUANTIZE; RELU, RELU6, LEAKY_RELU."""

from __future__ import annotations

import numpy as np

from tinybench.compiler.fixedpoint import (
    quantize_multiplier,
    round_half_away,
)
from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower.context import Lowering, Scale, Unsupported
from tinybench.compiler.lower.elementwise import broadcast_fields, sum_multipliers
from tinybench.compiler.program import Step

HEADROOM = 15  # bits by which ADD and SUB scale int16 inputs up
MAX_SHIFT = 14  # a difference of two int16 may be scaled up by so many bits
MAX_SLOPE_SHIFT = 7  # and its product with a slope by so many


def add(lowering: Lowering) -> list[Step]:
    """ADD (CalculateOpDataAdd() in add_common.cc, reference/add.h)."""
    return _sum(lowering, 1)


def sub(lowering: Lowering) -> list[Step]:
    """SUB, in double precision as for int8."""
    return _sum(lowering, -1)


def _sum(lowering: Lowering, sign: int) -> list[Step]:
    a, b, out = _scales(lowering)
    ma, mb, mo = sum_multipliers(a, b, out, HEADROOM)
    low, high = lowering.activation(out)
    return _binary(
        lowering,
        "tb_add16",
        {
            "a_multiplier": ma.value,
            "a_shift": ma.shift,
            "b_multiplier": mb.value,
            "b_shift": mb.shift,
            "b_sign": sign,
            "multiplier": mo.value,
            "shift": mo.shift,
            "act_min": low,
            "act_max": high,
        },
    )


def mul(lowering: Lowering) -> list[Step]:
    """MUL (CalculateOpDataMul() in mul_common.cc)."""
    a, b, out = _scales(lowering)
    m = quantize_multiplier(float(a.scale) * float(b.scale) / float(out.scale))
    if m.shift > 0:
        raise Unsupported("the output's scale is too small for the inputs'")
    low, high = lowering.activation(out)
    return _binary(
        lowering,
        "tb_mul16",
        {"multiplier": m.value, "shift": m.shift, "act_min": low, "act_max": high},
    )


def maximum(lowering: Lowering) -> list[Step]:
    """MAXIMUM of one scale, as TFLite Micro compares the numbers."""
    return _larger_or_smaller(lowering, "tb_maximum16")


def minimum(lowering: Lowering) -> list[Step]:
    """MINIMUM of one scale."""
    return _larger_or_smaller(lowering, "tb_minimum16")


def _larger_or_smaller(lowering: Lowering, function: str) -> list[Step]:
    if len(set(_scales(lowering))) > 1:
        raise Unsupported("inputs and output differ in scale or zero point")
    return _binary(lowering, function, {})


def prelu(lowering: Lowering) -> list[Step]:
    """PRELU with constant int8 slopes (CalculatePreluParams() in prelu_common.cc)."""
    a, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int16_scale(a), lowering.int16_scale(out)
    slopes, slope_scale = lowering.constant(1, "int8"), lowering.int8_scale(lowering.input(1))
    ratio = float(in_scale.scale) / float(out_scale.scale)
    leak = float(in_scale.scale) * float(slope_scale.scale) / float(out_scale.scale)
    wide = slopes.astype(np.int16) - np.int16(slope_scale.zero)
    fields: dict[str, Value] = {
        "shape": broadcast_fields(a.shape, slopes.shape, out.shape),
        **_leaky_fields(ratio, leak, MAX_SLOPE_SHIFT),
        "slope": ConstArray("slope", wide),
    }
    in_place = (0,) if a.elements == out.elements else ()
    return [lowering.step("tb_prelu16", fields, (a.index,), in_place=in_place)]


def _leaky_fields(ratio: float, leak_ratio: float, most: int) -> dict[str, Value]:
    identity, leak = quantize_multiplier(ratio), quantize_multiplier(leak_ratio)
    if identity.shift > MAX_SHIFT or leak.shift > most:
        raise Unsupported("the output's scale is too small for the input's")
    return {
        "multiplier": identity.value,
        "shift": identity.shift,
        "leak_multiplier": leak.value,
        "leak_shift": leak.shift,
    }


def _scales(lowering: Lowering) -> tuple[Scale, Scale, Scale]:
    a, b, out = lowering.input(0), lowering.input(1), lowering.output
    return lowering.int16_scale(a), lowering.int16_scale(b), lowering.int16_scale(out)


def _binary(lowering: Lowering, function: str, fields: dict[str, Value]) -> list[Step]:
    a, b, out = lowering.input(0), lowering.input(1), lowering.output
    if a.data is not None and b.data is not None:
        raise Unsupported("both operands are constant")
    shape = broadcast_fields(a.shape, b.shape, out.shape)
    whole = tuple(i for i, t in enumerate((a, b)) if t.elements == out.elements)
    return [lowering.step(function, {"shape": shape, **fields}, (a.index, b.index), in_place=whole)]


# --- one operand ---------------------------------------------------------------------------


def quantize(lowering: Lowering) -> list[Step]:
    """int16 to another scale or to int8, or int8 to int16 (Requantize() in requantize.h)."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.any_scale(source), lowering.any_scale(out)
    limits = np.iinfo(out_scale.dtype)
    return [_rescaled(lowering, in_scale, out_scale, (int(limits.min), int(limits.max)))]


def relu(lowering: Lowering) -> list[Step]:
    """RELU with rescaling (CalculateReluOpData() in activations_common.cc)."""
    in_scale, out_scale = (lowering.int16_scale(t) for t in (lowering.input(0), lowering.output))
    return [_rescaled(lowering, in_scale, out_scale, (0, 2**15 - 1))]


def leaky_relu(lowering: Lowering) -> list[Step]:
    """LEAKY_RELU with rescaling, in double precision as for int8."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int16_scale(source), lowering.int16_scale(out)
    alpha = float(np.float32(lowering.option("alpha", 0.0)))
    ratio = float(in_scale.scale) / float(out_scale.scale)
    leak = float(in_scale.scale) * abs(alpha) / float(out_scale.scale)
    fields: dict[str, Value] = {
        "count": lowering.same_elements(),
        **_leaky_fields(ratio, leak, MAX_SHIFT),
        "leak_sign": -1 if alpha < 0 else 1,
    }
    return [lowering.step("tb_leaky_relu16", fields, (source.index,), in_place=(0,))]


def relu6(lowering: Lowering) -> list[Step]:
    """RELU6, in the input's scale."""
    in_scale, out_scale = (lowering.int16_scale(t) for t in (lowering.input(0), lowering.output))
    if in_scale != out_scale:
        raise Unsupported("input and output differ in scale or zero point")
    six = round_half_away(min(float(np.float32(6.0) / in_scale.scale), 2.0**15))
    if six > 2**15 - 1:
        raise Unsupported(f"6 is {six} steps of the scale, which int16 does not hold")
    return [_rescaled(lowering, in_scale, out_scale, (0, six))]


def _rescaled(
    lowering: Lowering, in_scale: Scale, out_scale: Scale, limits: tuple[int, int]
) -> Step:
    m = quantize_multiplier(float(in_scale.scale) / float(out_scale.scale))
    if m.shift > MAX_SHIFT:
        raise Unsupported("the output's scale is too small for the input's")
    fields: dict[str, Value] = {
        "count": lowering.same_elements(),
        "in_offset": -in_scale.zero,
        "multiplier": m.value,
        "shift": m.shift,
        "out_offset": out_scale.zero,
        "low": limits[0],
        "high": limits[1],
    }
    inputs = (lowering.input(0).index,)
    if in_scale.dtype == out_scale.dtype:
        return lowering.step("tb_requantize16", fields, inputs, in_place=(0,))
    function = "tb_narrow16" if in_scale.dtype == "int16" else "tb_widen16"
    return lowering.step(function, fields, inputs)
