"""Pools, MEAN and SUM of int16 tensors."""

from __future__ import annotations

from tinybench.compiler.fixedpoint import INT32_MAX, Multiplier, quantize_multiplier
from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.int16.weighted import windowed
from tinybench.compiler.lower.reduction import divided, pool_fields, reduced_shape
from tinybench.compiler.program import Step
from tinybench.compiler.window import Window

MAX_SUMMED = 1 << 15  # so many int16 and half as many fit int32


def average_pool(lowering: Lowering) -> list[Step]:
    """AVERAGE_POOL_2D."""
    return _pool(lowering, "tb_average_pool16")


def max_pool(lowering: Lowering) -> list[Step]:
    """MAX_POOL_2D."""
    return _pool(lowering, "tb_max_pool16")


def _pool(lowering: Lowering, function: str) -> list[Step]:
    in_scale, out_scale = (lowering.int16_scale(t) for t in (lowering.input(0), lowering.output))
    fields = pool_fields(lowering, in_scale, out_scale, MAX_SUMMED)
    window = fields["window"]
    assert isinstance(window, Window)
    return [windowed(lowering, function, fields, window)]


def mean(lowering: Lowering) -> list[Step]:
    """MEAN over neighbouring axes."""
    _, count, _ = reduced_shape(lowering)
    return _sum(lowering, *divided(_multiplier(lowering), count))


def sum_(lowering: Lowering) -> list[Step]:
    """SUM over neighbouring axes."""
    m = _multiplier(lowering)
    return _sum(lowering, m.value, m.shift)


def _multiplier(lowering: Lowering) -> Multiplier:
    in_scale, out_scale = (lowering.int16_scale(t) for t in (lowering.input(0), lowering.output))
    return quantize_multiplier(float(in_scale.scale) / float(out_scale.scale))


def _sum(lowering: Lowering, multiplier: int, shift: int) -> list[Step]:
    outer, count, inner = reduced_shape(lowering)
    if (count << 15 << max(shift, 0)) > INT32_MAX + 1:
        raise Unsupported(f"a sum of {count} values that are scaled by 2^{shift} in 32 bits")
    fields: dict[str, Value] = {
        "outer": outer,
        "reduced": count,
        "inner": inner,
        "multiplier": multiplier,
        "shift": shift,
    }
    return [lowering.step("tb_mean16", fields, (lowering.input(0).index,))]
