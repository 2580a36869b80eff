"""Ops that look up where each row and column comes from: nearest neighbours, mirrored borders."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinybench.compiler.fixedpoint import round_half_away
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.strided import strides_of
from tinybench.compiler.program import ConstArray, Step, Value

MAX_AXES = 4  # of tb_copy_indexed_t
MAX_OFFSETS = 1 << 13  # 32 KiB of table


def indexed_copy(lowering: Lowering, positions: Sequence[Sequence[int]]) -> list[Step]:
    """A tb_copy_indexed step.

    Args:
        lowering: the op; input 0 is read.
        positions: for each axis, the input's position at each of the output's; a range where
            the axis stays as it is.

    Raises:
        Unsupported: different scales, another shape, too many axes, or too large a table.
    """
    source, out = lowering.input(0), lowering.output
    if lowering.int8_scale(source) != lowering.int8_scale(out):
        raise Unsupported("input and output differ in scale or zero point")
    shape = tuple(len(axis) for axis in positions)
    if out.shape != shape:
        raise Unsupported(f"output is {out.shape}, {shape} follows from the op")
    kept = len(shape)
    while kept and positions[kept - 1] == range(source.shape[kept - 1]):
        kept -= 1
    if kept > MAX_AXES:
        raise Unsupported(f"{kept} axes, {MAX_AXES} are possible")
    _check_table(shape[:kept])
    missing = MAX_AXES - kept
    strides = strides_of(source.shape)
    offsets = [0] * missing
    for axis, stride in zip(positions[:kept], strides, strict=False):
        offsets += [position * stride for position in axis]
    fields: dict[str, Value] = {
        "size": (1,) * missing + shape[:kept],
        "run": math.prod(source.shape[kept:]),
        "offset": ConstArray("offset", np.array(offsets, np.int32)),
    }
    return [lowering.step("tb_copy_indexed", fields, (source.index,))]


def resize_nearest_neighbor(lowering: Lowering) -> list[Step]:
    """RESIZE_NEAREST_NEIGHBOR of an image to any size."""
    source = lowering.input(0)
    size = lowering.constant(1, "int32").reshape(-1).tolist()
    if len(source.shape) != 4 or len(size) != 2 or min(size) < 1:
        raise Unsupported(f"size {size} from shape {source.shape}")
    _check_table(size)
    batch, height, width, depth = source.shape
    rows, columns = (_nearest(lowering, *pair) for pair in zip((height, width), size, strict=True))
    return indexed_copy(lowering, [range(batch), rows, columns, range(depth)])


def _nearest(lowering: Lowering, before: int, after: int) -> list[int]:
    """GetNearestNeighbor() in reference/resize_nearest_neighbor.h, in float32 as there."""
    align, half = (bool(lowering.option(n, False)) for n in ("align_corners", "half_pixel_centers"))
    shrink = int(align and after > 1)
    scale = np.float32(before - shrink) / np.float32(after - shrink)
    places = (np.arange(after).astype(np.float32) + np.float32(0.5 * half)) * scale
    rounded = (round_half_away(float(p)) if align else math.floor(p) for p in places)
    return [min(position, before - 1) for position in rounded]


def mirror_pad(lowering: Lowering) -> list[Step]:
    """MIRROR_PAD, with the edge repeated (SYMMETRIC) or not (REFLECT)."""
    source = lowering.input(0)
    paddings = lowering.constant(1, "int32")
    mode = lowering.option("mode", "REFLECT")
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise Unsupported(f"mode {mode}")
    if paddings.shape != (len(source.shape), 2):
        raise Unsupported(f"paddings {paddings.tolist()} of shape {source.shape}")
    limits = [size - (mode == "REFLECT") for size in source.shape]
    sides = paddings.tolist()
    if any(min(pair) < 0 or max(pair) > most for pair, most in zip(sides, limits, strict=True)):
        raise Unsupported(f"paddings {sides} are more than there is to mirror")
    _check_table([size for size, pair in zip(source.shape, sides, strict=True) if any(pair)])
    how = "reflect" if mode == "REFLECT" else "symmetric"
    positions = (
        np.pad(np.arange(size), pair, mode=how).tolist() if any(pair) else range(size)  # type: ignore[call-overload]
        for size, pair in zip(source.shape, sides, strict=True)
    )
    return indexed_copy(lowering, list(positions))


def _check_table(sizes: Sequence[int]) -> None:
    if sum(sizes) > MAX_OFFSETS:
        raise Unsupported(f"axes of {list(sizes)}: too large a table of offsets")
