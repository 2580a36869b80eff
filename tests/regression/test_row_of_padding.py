"""A pointwise window over a row of padding, a pixel or two wide, was once read from the image."""

from __future__ import annotations

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.tflite_builder import ModelBuilder


@needs_tflm
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_a_pointwise_convolution_of_rows_of_padding(op: str, width: int) -> None:
    random = np.random.default_rng(width)
    b = ModelBuilder()
    x = b.input((1, 2, width, 6), scale=0.05, zero_point=-88)
    paddings = b.const(np.array([[0, 0], [1, 1], [0, 0], [0, 0]], np.int32))
    padded = b.tensor((1, 4, width, 6), 0.05, -88)
    b.op("PAD", [x, paddings], [padded], version=2)
    shape, axis = ((6, 1, 1, 6), 0) if op == "CONV_2D" else ((1, 1, 1, 6), 3)
    filters = random.integers(-127, 127, shape).astype(np.int8)
    w = b.const(filters, scale=np.full(6, 0.01, np.float32), axis=axis)
    y = b.tensor((1, 4, width, 6), 0.1, -3)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    if op == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = 1
    b.op(op, [padded, w], [y], version=3, **options)
    check_same_bytes(b.finish(outputs=[y]))
