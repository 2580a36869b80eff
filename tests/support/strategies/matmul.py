"""BATCH_MATMUL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import fills, ratios, scales, seeds, zero_points

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def batch_matmuls(draw: Draw) -> OpCase:
    """Matrices of any orientation, with batches that broadcast; one of them may be constant."""
    rows, depth, columns = (draw(st.integers(1, top)) for top in (6, 20, 9))
    batches = draw(st.lists(st.integers(1, 3), max_size=3))
    adj_x, adj_y = draw(st.booleans()), draw(st.booleans())
    shapes = [
        (*draw(_repeated(batches)), *(pair[::-1] if turned else pair))
        for pair, turned in (((rows, depth), adj_x), ((depth, columns), adj_y))
    ]
    a_scale, b_scale = draw(scales()), draw(scales())
    operands: list[Activation | Constant] = [
        Activation(shape, scale, draw(zero_points()))
        for shape, scale in zip(shapes, (a_scale, b_scale), strict=True)
    ]
    constant = draw(st.sampled_from([None, None, 0, 1]))
    if constant is not None:
        old = operands[constant]
        operands[constant] = Constant(
            old.shape,
            "int8",
            old.scale,
            old.zero_point,
            low=-128,
            fill=draw(fills()),
            seed=draw(seeds()),
        )
    ratio = draw(st.one_of(ratios(8.0, 256.0), ratios(2.0**-6, 2.0**24)))
    lead = np.broadcast_shapes(*(shape[:-2] for shape in shapes))
    output = Activation(
        (*lead, rows, columns), float(np.float32(a_scale * b_scale * ratio)), draw(zero_points())
    )
    options = {"adj_x": adj_x, "adj_y": adj_y}
    return OpCase("BATCH_MATMUL", tuple(operands), output, version=2, options=options)


@st.composite
def _repeated(draw: Draw, batches: list[int]) -> tuple[int, ...]:
    """The batches, some of them 1, leading ones left out."""
    sizes = [draw(st.sampled_from([size, size, 1])) for size in batches]
    return tuple(sizes[draw(st.integers(0, len(sizes))) :])
