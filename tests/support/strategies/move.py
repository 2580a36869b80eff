"""PAD, PADV2, CONCATENATION and PACK."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import scales, shapes, zero_points

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def pads(draw: Draw, name: str = "PAD") -> OpCase:
    """A border around any axes: of zero points, for PADV2 of a constant."""
    shape = draw(shapes())
    amount = st.sampled_from([0, 0, 1, 2, 3])
    paddings = [(draw(amount), draw(amount)) for _ in shape]
    source = Activation(shape, draw(scales()), draw(zero_points()))
    size = tuple(s + before + after for s, (before, after) in zip(shape, paddings, strict=True))
    flat = tuple(p for pair in paddings for p in pair)
    constant = Constant((len(shape), 2), "int32", values=flat)
    inputs: tuple[Activation | Constant, ...] = (source, constant)
    if name == "PADV2":
        value = draw(st.integers(-128, 127))
        inputs += (Constant((), "int8", source.scale, source.zero_point, values=(value,)),)
    return OpCase(name, inputs, replace(source, shape=size))


@st.composite
def concatenations(draw: Draw) -> OpCase:
    """One to five inputs along any axis, also counted from the end."""
    shape = draw(shapes())
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    scale, zero_point = draw(scales()), draw(zero_points())

    def part(size: int) -> Activation:
        return Activation((*shape[:axis], size, *shape[axis + 1 :]), scale, zero_point)

    written = axis - len(shape) if draw(st.booleans()) else axis
    inputs = tuple(part(size) for size in sizes)
    return OpCase("CONCATENATION", inputs, part(sum(sizes)), version=2, options={"axis": written})


@st.composite
def packs(draw: Draw) -> OpCase:
    """One to five inputs along a new axis, also counted from the end."""
    part = Activation(draw(shapes(0, 3)), draw(scales()), draw(zero_points()))
    rank = len(part.shape) + 1
    axis = draw(st.integers(0, rank - 1))
    count = draw(st.integers(1, 5))
    output = replace(part, shape=(*part.shape[:axis], count, *part.shape[axis:]))
    options = {"axis": axis - rank if draw(st.booleans()) else axis, "values_count": count}
    return OpCase("PACK", (part,) * count, output, version=2, options=options)
