"""Functions of one int8, as tables; SOFTMAX with its table of exponentials."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinybench.compiler.fixedpoint import (
    INT8_MAX,
    INT8_MIN,
    clamp8,
    exp_negative,
    input_radius,
    multiply,
    quantize_multiplier,
    round_half_away,
    rounding_shift_right,
    split_multiplier,
)
from tinybench.compiler.fixedpoint import logistic as fixed_logistic
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.program import ConstArray, Step, Value

MAX_CLASSES = 4095  # the sum of so many exponentials of 1.0 fits Q12.19
INT8_VALUES = range(INT8_MIN, INT8_MAX + 1)


def lookup(lowering: Lowering, *functions: Callable[[int], int]) -> list[Step]:
    """A tb_lookup step from one function, or one per channel of the last axis."""
    return [lookup_step(lowering, lowering.input(0).index, lowering.same_elements(), functions)]


def lookup_step(
    lowering: Lowering, tensor: int, count: int, functions: tuple[Callable[[int], int], ...]
) -> Step:
    """The step itself; ``functions`` map int8 to int8, one per channel."""
    table = np.array([[f(v) for v in INT8_VALUES] for f in functions], np.int8)
    fields: dict[str, Value] = {
        "count": count,
        "channels": len(functions),
        "table": ConstArray("table", table),
    }
    return lowering.step("tb_lookup", fields, (tensor,), in_place=(0,))


def logistic(lowering: Lowering) -> list[Step]:
    """LOGISTIC, output scale 1/256 and zero point -128 as TFLite fixes them.

    Source: CalculateArithmeticOpDataLogistic() in logistic_common.cc and
    reference_integer_ops::Logistic().
    """
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    if out_scale.zero != INT8_MIN:
        raise Unsupported(f"output zero point {out_scale.zero}, -128 is needed")
    integer_bits = 4
    m = split_multiplier(float(in_scale.scale) * (1 << (31 - integer_bits)))
    radius = input_radius(integer_bits, m.shift) if m.shift >= 0 else 2**31

    def value(q: int) -> int:
        x = q - in_scale.zero
        if x <= -radius:
            return INT8_MIN
        if x >= radius:
            return INT8_MAX
        raw = fixed_logistic(multiply(x, m), integer_bits)
        return clamp8(rounding_shift_right(raw, 23) + INT8_MIN)

    return lookup(lowering, value)


def relu(lowering: Lowering) -> list[Step]:
    """RELU with rescaling (CalculateReluOpData() in activations_common.cc)."""
    in_scale = lowering.int8_scale(lowering.input(0))
    out_scale = lowering.int8_scale(lowering.output)
    m = quantize_multiplier(float(np.float32(in_scale.scale / out_scale.scale)))
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


def softmax(lowering: Lowering) -> list[Step]:
    """SOFTMAX, output scale 1/256 and zero point -128.

    Source: CalculateSoftmaxParams() in softmax_common.cc, PreprocessSoftmaxScaling().
    """
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    if out_scale.zero != INT8_MIN or out_scale.scale != np.float32(1 / 256):
        raise Unsupported(f"output scale {out_scale.scale}, zero point {out_scale.zero}")
    if not source.shape or source.shape != out.shape:
        raise Unsupported(f"shapes {source.shape} -> {out.shape}")
    depth = source.shape[-1]
    if depth > MAX_CLASSES:
        raise Unsupported(f"{depth} classes, at most {MAX_CLASSES} can be summed")
    table = _exp_table(float(in_scale.scale), float(lowering.option("beta", 1.0)))
    fields: dict[str, Value] = {
        "rows": source.elements // depth,
        "depth": depth,
        "exp_table": ConstArray("exp_table", table),
    }
    return [lowering.step("tb_softmax", fields, (source.index,), in_place=(0,))]


def _exp_table(scale: float, beta: float) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """exp(-d * beta * scale), Q0.31, for d = 0..255; 0 where TFLite skips the element."""
    integer_bits = 5
    real = min(beta * scale * (1 << (31 - integer_bits)), 2.0**31 - 1.0)
    if not real > 1.0 or not math.isfinite(real):
        raise Unsupported(f"input scale {scale} with beta {beta}")
    m = split_multiplier(real)
    radius = input_radius(integer_bits, m.shift)
    return np.array(
        [exp_negative(multiply(-d, m), integer_bits) if d <= radius else 0 for d in range(256)],
        np.int32,
    )
