"""Functions of one int8, as tables; SOFTMAX with its table of exponentials."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinybench.compiler.fixedpoint import (
    INT8_MAX,
    INT8_MIN,
    exp_negative,
    input_radius,
    multiply,
    split_multiplier,
)
from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.program import Step

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
