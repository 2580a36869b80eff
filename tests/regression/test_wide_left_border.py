"""A folded PAD may be wider than the window: columns outside were once taken for inside ones."""

from __future__ import annotations

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.tflite_builder import ModelBuilder


@needs_tflm
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("left", range(8))
@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_a_pad_of_any_width_before_a_convolution(
    op: str, left: int, stride: int, kernel: int
) -> None:
    random = np.random.default_rng(left)
    b = ModelBuilder()
    x = b.input((1, 6, 4, 3), scale=0.05, zero_point=7)
    paddings = b.const(np.array([[0, 0], [1, left], [left, 2], [0, 0]], np.int32))
    padded = b.tensor((1, 7 + left, 6 + left, 3), 0.05, 7)
    b.op("PAD", [x, paddings], [padded], version=2)
    shape, axis = ((3, kernel, kernel, 3), 0) if op == "CONV_2D" else ((1, kernel, kernel, 3), 3)
    filters = random.integers(-127, 128, shape).astype(np.int8)
    w = b.const(filters, scale=np.full(3, 0.01, np.float32), axis=axis)
    bias = b.const(random.integers(-500, 500, 3).astype(np.int32))
    rows, columns = ((n - kernel) // stride + 1 for n in (7 + left, 6 + left))
    y = b.tensor((1, rows, columns, 3), 0.2, -3)
    options = {"padding": "VALID", "stride_h": stride, "stride_w": stride}
    if op == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = 1
    b.op(op, [padded, w, bias], [y], version=3, **options)
    check_same_bytes(b.finish(outputs=[y]))
