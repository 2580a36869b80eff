"""Activations as tables: RELU, RELU6, LOGISTIC, TANH, LEAKY_RELU, ABS, HARD_SWISH."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinybench.compiler.fixedpoint import (
    INT8_MAX,
    INT8_MIN,
    clamp8,
    clamp16,
    input_radius,
    multiply,
    quantize_multiplier,
    round_half_away,
    rounding_high_mul16,
    rounding_shift_right,
    split_multiplier,
    top16,
)
from tinybench.compiler.fixedpoint import logistic as fixed_logistic
from tinybench.compiler.fixedpoint import tanh as fixed_tanh
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.tables import lookup
from tinybench.compiler.program import Step

MIN_TANH_SCALE = 2.0**-27  # below, TFLite Micro shifts by a negative number


def _ratio(lowering: Lowering) -> float:
    """Input scale / output scale in double precision.

    The sources divide in float32 and widen the quotient. TFLite Micro as it is distributed does
    not: where a ratio lies next to a short fraction, its results are those of double precision.
    """
    in_scale = lowering.int8_scale(lowering.input(0)).scale
    return float(in_scale) / float(lowering.int8_scale(lowering.output).scale)


def relu(lowering: Lowering) -> list[Step]:
    """RELU with rescaling (CalculateReluOpData() in activations_common.cc, but see _ratio())."""
    in_scale = lowering.int8_scale(lowering.input(0))
    out_scale = lowering.int8_scale(lowering.output)
    m = quantize_multiplier(_ratio(lowering))
    return lookup(
        lowering,
        lambda v: clamp8(multiply(v - in_scale.zero, m) + out_scale.zero, out_scale.zero),
    )


def relu6(lowering: Lowering) -> list[Step]:
    """RELU6: TFLite Micro clamps in the input's scale and does not rescale."""
    in_scale = lowering.int8_scale(lowering.input(0))
    if in_scale != lowering.int8_scale(lowering.output):
        raise Unsupported("input and output differ in scale or zero point")
    six = in_scale.zero + round_half_away(min(float(np.float32(6.0) / in_scale.scale), 255.0))
    return lookup(lowering, lambda v: clamp8(v, in_scale.zero, min(six, INT8_MAX)))


def logistic(lowering: Lowering) -> list[Step]:
    """LOGISTIC, output scale 1/256 and zero point -128 as TFLite fixes them.

    Source: CalculateArithmeticOpDataLogistic() in logistic_common.cc and
    reference_integer_ops::Logistic().
    """
    return _sigmoidal(
        lowering,
        lambda x, bits: rounding_shift_right(fixed_logistic(x, bits), 23) + INT8_MIN,
        out_zero=INT8_MIN,
    )


def tanh(lowering: Lowering) -> list[Step]:
    """TANH, output scale 1/128 and zero point 0 as TFLite fixes them.

    Source: CalculateArithmeticOpData() in tanh.cc and reference_integer_ops::Tanh().
    """
    if lowering.int8_scale(lowering.input(0)).scale < MIN_TANH_SCALE:
        raise Unsupported(f"input scale below {MIN_TANH_SCALE:g}")
    return _sigmoidal(
        lowering,
        lambda x, bits: rounding_shift_right(fixed_tanh(x, bits), 24),
        out_zero=0,
    )


def _sigmoidal(
    lowering: Lowering, function: Callable[[int, int], int], out_zero: int
) -> list[Step]:
    """A function that is at its ends beyond +-16.

    Args:
        lowering: the op.
        function: of a number in Q4.27 and its 4 integer bits.
        out_zero: the output's zero point, which the function fixes.
    """
    in_scale, out_scale = (lowering.int8_scale(t) for t in (lowering.input(0), lowering.output))
    if out_scale.zero != out_zero:
        raise Unsupported(f"output zero point {out_scale.zero}, {out_zero} is needed")
    integer_bits = 4
    m = split_multiplier(float(in_scale.scale) * (1 << (31 - integer_bits)))
    radius = input_radius(integer_bits, m.shift) if m.shift >= 0 else 2**31

    def value(q: int) -> int:
        x = q - in_scale.zero
        if x <= -radius:
            return INT8_MIN
        if x >= radius:
            return INT8_MAX
        return clamp8(function(multiply(x, m), integer_bits))

    return lookup(lowering, value)


def leaky_relu(lowering: Lowering) -> list[Step]:
    """LEAKY_RELU with rescaling; alpha may be above 1 or negative.

    Source: CalculateOpDataLeakyRelu() in leaky_relu_common.cc, but see _ratio().
    """
    in_scale = lowering.int8_scale(lowering.input(0))
    out_scale = lowering.int8_scale(lowering.output)
    alpha = np.float32(lowering.option("alpha", 0.0))
    sign = -1 if alpha < 0 else 1
    identity = quantize_multiplier(_ratio(lowering))
    leak = quantize_multiplier(float(in_scale.scale) * abs(float(alpha)) / float(out_scale.scale))

    def value(q: int) -> int:
        x = q - in_scale.zero
        scaled = multiply(x, identity) if x >= 0 else sign * multiply(x, leak)
        return clamp8(scaled + out_scale.zero)

    return lookup(lowering, value)


def absolute(lowering: Lowering) -> list[Step]:
    """ABS, rescaled where the scales differ (AbsEvalQuantized() in elementwise.cc)."""
    in_scale = lowering.int8_scale(lowering.input(0))
    out_scale = lowering.int8_scale(lowering.output)
    m = quantize_multiplier(_ratio(lowering))
    same = in_scale.scale == out_scale.scale

    def value(q: int) -> int:
        distance = abs(q - in_scale.zero)
        return clamp8((distance if same else multiply(distance, m)) + out_scale.zero)

    return lookup(lowering, value)


def hard_swish(lowering: Lowering) -> list[Step]:
    """HARD_SWISH, x * relu6(x + 3) / 6 in 16 bits.

    Source: HardSwishPrepare() in hard_swish_common.cc, reference/hard_swish.h. The input has
    seven bits to spare; "reluish" is (x + 3) / 6 in [-1, 1], later (clamped) in [0, 1].
    """
    in_scale = lowering.int8_scale(lowering.input(0))
    out_scale = lowering.int8_scale(lowering.output)
    wide_scale = np.float32(1 / 128) * in_scale.scale
    to_out = quantize_multiplier(float(wide_scale / out_scale.scale))
    to_reluish = quantize_multiplier(float(wide_scale / np.float32(3 / 32768)))
    if not -15 <= to_out.shift <= 0 or to_reluish.shift < -15:
        raise Unsupported(f"scales {in_scale.scale} -> {out_scale.scale} in 16 bits")
    factor, reluish_factor = top16(to_out.value), top16(to_reluish.value)

    def value(q: int) -> int:
        wide = (q - in_scale.zero) * 128
        left = max(to_reluish.shift, 0)
        reluish = clamp16(wide << (left - 1)) if left else wide
        reluish = rounding_high_mul16(reluish, reluish_factor)
        reluish = clamp16(reluish << 1) if left else reluish
        reluish = rounding_shift_right(reluish, max(-to_reluish.shift, 0))
        gate = (reluish + (1 << 15)) >> 1
        product = gate * rounding_high_mul16(wide, factor)
        swished = abs(product) >> 15  # towards zero
        swished = rounding_shift_right(swished if product >= 0 else -swished, -to_out.shift)
        return clamp8(swished + out_scale.zero)

    return lookup(lowering, value)
