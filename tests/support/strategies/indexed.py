"""RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR and MIRROR_PAD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import images, scales, shapes, zero_points

Draw = Callable[[st.SearchStrategy[Any]], Any]


_PLACINGS = [(False, False), (True, False), (False, True)]  # align corners, half pixel centers


@st.composite
def nearest_neighbors(draw: Draw) -> OpCase:
    """With every way to place the pixels, also both at once."""
    return draw(_resizings("RESIZE_NEAREST_NEIGHBOR", [*_PLACINGS, (True, True)]))


@st.composite
def bilinears(draw: Draw) -> OpCase:
    """With the ways to place the pixels that TFLite Micro takes."""
    return draw(_resizings("RESIZE_BILINEAR", _PLACINGS))


@st.composite
def _resizings(draw: Draw, name: str, placings: list[tuple[bool, bool]]) -> OpCase:
    """Larger or smaller."""
    source = Activation(draw(images()), draw(scales()), draw(zero_points()))
    size = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    corners, centers = draw(st.sampled_from(placings))
    return OpCase(
        name,
        (source, Constant((2,), "int32", values=size)),
        replace(source, shape=(1, *size, source.shape[3])),
        version=2,
        options={"align_corners": corners, "half_pixel_centers": centers},
    )


@st.composite
def mirror_pads(draw: Draw) -> OpCase:
    """Both modes; borders up to the widest that there is something to mirror for."""
    source = Activation(draw(shapes()), draw(scales()), draw(zero_points()))
    mode = draw(st.sampled_from(["REFLECT", "SYMMETRIC"]))
    sides = []
    for size in source.shape:
        side = st.integers(0, size - (mode == "REFLECT"))
        sides.append((draw(side), draw(side)) if draw(st.booleans()) else (0, 0))
    shape = tuple(size + sum(pair) for size, pair in zip(source.shape, sides, strict=True))
    flat = tuple(side for pair in sides for side in pair)
    return OpCase(
        "MIRROR_PAD",
        (source, Constant((len(sides), 2), "int32", values=flat)),
        replace(source, shape=shape),
        version=2,
        options={"mode": mode},
    )
