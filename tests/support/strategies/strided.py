"""Slices, splits, transpositions, depth and space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import scales, shapes, zero_points

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def sources(draw: Draw, max_rank: int = 4) -> Activation:
    """Something to take apart."""
    return Activation(draw(shapes(1, max_rank)), draw(scales()), draw(zero_points()))


def vector(values: Sequence[int]) -> Constant:
    """A constant of int32."""
    return Constant((len(values),), "int32", values=tuple(values))


@st.composite
def slices(draw: Draw) -> OpCase:
    """SLICE, with -1 for the rest here and there."""
    source = draw(sources(5))
    begin = [draw(st.integers(0, size - 1)) for size in source.shape]
    shape = tuple(
        draw(st.integers(1, size - first)) for size, first in zip(source.shape, begin, strict=True)
    )
    written = [
        -1 if first + count == size and draw(st.booleans()) else count
        for size, first, count in zip(source.shape, begin, shape, strict=True)
    ]
    inputs = (source, vector(begin), vector(written))
    return OpCase("SLICE", inputs, replace(source, shape=shape), version=2)


@st.composite
def strided_slices(draw: Draw) -> OpCase:
    """STRIDED_SLICE forwards and backwards, from either end, with every mask."""
    source = draw(sources())
    numbers: list[tuple[int, int, int]] = []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    shape = []
    for axis, size in enumerate(source.shape):
        first, last, step, open_first, open_last, shrink = draw(_ranges(size))
        numbers.append((first, last, step))
        masks["begin_mask"] |= open_first << axis
        masks["end_mask"] |= open_last << axis
        masks["shrink_axis_mask"] |= shrink << axis
        if not shrink:
            given_first, given_last = None if open_first else first, None if open_last else last
            shape.append(len(range(size)[given_first:given_last:step]))
    vectors = (vector(values) for values in zip(*numbers, strict=True))
    output = replace(source, shape=tuple(shape))
    return OpCase("STRIDED_SLICE", (source, *vectors), output, version=2, options=masks)


@st.composite
def _ranges(draw: Draw, size: int) -> tuple[int, int, int, bool, bool, bool]:
    """first, last, step, open begin, open end, whether only first is taken; never nothing."""
    if draw(st.sampled_from([False, False, False, True])):
        first = draw(st.integers(-size, size - 1))
        return first, first + 1, 1, False, draw(st.booleans()), True
    any_place = st.integers(-size - 2, size + 2)
    steps = st.sampled_from([1, 1, 1, 2, 3, -1, -2])
    ranges = st.tuples(any_place, any_place, steps, st.booleans(), st.booleans(), st.just(False))
    return draw(
        ranges.filter(lambda r: range(size)[None if r[3] else r[0] : None if r[4] else r[1] : r[2]])
    )


@st.composite
def splits(draw: Draw) -> OpCase:
    """SPLIT along any axis, also counted from the end."""
    part, axis = draw(_parts())
    count = draw(st.integers(1, 4))
    size = part.shape[axis]
    source = _resized(part, axis, size * count)
    written = Constant((), "int32", values=(draw(_written(axis, len(part.shape))),))
    options = {"num_splits": count}
    inputs = (written, source)
    return OpCase(
        "SPLIT", inputs, part, version=2, options=options, more_outputs=(part,) * (count - 1)
    )


@st.composite
def split_vs(draw: Draw) -> OpCase:
    """SPLIT_V into parts of different sizes, one of which may be written as -1."""
    part, axis = draw(_parts())
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    source = _resized(part, axis, sum(sizes))
    written = list(sizes)
    if draw(st.booleans()):
        written[draw(st.integers(0, len(sizes) - 1))] = -1
    where = Constant((), "int32", values=(draw(_written(axis, len(part.shape))),))
    first, *more = (_resized(part, axis, size) for size in sizes)
    options = {"num_splits": len(sizes)}
    inputs = (source, vector(written), where)
    return OpCase("SPLIT_V", inputs, first, version=2, options=options, more_outputs=tuple(more))


@st.composite
def unpacks(draw: Draw) -> OpCase:
    """UNPACK along any axis, also counted from the end."""
    source, axis = draw(_parts())
    count = source.shape[axis]
    part = replace(source, shape=(*source.shape[:axis], *source.shape[axis + 1 :]))
    options = {"axis": draw(_written(axis, len(source.shape))), "num": count}
    return OpCase(
        "UNPACK", (source,), part, version=2, options=options, more_outputs=(part,) * (count - 1)
    )


@st.composite
def _parts(draw: Draw) -> tuple[Activation, int]:
    part = draw(sources())
    return part, draw(st.integers(0, len(part.shape) - 1))


def _resized(tensor: Activation, axis: int, size: int) -> Activation:
    return replace(tensor, shape=(*tensor.shape[:axis], size, *tensor.shape[axis + 1 :]))


def _written(axis: int, rank: int) -> st.SearchStrategy[int]:
    return st.sampled_from([axis, axis - rank])


@st.composite
def transposes(draw: Draw) -> OpCase:
    """TRANSPOSE by any permutation of up to five axes."""
    source = draw(sources(5))
    order = draw(st.permutations(range(len(source.shape))))
    output = replace(source, shape=tuple(source.shape[axis] for axis in order))
    return OpCase("TRANSPOSE", (source, vector(order)), output, version=2)


@st.composite
def depths_and_spaces(draw: Draw, name: str) -> OpCase:
    """SPACE_TO_DEPTH or the way back."""
    block, batch = draw(st.integers(1, 4)), draw(st.sampled_from([1, 1, 2]))
    rows, columns, depth = draw(st.tuples(*[st.integers(1, 5)] * 3))
    wide = Activation(
        (batch, rows * block, columns * block, depth), draw(scales()), draw(zero_points())
    )
    deep = replace(wide, shape=(batch, rows, columns, block * block * depth))
    source, output = (wide, deep) if name == "SPACE_TO_DEPTH" else (deep, wide)
    return OpCase(name, (source,), output, version=2, options={"block_size": block})
