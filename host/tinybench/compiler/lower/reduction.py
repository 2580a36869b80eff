"""Pools, and reductions along axes: MEAN, SUM, the largest, the smallest and where they are."""

from __future__ import annotations

import math

from tinybench.compiler.fixedpoint import Multiplier, quantize_multiplier
from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Scale, Unsupported
from tinybench.compiler.lower.window import window_of
from tinybench.compiler.program import Step
from tinybench.compiler.window import Window

MAX_SUMMED = 1 << 23  # so many differences of two int8 fit int32


def _pool(lowering: Lowering, function: str) -> list[Step]:
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    fields = pool_fields(lowering, in_scale, out_scale, MAX_SUMMED)
    window = fields["window"]
    assert isinstance(window, Window)
    return [lowering.step(function, fields, (source.index,), window=window)]


def pool_fields(
    lowering: Lowering, in_scale: Scale, out_scale: Scale, most: int
) -> dict[str, Value]:
    """The fields of a pool's struct.

    Args:
        lowering: the op.
        in_scale, out_scale: of its input and output.
        most: values that can be summed.

    Raises:
        Unsupported: different scales, another shape, or too large a window.
    """
    source, out = lowering.input(0), lowering.output
    if in_scale != out_scale:
        raise Unsupported("input and output differ in scale or zero point")
    kernel = int(lowering.option("filter_height", 0)), int(lowering.option("filter_width", 0))
    window = window_of(lowering, kernel, (1, 1))
    if source.shape[3] != out.shape[3]:
        raise Unsupported(f"{source.shape[3]} -> {out.shape[3]} channels")
    if min(kernel[0], source.shape[1]) * min(kernel[1], source.shape[2]) > most:
        raise Unsupported(f"a window of {kernel}, at most {most} values can be summed")
    low, high = lowering.activation(out_scale)
    return {"window": window, "act_min": low, "act_max": high}


def average_pool(lowering: Lowering) -> list[Step]:
    """AVERAGE_POOL_2D."""
    return _pool(lowering, "tb_average_pool")


def max_pool(lowering: Lowering) -> list[Step]:
    """MAX_POOL_2D."""
    return _pool(lowering, "tb_max_pool")


def _reduced_run(shape: tuple[int, ...], axes: set[int]) -> tuple[int, int, int]:
    """The shape as (outer, reduced, inner).

    Raises:
        Unsupported: axes of more than one element that stay lie between reduced ones.
    """
    reduced = [a for a in sorted(axes) if shape[a] > 1] or sorted(axes)[:1]
    between = range(reduced[0], reduced[-1] + 1)
    if any(shape[a] > 1 and a not in axes for a in between):
        raise Unsupported(f"axes {sorted(axes)} of shape {shape} are not neighbours")
    parts = shape[: reduced[0]], shape[reduced[0] : reduced[-1] + 1], shape[reduced[-1] + 1 :]
    outer, middle, inner = (math.prod(p) for p in parts)
    return outer, middle, inner


def reduced_shape(lowering: Lowering) -> tuple[int, int, int]:
    """The input as (outer, reduced, inner) elements by the op's constant axes.

    Raises:
        Unsupported: axes twice, out of range or apart, or another output than follows.
    """
    source, out = lowering.input(0), lowering.output
    rank = len(source.shape)
    axes = {int(a) % rank for a in lowering.constant(1, "int32").reshape(-1) if -rank <= a < rank}
    if not axes or len(axes) != lowering.input(1).elements:
        raise Unsupported(f"axes {lowering.constant(1, 'int32').tolist()} of rank {rank}")
    outer, count, inner = _reduced_run(source.shape, axes)
    if out.elements != outer * inner:
        raise Unsupported(f"output {out.shape} does not follow from {source.shape}")
    return outer, count, inner


def mean(lowering: Lowering) -> list[Step]:
    """MEAN over neighbouring axes; 1/n goes into the multiplier.

    Source: QuantizedMeanOrSum() in reference/reduce.h.
    """
    _, count, _ = reduced_shape(lowering)
    return _sum(lowering, *divided(_sum_multiplier(lowering), count))


def divided(m: Multiplier, count: int) -> tuple[int, int]:
    """(multiplier, shift) of a mean of so many values."""
    spare = min(count.bit_length() - 1, 32, 31 + m.shift)
    return (m.value << spare) // count, m.shift - spare


def sum_(lowering: Lowering) -> list[Step]:
    """SUM over neighbouring axes: a mean that is not divided."""
    m = _sum_multiplier(lowering)
    return _sum(lowering, m.value, m.shift)


def _sum_multiplier(lowering: Lowering) -> Multiplier:
    in_scale = lowering.int8_scale(lowering.input(0))
    return quantize_multiplier(
        float(in_scale.scale) / float(lowering.int8_scale(lowering.output).scale)
    )


def _sum(lowering: Lowering, multiplier: int, shift: int) -> list[Step]:
    outer, count, inner = reduced_shape(lowering)
    if count > MAX_SUMMED:
        raise Unsupported(f"a sum of {count} values, at most {MAX_SUMMED} fit 32 bits")
    fields: dict[str, Value] = {
        "outer": outer,
        "reduced": count,
        "inner": inner,
        "zero_sum": lowering.int8_scale(lowering.input(0)).zero * count,
        "multiplier": multiplier,
        "shift": shift,
        "out_offset": lowering.int8_scale(lowering.output).zero,
    }
    return [lowering.step("tb_mean", fields, (lowering.input(0).index,))]


def reduce_max(lowering: Lowering) -> list[Step]:
    """REDUCE_MAX over neighbouring axes."""
    return _extreme(lowering, 1)


def reduce_min(lowering: Lowering) -> list[Step]:
    """REDUCE_MIN over neighbouring axes."""
    return _extreme(lowering, -1)


def _extreme(lowering: Lowering, sign: int) -> list[Step]:
    if lowering.int8_scale(lowering.input(0)) != lowering.int8_scale(lowering.output):
        raise Unsupported("input and output differ in scale or zero point")
    return [_extreme_step(lowering, "tb_reduce_max", sign)]


def arg_max(lowering: Lowering) -> list[Step]:
    """ARG_MAX along one axis, int32; of equals the first."""
    return _arg_extreme(lowering, 1)


def arg_min(lowering: Lowering) -> list[Step]:
    """ARG_MIN along one axis."""
    return _arg_extreme(lowering, -1)


def _arg_extreme(lowering: Lowering, sign: int) -> list[Step]:
    lowering.int8_scale(lowering.input(0))
    if lowering.output.dtype != "int32":
        raise Unsupported(f"output is {lowering.output.dtype}, int32 is needed")
    if lowering.input(1).elements != 1:
        raise Unsupported(f"{lowering.input(1).elements} axes, one is needed")
    return [_extreme_step(lowering, "tb_arg_max", sign)]


def _extreme_step(lowering: Lowering, function: str, sign: int) -> Step:
    outer, count, inner = reduced_shape(lowering)
    fields: dict[str, Value] = {"outer": outer, "reduced": count, "inner": inner, "sign": sign}
    return lowering.step(function, fields, (lowering.input(0).index,))
