"""Ops that look up where each row and column comes from: resized images, mirrored borders."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinybench.compiler.fixedpoint import round_half_away
from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.strided import strides_of
from tinybench.compiler.program import Step

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
    scale = lowering.any_scale(source)
    if scale != lowering.any_scale(out):
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
        offsets += [position * stride * scale.itemsize for position in axis]
    fields: dict[str, Value] = {
        "size": (1,) * missing + shape[:kept],
        "run": math.prod(source.shape[kept:]) * scale.itemsize,
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


def resize_bilinear(lowering: Lowering) -> list[Step]:
    """RESIZE_BILINEAR of an image: two rows and two columns, weighted in 1024ths.

    Source: ResizeBilinearInteger() in reference/resize_bilinear.h.
    """
    source, out = lowering.input(0), lowering.output
    size = lowering.constant(1, "int32").reshape(-1).tolist()
    if len(source.shape) != 4 or source.shape[0] != 1 or len(size) != 2 or min(size) < 1:
        raise Unsupported(f"size {size} from shape {source.shape}")
    if lowering.int8_scale(source) != lowering.int8_scale(out):
        raise Unsupported("input and output differ in scale or zero point")
    _, height, width, depth = source.shape
    if out.shape != (1, *size, depth):
        raise Unsupported(f"output is {out.shape}, {(1, *size, depth)} follows from the op")
    _check_table(size)
    rows = _between(lowering, height, size[0], width * depth)
    columns = _between(lowering, width, size[1], depth)
    fields: dict[str, Value] = {
        "rows": size[0],
        "columns": size[1],
        "depth": depth,
        "row": ConstArray("row", np.array(rows, np.int32)),
        "column": ConstArray("column", np.array(columns, np.int32)),
    }
    return [lowering.step("tb_resize_bilinear", fields, (source.index,))]


def _between(
    lowering: Lowering, before: int, after: int, stride: int
) -> list[tuple[int, int, int]]:
    """(offset, offset of the next, 1024ths of the next) for each position of the output."""
    align, half = (bool(lowering.option(n, False)) for n in ("align_corners", "half_pixel_centers"))
    if align and half:
        raise Unsupported("align_corners together with half_pixel_centers")
    shrink = int(align and after > 1)
    scale = (1024 * (before - shrink) + (after - shrink) // 2) // (after - shrink)
    found: list[tuple[int, int, int]] = []
    for position in range(after):
        place = position * scale + (scale // 2 - 512 if half else 0)
        low = max(place // 1024, 0)
        if low >= before:
            raise Unsupported(f"{before} to {after}: rounding leads TFLite Micro out of the image")
        high = min((place + 1023) // 1024, before - 1)
        found.append((low * stride, high * stride, place - 1024 * low))
    return found


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
