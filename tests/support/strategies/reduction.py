"""AVERAGE_POOL_2D, MAX_POOL_2D, MEAN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import (
    FUSED,
    images,
    ratios,
    scales,
    shapes,
    window_size,
    zero_points,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def pools(draw: Draw, name: str) -> OpCase:
    """Any window and stride; input and output share their quantization."""
    shape = draw(images())
    options = {
        "padding": draw(st.sampled_from(["SAME", "VALID"])),
        "stride_h": draw(st.integers(1, 4)),
        "stride_w": draw(st.integers(1, 4)),
        "filter_height": draw(st.integers(1, 10)),
        "filter_width": draw(st.integers(1, 10)),
        "fused_activation_function": draw(FUSED),
    }
    out_h, out_w = (
        window_size(shape[1 + i], options[f"filter_{s}"], options[f"stride_{s[0]}"], 1, p)
        for i, (s, p) in enumerate([(side, options["padding"]) for side in ("height", "width")])
    )
    assume(out_h > 0 and out_w > 0)
    source = Activation(shape, draw(scales()), draw(zero_points()))
    output = Activation((1, out_h, out_w, shape[3]), source.scale, source.zero_point)
    return OpCase(name, (source,), output, version=2, options=options)


@st.composite
def means(draw: Draw) -> OpCase:
    """Over one axis or several neighbours, also counted from the end, kept or not."""
    shape = draw(shapes())
    first = draw(st.integers(0, len(shape) - 1))
    last = draw(st.integers(first, len(shape) - 1))
    axes = draw(st.permutations(range(first, last + 1)))
    keep = draw(st.booleans())
    kept = tuple(
        1 if first <= i <= last else size
        for i, size in enumerate(shape)
        if keep or not first <= i <= last
    )
    written = tuple(a - len(shape) if draw(st.booleans()) else a for a in axes)
    source = Activation(shape, draw(scales()), draw(zero_points()))
    assert source.scale is not None
    ratio = draw(st.one_of(ratios(0.1, 1.0), ratios(2.0**-14, 2.0**33)))
    output = Activation(kept, float(np.float32(source.scale * ratio)), draw(zero_points()))
    axis = Constant((len(written),), "int32", values=written)
    return OpCase("MEAN", (source, axis), output, version=2, options={"keep_dims": keep})
