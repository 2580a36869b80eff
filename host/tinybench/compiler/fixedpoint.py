"""The fixed-point arithmetic of TFLite Micro's reference kernels, for use at compile time.

The C twin is firmware/kernels/tb_fixedpoint.h. Formulas follow
tensorflow/lite/kernels/internal/{common,quantization_util}.cc and gemmlowp's
fixedpoint/fixedpoint.h (double rounding, as TFLite Micro is built).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

INT8_MIN, INT8_MAX = -128, 127
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
MAX_SHIFT = 30
_Q31 = 1 << 31


class Multiplier(NamedTuple):
    """real = value * 2^(shift - 31); ``value`` in [2^30, 2^31) or 0, ``shift`` at least -31."""

    value: int
    shift: int


def quantize_multiplier(real: float) -> Multiplier:
    """Splits a factor between scales into a Q31 mantissa and an exponent.

    Raises:
        OverflowError: ``real`` is 2^30 or more; there TFLite Micro's arithmetic is undefined.
    """
    multiplier = split_multiplier(real)
    if multiplier.shift > MAX_SHIFT:
        raise OverflowError(f"a factor of {real:g} between scales is too large")
    return multiplier


def split_multiplier(real: float) -> Multiplier:
    """The same without a limit, for those who check the range of what they multiply.

    Source: QuantizeMultiplier() in quantization_util.cc.

    Args:
        real: not negative.

    Raises:
        OverflowError: ``real`` is not finite.
    """
    if not math.isfinite(real):
        raise OverflowError(f"a factor of {real:g} between scales")
    if real == 0.0:
        return Multiplier(0, 0)
    mantissa, shift = math.frexp(real)
    value = round_half_away(mantissa * _Q31)
    if value == _Q31:
        value //= 2
        shift += 1
    return Multiplier(0, 0) if shift < -31 else Multiplier(value, shift)


def round_half_away(x: float) -> int:
    """C's round(): halves go away from zero."""
    return math.floor(abs(x) + 0.5) * (1 if x >= 0 else -1)


def rounding_high_mul(a: int, b: int) -> int:
    """gemmlowp SaturatingRoundingDoublingHighMul: round(a * b / 2^31)."""
    if a == b == INT32_MIN:
        return INT32_MAX
    return (a * b + (1 << 30)) >> 31


def rounding_shift_right(x: int, exponent: int) -> int:
    """gemmlowp RoundingDivideByPOT: x / 2^exponent, halves away from zero."""
    mask = (1 << exponent) - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def saturating_shift_left(x: int, exponent: int) -> int:
    """gemmlowp SaturatingRoundingMultiplyByPOT for a positive exponent."""
    return max(INT32_MIN, min(INT32_MAX, x << exponent))


def wrap32(x: int) -> int:
    """The low 32 bits as a signed integer."""
    return (x + _Q31) % (1 << 32) - _Q31


def multiply(x: int, m: Multiplier) -> int:
    """MultiplyByQuantizedMultiplier(): x times the real multiplier, rounded twice."""
    left, right = max(m.shift, 0), max(-m.shift, 0)
    return rounding_shift_right(rounding_high_mul(wrap32(x << left), m.value), right)


def clamp8(x: int, low: int = INT8_MIN, high: int = INT8_MAX) -> int:
    """x limited to [low, high]."""
    return max(low, min(high, x))


def clamp16(x: int) -> int:
    """x limited to int16."""
    return max(-(2**15), min(2**15 - 1, x))


def rounding_high_mul16(a: int, b: int) -> int:
    """gemmlowp SaturatingRoundingDoublingHighMul on int16; b is not negative."""
    return (a * b + (1 << 14)) >> 15


def top16(value: int) -> int:
    """A Q31 mantissa as Q15, rounded (DownScaleInt32ToInt16Multiplier() in common.h)."""
    return min((value + (1 << 15)) >> 16, 2**15 - 1)


