"""Functions of one value: activations, QUANTIZE, DEQUANTIZE; and SOFTMAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.op_case import Activation, OpCase
from support.strategies.common import ratios, scales, shapes, zero_points

Draw = Callable[[st.SearchStrategy[Any]], Any]

PROBABILITY = {"scale": 1 / 256, "zero_point": -128}  # the output that TFLite fixes


@st.composite
def relus(draw: Draw) -> OpCase:
    """RELU with rescaling."""
    source, output = draw(_rescalings(2.0**-20, 2.0**33))
    return OpCase("RELU", (source,), output, version=2)


@st.composite
def relu6s(draw: Draw) -> OpCase:
    """RELU6, which TFLite Micro does not rescale."""
    source = Activation(draw(shapes()), draw(scales()), draw(zero_points()))
    return OpCase("RELU6", (source,), source, version=2)


@st.composite
def quantizes(draw: Draw) -> OpCase:
    """int8 to int8; other types are the business of the tests of the graph's edge."""
    source, output = draw(_rescalings(2.0**-20, 2.0**33))
    return OpCase("QUANTIZE", (source,), output, version=2)


@st.composite
def dequantizes(draw: Draw) -> OpCase:
    """int8 to float32 and back: alone, it would be done on the host."""
    source, output = draw(_rescalings(2.0**-20, 2.0**20))
    real = Activation(source.shape, dtype="float32")
    back = OpCase("QUANTIZE", (real,), output)
    return OpCase("DEQUANTIZE", (source,), real, version=2, then=back)


@st.composite
def logistics(draw: Draw) -> OpCase:
    """LOGISTIC, from a scale that sees only the middle to one that sees only the ends."""
    shape = draw(shapes())
    source = Activation(shape, draw(scales(2.0**-26, 16.0)), draw(zero_points()))
    return OpCase("LOGISTIC", (source,), Activation(shape, **PROBABILITY))


@st.composite
def tanhs(draw: Draw) -> OpCase:
    """TANH, from a scale that sees only the middle to one that sees only the ends."""
    shape = draw(shapes())
    source = Activation(shape, draw(scales(2.0**-26, 16.0)), draw(zero_points()))
    return OpCase("TANH", (source,), Activation(shape, 1 / 128, 0))


@st.composite
def leaky_relus(draw: Draw) -> OpCase:
    """LEAKY_RELU with rescaling and any slope, also none and falling."""
    source, output = draw(_rescalings(2.0**-20, 2.0**20))
    alpha = draw(st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 1.7, -0.4]))
    return OpCase("LEAKY_RELU", (source,), output, version=2, options={"alpha": alpha})


@st.composite
def absolutes(draw: Draw) -> OpCase:
    """ABS, with and without rescaling."""
    source, output = draw(_rescalings(2.0**-20, 2.0**20))
    if draw(st.booleans()):
        output = Activation(source.shape, source.scale, output.zero_point)
    return OpCase("ABS", (source,), output, version=2)


@st.composite
def hard_swishes(draw: Draw) -> OpCase:
    """HARD_SWISH; the output's scale is at least the input's / 128, as TFLite Micro demands."""
    shape = draw(shapes())
    scale = draw(st.one_of(scales(2.0**-8, 0.25), scales(2.0**-20, 64.0)))
    ratio = draw(st.one_of(ratios(0.25, 4.0), ratios(1 / 120, 128.0)))
    source = Activation(shape, scale, draw(zero_points()))
    output = Activation(shape, float(np.float32(scale * ratio)), draw(zero_points()))
    return OpCase("HARD_SWISH", (source,), output)


@st.composite
def softmaxes(draw: Draw) -> OpCase:
    """SOFTMAX of rows of up to 500 classes.

    Of 512 equal logits or more, TFLite Micro aborts.
    """
    depth = draw(st.one_of(st.integers(1, 20), st.integers(1, 500)))
    shape = (*draw(shapes(0, 2)), depth)
    source = Activation(shape, draw(scales(2.0**-24, 16.0)), draw(zero_points()))
    beta = draw(st.sampled_from([1.0, 1.0, 0.5, 3.0]))
    return OpCase(
        "SOFTMAX",
        (source,),
        Activation(shape, **PROBABILITY),
        version=2,
        options={"beta": beta},
    )


@st.composite
def _rescalings(draw: Draw, low: float, high: float) -> tuple[Activation, Activation]:
    """Two tensors of one shape with scales apart by a factor between low and high."""
    shape = draw(shapes())
    source = Activation(shape, draw(scales()), draw(zero_points()))
    assert source.scale is not None
    ratio = draw(st.one_of(ratios(0.25, 4.0), ratios(low, high)))
    scale = float(np.float32(source.scale * ratio))
    return source, Activation(shape, scale, draw(zero_points()))
