"""AVERAGE_POOL_2D, MAX_POOL_2D, MEAN."""

from __future__ import annotations

import math

from tinybench.compiler.fixedpoint import quantize_multiplier
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.window import window_of
from tinybench.compiler.program import Step, Value

MAX_SUMMED = 1 << 23  # so many differences of two int8 fit int32


def _pool(lowering: Lowering, function: str) -> list[Step]:
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    if in_scale != out_scale:
        raise Unsupported("input and output differ in scale or zero point")
    kernel = int(lowering.option("filter_height", 0)), int(lowering.option("filter_width", 0))
    window = window_of(lowering, kernel, (1, 1))
    if source.shape[3] != out.shape[3]:
        raise Unsupported(f"{source.shape[3]} -> {out.shape[3]} channels")
    if min(kernel[0], source.shape[1]) * min(kernel[1], source.shape[2]) > MAX_SUMMED:
        raise Unsupported(f"a window of {kernel}, at most {MAX_SUMMED} values can be summed")
    low, high = lowering.activation(out_scale)
    fields: dict[str, Value] = {"window": window, "act_min": low, "act_max": high}
    return [lowering.step(function, fields, (source.index,), window=window)]


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


def mean(lowering: Lowering) -> list[Step]:
    """MEAN over neighbouring axes; 1/n goes into the multiplier.

    Source: QuantizedMeanOrSum() in reference/reduce.h.
    """
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int8_scale(source), lowering.int8_scale(out)
    rank = len(source.shape)
    axes = {int(a) % rank for a in lowering.constant(1, "int32").reshape(-1) if -rank <= a < rank}
    if not axes or len(axes) != lowering.input(1).elements:
        raise Unsupported(f"axes {lowering.constant(1, 'int32').tolist()} of rank {rank}")
    outer, count, inner = _reduced_run(source.shape, axes)
    if out.elements != outer * inner:
        raise Unsupported(f"output {out.shape} does not follow from {source.shape}")
    if count > MAX_SUMMED:
        raise Unsupported(f"a mean of {count} values, at most {MAX_SUMMED} can be summed")
    multiplier, shift = quantize_multiplier(float(in_scale.scale) / float(out_scale.scale))
    spare = min(count.bit_length() - 1, 32, 31 + shift)
    fields: dict[str, Value] = {
        "outer": outer,
        "reduced": count,
        "inner": inner,
        "zero_sum": in_scale.zero * count,
        "multiplier": (multiplier << spare) // count,
        "shift": shift - spare,
        "out_offset": out_scale.zero,
    }
    return [lowering.step("tb_mean", fields, (source.index,))]
