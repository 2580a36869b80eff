"""FULLY_CONNECTED."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import FUSED, fills, scales, seeds, zero_points
from support.strategies.convolution import MAX_BIAS, filter_scales, output_scales

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def fully_connecteds(draw: Draw) -> OpCase:
    """Rows of any number, input and output of several ranks, with and without bias."""
    depth, units = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    rows = draw(st.sampled_from([(), (1,), (1,), (3,), (2, 2), (1, 2, 3)]))
    source = draw(st.sampled_from(_sources(rows, depth)))
    in_scale = draw(scales())
    filter_scale = draw(filter_scales(units))
    if not isinstance(filter_scale, tuple):
        bias_scale: float | tuple[float, ...] = float(np.float32(in_scale * filter_scale))
    else:
        bias_scale = tuple(in_scale * s for s in filter_scale)
    bias = Constant((units,), "int32", bias_scale, low=-MAX_BIAS, high=MAX_BIAS, seed=draw(seeds()))
    inputs = (
        Activation(source, in_scale, draw(zero_points())),
        Constant((units, depth), scale=filter_scale, fill=draw(fills()), seed=draw(seeds())),
        *draw(st.sampled_from([(bias,), (bias,), (None,), ()])),
    )
    out_scale = draw(output_scales(in_scale * float(np.max(filter_scale)), depth))
    output = Activation((*(rows or (1,)), units), out_scale, draw(zero_points()))
    options = {"keep_num_dims": len(rows) > 1, "fused_activation_function": draw(FUSED)}
    return OpCase("FULLY_CONNECTED", inputs, output, version=4, options=options)


def _sources(rows: tuple[int, ...], depth: int) -> list[tuple[int, ...]]:
    """Shapes that hold ``rows`` rows: as they are, or not yet flattened."""
    found = [(*rows, depth)]
    if depth % 2 == 0:
        found.append((math.prod(rows), 1, 2, depth // 2))
    return found
