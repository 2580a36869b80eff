"""ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU: equal shapes, broadcasting, constant operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, Constant, OpCase
from support.strategies.common import FUSED, fills, ratios, scales, seeds, shapes, zero_points

_IMAGE = ((14, 18), (16, 19), (2, 3))

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def adds(draw: Draw, name: str) -> OpCase:
    """ADD or SUB; the output's scale may be far from the inputs'."""
    a, b, shape = draw(_operands())
    largest = max(_scale(a), _scale(b))
    # TFLite Micro aborts where the output's scale is 2^19 times smaller than the inputs'.
    ratio = draw(st.one_of(ratios(0.25, 4.0), ratios(2.0**-15, 2.0**15)))
    return _case(draw, name, (a, b), shape, largest * ratio)


@st.composite
def muls(draw: Draw) -> OpCase:
    """MUL; the output's scale may be far from the product of the inputs'."""
    a, b, shape = draw(_operands())
    ratio = draw(st.one_of(ratios(4.0, 512.0), ratios(2.0**-13, 2.0**34)))
    # RELU6's 6 must be a number of steps that an int32 holds.
    scale = max(_scale(a) * _scale(b) * ratio, 2.0**-28)
    return _case(draw, "MUL", (a, b), shape, scale)


@st.composite
def extremes(draw: Draw, name: str) -> OpCase:
    """MAXIMUM or MINIMUM: one scale for all."""
    a, b, shape = draw(_operands())
    quant = {"scale": _scale(a), "zero_point": a.zero_point}
    return OpCase(name, (a, replace(b, **quant)), Activation(shape, **quant), version=2)


@st.composite
def prelus(draw: Draw) -> OpCase:
    """PRELU with slopes of any sign, constant or not."""
    a, b, shape = draw(_operands())
    ratio = draw(st.one_of(ratios(0.25, 4.0), ratios(2.0**-10, 2.0**20)))
    output = Activation(shape, float(np.float32(_scale(a) * ratio)), draw(zero_points()))
    return OpCase("PRELU", (a, b), output)


def _scale(operand: Activation | Constant) -> float:
    assert isinstance(operand.scale, float)
    return operand.scale


def _case(
    draw: Draw,
    name: str,
    operands: tuple[Activation | Constant, Activation | Constant],
    shape: tuple[int, ...],
    out_scale: float,
) -> OpCase:
    output = Activation(shape, float(np.float32(out_scale)), draw(zero_points()))
    options = {"fused_activation_function": draw(FUSED)}
    return OpCase(name, operands, output, version=2, options=options)


@st.composite
def _operands(
    draw: Draw,
) -> tuple[Activation | Constant, Activation | Constant, tuple[int, ...]]:
    """Two operands, at most one of them constant, and the shape that they broadcast to."""
    shape_a, shape_b, shape = draw(_broadcasts())
    a: Activation | Constant = Activation(shape_a, draw(scales()), draw(zero_points()))
    b: Activation | Constant = Activation(shape_b, draw(scales()), draw(zero_points()))
    constant = draw(st.sampled_from(["none", "none", "a", "b"]))
    if constant == "a":
        a = _constant(draw, a)
    if constant == "b":
        b = _constant(draw, b)
    return a, b, shape


def _constant(draw: Draw, like: Activation) -> Constant:
    return Constant(
        like.shape,
        scale=like.scale,
        zero_point=like.zero_point,
        low=-128,
        fill=draw(fills()),
        seed=draw(seeds()),
    )


@st.composite
def _broadcasts(draw: Draw) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shapes (a, b, result): equal, a scalar, a channel vector, or any mixture."""
    shape = draw(shapes())
    kinds = ["equal", "equal", "scalar", "channel", "mixed", "mixed", "image"]
    kind = draw(st.sampled_from(kinds))
    if kind == "image":  # so many pixels that MUL makes a table per channel
        rows, columns, channels = draw(st.tuples(*[st.integers(a, b) for a, b in _IMAGE]))
        shape = (1, rows, columns, channels)
        pair: tuple[tuple[int, ...], tuple[int, ...]] = (shape, (1, 1, 1, channels))
    elif kind == "equal":
        pair = (shape, shape)
    elif kind == "scalar":
        pair = (shape, draw(st.sampled_from([(), (1,), (1,) * len(shape)])))
    elif kind == "channel":
        pair = (shape, (*[1] * draw(st.integers(0, len(shape) - 1)), shape[-1]))
    else:
        pair = tuple(
            tuple(1 if repeated else size for size, repeated in zip(shape, flags, strict=True))
            for flags in draw(_repetitions(len(shape)))
        )
    if draw(st.booleans()):
        pair = pair[::-1]
    return *pair, tuple(np.broadcast_shapes(*pair))


def _repetitions(rank: int) -> st.SearchStrategy[tuple[list[bool], list[bool]]]:
    flags = st.lists(st.booleans(), min_size=rank, max_size=rank)
    return st.tuples(flags, flags)
