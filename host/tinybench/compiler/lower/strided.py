"""Ops that read their input in even steps: slices, splits, transpositions, depth and space.

Each output is a walk over the input: an offset, and per axis a number of steps and their width.
Axes that continue each other are one, and the last one is a run of bytes where its step is 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.program import Step
from tinybench.model.graph import Tensor

MAX_AXES = 5  # of tb_copy_strided_t


class Axis(NamedTuple):
    """One axis of the output: its size, and the elements of the input from step to step."""

    size: int
    step: int


def strided_copy(
    lowering: Lowering,
    source: Tensor,
    shape: Sequence[int],
    axes: Sequence[Axis],
    offset: int = 0,
) -> Step:
    """A tb_copy_strided step.

    Args:
        lowering: the op; its output is written.
        source: the tensor that is read.
        shape: what the output's must be.
        axes: of the walk, outermost first; their sizes multiply to the output's elements.
        offset: of the first element, in elements.

    Raises:
        Unsupported: another shape, different scales, or too many axes.
    """
    out = lowering.output
    scale = lowering.any_scale(source)
    if scale != lowering.any_scale(out):
        raise Unsupported("input and output differ in scale or zero point")
    if out.shape != tuple(shape):
        raise Unsupported(f"output is {out.shape}, {tuple(shape)} follows from the op")
    size = scale.itemsize
    walk = _merged([*(Axis(axis.size, axis.step * size) for axis in axes), Axis(size, 1)])
    run = walk.pop().size if walk and walk[-1].step == 1 else 1
    if len(walk) > MAX_AXES:
        raise Unsupported(f"a walk of {len(walk)} axes, {MAX_AXES} are possible")
    walk = [Axis(1, 0)] * (MAX_AXES - len(walk)) + walk
    fields: dict[str, Value] = {
        "in_offset": offset * size,
        "size": tuple(axis.size for axis in walk),
        "step": tuple(axis.step for axis in walk),
        "run": run,
    }
    return lowering.step("tb_copy_strided", fields, (source.index,))


def _merged(axes: Sequence[Axis]) -> list[Axis]:
    """The same walk without axes of one step, and with neighbours that continue each other."""
    merged: list[Axis] = []
    for size, step in axes:
        if size == 1:
            continue
        if merged and merged[-1].step == size * step:
            merged[-1] = Axis(merged[-1].size * size, step)
        else:
            merged.append(Axis(size, step))
    return merged


def strides_of(shape: Sequence[int]) -> list[int]:
    """Elements from one position to the next along each axis."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def _axis(value: int, rank: int) -> int:
    if not -rank <= value < rank:
        raise Unsupported(f"axis {value} of rank {rank}")
    return value % rank


# --- slices ------------------------------------------------------------------------------


def slice_(lowering: Lowering) -> list[Step]:
    """SLICE; a size of -1 takes the rest."""
    source = lowering.input(0)
    begin, size = (lowering.constant(i, "int32").reshape(-1).tolist() for i in (1, 2))
    if len(begin) != len(source.shape) or len(size) != len(source.shape):
        raise Unsupported(f"begin {begin} and size {size} of shape {source.shape}")
    taken = [
        range(first, whole if count == -1 else first + count)
        for first, count, whole in zip(begin, size, source.shape, strict=True)
    ]
    return [_sliced(lowering, taken, [len(positions) for positions in taken])]


def strided_slice(lowering: Lowering) -> list[Step]:
    """STRIDED_SLICE; negative numbers count from the end, as they do for Python."""
    source = lowering.input(0)
    rank = len(source.shape)
    begin, end, strides = (lowering.constant(i, "int32").reshape(-1).tolist() for i in (1, 2, 3))
    if {len(begin), len(end), len(strides)} != {rank} or 0 in strides:
        raise Unsupported(f"{begin} to {end} in steps of {strides} of shape {source.shape}")
    for option in ("ellipsis_mask", "new_axis_mask", "offset"):
        if lowering.option(option, 0):
            raise Unsupported(f"{option} is set")
    open_first, open_last, shrunk = (
        [bool(int(lowering.option(name, 0)) >> axis & 1) for axis in range(rank)]
        for name in ("begin_mask", "end_mask", "shrink_axis_mask")
    )
    taken: list[range] = []
    for axis, whole in enumerate(source.shape):
        first = None if open_first[axis] else begin[axis]
        last = None if open_last[axis] else end[axis]
        if shrunk[axis]:
            at = (first or 0) + (whole if (first or 0) < 0 else 0)
            taken.append(range(at, at + 1))
        else:
            taken.append(range(whole)[first : last : strides[axis]])
    shape = [len(taken[axis]) for axis in range(rank) if not shrunk[axis]]
    return [_sliced(lowering, taken, shape)]