def activation_range(
    activation: str, scale: np.float32, zero_point: int, dtype: str = "int8"
) -> tuple[int, int]:
    """The clamp of a fused activation.

    Source: CalculateActivationRangeQuantizedImpl() in kernel_util.cc (float32 division).

    Args:
        activation: the option's name.
        scale, zero_point: of the output.
        dtype: of the output.

    Raises:
        KeyError: an activation that TFLite Micro does not fuse.
        OverflowError: its limits are beyond int32 in this scale.
    """
    low, high = _ACTIVATION_LIMITS[activation]
    limits = np.iinfo(dtype)
    least, most = int(limits.min), int(limits.max)
    return (
        least if low is None else max(least, _quantize(low, scale, zero_point)),
        most if high is None else min(most, _quantize(high, scale, zero_point)),
    )


_ACTIVATION_LIMITS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


def _quantize(real: float, scale: np.float32, zero_point: int) -> int:
    steps = abs(real) / float(scale)
    if steps > INT32_MAX:
        raise OverflowError(f"{real:g} is {steps:g} steps of the scale")
    return zero_point + round_half_away(float(np.float32(real) / np.float32(scale)))


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Largest input magnitude that a table function need look at.

    Source: CalculateInputRadius() in quantization_util.cc, 31 signed bits.
    """
    top = ((1 << integer_bits) - 1) * float(1 << (31 - integer_bits))
    return math.floor(top / float(1 << left_shift))


# --- gemmlowp fixedpoint.h, on raw int32 values -----------------------------------------


def _twice_reciprocal_one_plus(x: int) -> int:
    """2 / (1 + x) for x in [0, 1), Q0.31 -> Q2.29: three Newton-Raphson steps."""
    total = x + INT32_MAX
    half_denominator = (total + 1) // 2 if total >= 0 else -((-total + 1) // 2)
    estimate = 1515870810 + rounding_high_mul(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - rounding_high_mul(half_denominator, estimate)
        estimate += saturating_shift_left(rounding_high_mul(estimate, error), 2)
    return estimate


def reciprocal_one_plus(x: int) -> int:
    """1 / (1 + x) for x in [0, 1), both Q0.31 (one_over_one_plus_x_for_x_in_0_1)."""
    return saturating_shift_left(_twice_reciprocal_one_plus(x), 1)


def exp_negative(a: int, integer_bits: int) -> int:
    """exp(a) for a <= 0 in Q(integer_bits), result Q0.31 (exp_on_negative_values)."""
    if a == 0:
        return INT32_MAX
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    offset = (a & (quarter - 1)) - quarter
    result = _exp_last_quarter(offset << integer_bits)
    remainder = offset - a
    for exponent, factor in _EXP_FACTORS:
        if integer_bits > exponent and remainder & (1 << (fraction_bits + exponent)):
            result = rounding_high_mul(result, factor)
    if integer_bits > 5 and a < -(1 << (fraction_bits + 5)):
        return 0
    return result


# exp(-2^k) in Q0.31, as gemmlowp writes them.
_EXP_FACTORS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)


def _exp_last_quarter(a: int) -> int:
    """exp(a) for a in [-1/4, 0), Q0.31: Taylor around -1/8."""
    constant, third = 1895147668, 715827883
    x = a + (1 << 28)
    x2 = rounding_high_mul(x, x)
    x3 = rounding_high_mul(x2, x)
    x4_over_4 = rounding_shift_right(rounding_high_mul(x2, x2), 2)
    tail = rounding_shift_right(rounding_high_mul(x4_over_4 + x3, third) + x2, 1)
    return constant + rounding_high_mul(constant, x + tail)


def logistic(a: int, integer_bits: int) -> int:
    """1 / (1 + exp(-a)), a in Q(integer_bits), result Q0.31 (gemmlowp logistic)."""
    if a == 0:
        return 1 << 30
    positive = reciprocal_one_plus(exp_negative(-abs(a), integer_bits))
    return positive if a > 0 else INT32_MAX - positive


def tanh(a: int, integer_bits: int) -> int:
    """The hyperbolic tangent, a in Q(integer_bits), result Q0.31 (gemmlowp tanh).

    With x = exp(-2 |a|) it is (1 - x) / (1 + x) = 2 / (1 + x) - 1.
    """
    if a == 0:
        return 0
    twice = _twice_reciprocal_one_plus(exp_negative(-abs(a), integer_bits + 1))
    positive = saturating_shift_left(twice - (1 << 29), 2)
    return positive if a > 0 else -positive