def _sliced(lowering: Lowering, taken: Sequence[range], shape: Sequence[int]) -> Step:
    """The positions ``taken`` of each axis of input 0."""
    source = lowering.input(0)
    for positions, whole in zip(taken, source.shape, strict=True):
        if (
            not positions
            or not 0 <= min(positions[0], positions[-1]) <= max(positions[0], positions[-1]) < whole
        ):
            raise Unsupported(f"a slice of {source.shape} that is empty or leaves it")
    strides = strides_of(source.shape)
    axes = [Axis(len(p), p.step * stride) for p, stride in zip(taken, strides, strict=True)]
    offset = sum(p.start * stride for p, stride in zip(taken, strides, strict=True))
    return strided_copy(lowering, source, shape, axes, offset)


# --- splits: one step per output -----------------------------------------------------------


def split(lowering: Lowering) -> list[Step]:
    """SPLIT into equal parts."""
    source = lowering.input(1)
    axis = _axis(_only(lowering, 0), len(source.shape))
    count = len(lowering.op.outputs)
    if not count or source.shape[axis] % count:
        raise Unsupported(f"{source.shape[axis]} elements into {count} parts")
    return _cut(lowering, source, axis, [source.shape[axis] // count] * count)


def split_v(lowering: Lowering) -> list[Step]:
    """SPLIT_V into parts of given sizes, of which one may be -1: the rest."""
    source = lowering.input(0)
    axis = _axis(_only(lowering, 2), len(source.shape))
    sizes = lowering.constant(1, "int32").reshape(-1).tolist()
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = source.shape[axis] - sum(sizes) - 1
    if len(sizes) != len(lowering.op.outputs) or sum(sizes) != source.shape[axis]:
        raise Unsupported(f"{source.shape[axis]} elements into parts of {sizes}")
    return _cut(lowering, source, axis, sizes)


def unpack(lowering: Lowering) -> list[Step]:
    """UNPACK: as SPLIT into parts of one, which lose the axis."""
    source = lowering.input(0)
    axis = _axis(int(lowering.option("axis", 0)), len(source.shape))
    if source.shape[axis] != len(lowering.op.outputs):
        raise Unsupported(f"{source.shape[axis]} elements into {len(lowering.op.outputs)} outputs")
    return _cut(lowering, source, axis, [1] * source.shape[axis], keep_axis=False)


def _only(lowering: Lowering, position: int) -> int:
    value = lowering.constant(position, "int32")
    if value.size != 1:
        raise Unsupported(f"input {position} has {value.size} elements, one is needed")
    return int(value.reshape(-1)[0])


def _cut(
    lowering: Lowering,
    source: Tensor,
    axis: int,
    sizes: Sequence[int],
    *,
    keep_axis: bool = True,
) -> list[Step]:
    steps: list[Step] = []
    inner = math.prod(source.shape[axis + 1 :])
    first = 0
    for output, size in zip(lowering.op.outputs, sizes, strict=True):
        shape = (*source.shape[:axis], *[size] * keep_axis, *source.shape[axis + 1 :])
        rows = math.prod(source.shape[:axis])
        axes = [Axis(rows, source.shape[axis] * inner), Axis(size * inner, 1)]
        part = replace(lowering, op=replace(lowering.op, outputs=(output,)))
        steps.append(strided_copy(part, source, shape, axes, first * inner))
        first += size
    return steps


# --- permutations ------------------------------------------------------------------------


def transpose(lowering: Lowering) -> list[Step]:
    """TRANSPOSE by any permutation."""
    source = lowering.input(0)
    order = lowering.constant(1, "int32").reshape(-1).tolist()
    if sorted(order) != list(range(len(source.shape))):
        raise Unsupported(f"permutation {order} of shape {source.shape}")
    strides = strides_of(source.shape)
    axes = [Axis(source.shape[axis], strides[axis]) for axis in order]
    return [strided_copy(lowering, source, [axis.size for axis in axes], axes)]


def space_to_depth(lowering: Lowering) -> list[Step]:
    """SPACE_TO_DEPTH: blocks of pixels become one pixel, row after row."""
    source, block = _image(lowering)
    batch, height, width, depth = source.shape
    if height % block or width % block:
        raise Unsupported(f"blocks of {block} in an image of {height} x {width}")
    rows, columns = height // block, width // block
    line = width * depth
    axes = [
        Axis(batch * rows, block * line),
        Axis(columns, block * depth),
        Axis(block, line),
        Axis(block * depth, 1),
    ]
    shape = (batch, rows, columns, block * block * depth)
    return [strided_copy(lowering, source, shape, axes)]


def depth_to_space(lowering: Lowering) -> list[Step]:
    """DEPTH_TO_SPACE: the way back."""
    source, block = _image(lowering)
    batch, height, width, depth = source.shape
    if depth % (block * block):
        raise Unsupported(f"blocks of {block} from {depth} channels")
    line = depth // block
    axes = [
        Axis(batch * height, width * depth),
        Axis(block, line),
        Axis(width, depth),
        Axis(line, 1),
    ]
    shape = (batch, height * block, width * block, line // block)
    return [strided_copy(lowering, source, shape, axes)]


def _image(lowering: Lowering) -> tuple[Tensor, int]:
    source, block = lowering.input(0), int(lowering.option("block_size", 0))
    if len(source.shape) != 4 or block < 1:
        raise Unsupported(f"blocks of {block} in shape {source.shape}")
    return source, block
