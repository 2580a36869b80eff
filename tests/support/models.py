"""Ready-made small models, built in memory."""

from __future__ import annotations

import numpy as np

from support.tflite_builder import ModelBuilder


def conv_model(batch_signature: int | None = None) -> bytes:
    """A convolution, a pooling, a dense layer and a softmax over (1, 8, 8, 3): 4 classes."""
    rng = np.random.default_rng(7)
    b = ModelBuilder()
    signature = None if batch_signature is None else (batch_signature, 8, 8, 3)
    x = b.input((1, 8, 8, 3), scale=1 / 255, zero_point=-128, signature=signature, name="image")
    weights = rng.integers(-127, 128, (5, 3, 3, 3)).astype(np.int8)
    w = b.const(weights, scale=np.full(5, 0.01), axis=0, name="conv/weights")
    bias = rng.integers(-500, 500, 5).astype(np.int32)
    bias_index = b.const(bias, scale=np.full(5, 0.01 / 255), axis=0)
    y = b.tensor((1, 4, 4, 5), scale=0.02, zero_point=-128)
    b.op(
        "CONV_2D",
        [x, w, bias_index],
        [y],
        version=3,
        padding="SAME",
        stride_h=2,
        stride_w=2,
        fused_activation_function="RELU6",
    )
    pooled = b.tensor((1, 1, 1, 5), scale=0.02, zero_point=-128)
    b.op(
        "AVERAGE_POOL_2D",
        [y],
        [pooled],
        version=2,
        padding="VALID",
        filter_height=4,
        filter_width=4,
        stride_h=4,
        stride_w=4,
    )
    flat = b.tensor((1, 5), scale=0.02, zero_point=-128)
    shape = b.const(np.array([1, 5], np.int32))
    b.op("RESHAPE", [pooled, shape], [flat], new_shape=[1, 5])
    dense = b.const(rng.integers(-127, 128, (4, 5)).astype(np.int8), scale=0.03)
    logits = b.tensor((1, 4), scale=0.1, zero_point=3)
    b.op("FULLY_CONNECTED", [flat, dense, -1], [logits], version=4)
    scores = b.tensor((1, 4), scale=1 / 256, zero_point=-128)
    b.op("SOFTMAX", [logits], [scores], version=2, beta=1.0)
    return b.finish(outputs=[scores])


def float_boundary_model() -> bytes:
    """float32 in and out around an int8 RELU, over (1, 4)."""
    b = ModelBuilder()
    x = b.input((1, 4), dtype="float32")
    q = b.tensor((1, 4), scale=0.5, zero_point=-3)
    b.op("QUANTIZE", [x], [q])
    r = b.tensor((1, 4), scale=0.5, zero_point=-3)
    b.op("RELU", [q], [r], version=2)
    y = b.tensor((1, 4), dtype="float32")
    b.op("DEQUANTIZE", [r], [y], version=2)
    return b.finish(outputs=[y])


def one_op_model(name: str, shape: tuple[int, ...] = (1, 4)) -> bytes:
    """One elementwise int8 operator without options."""
    b = ModelBuilder()
    x = b.input(shape, scale=0.5)
    y = b.tensor(shape, scale=0.5)
    b.op(name, [x], [y])
    return b.finish(outputs=[y])


def sparse_model(zeros: float, seed: int = 3, groups: int = 1) -> bytes:
    """CONV_2D 3x3, CONV_2D 1x1 and FULLY_CONNECTED with so many weights that are zero."""
    b, rng = ModelBuilder(), np.random.default_rng(seed)

    def filters(shape: tuple[int, ...]) -> list[int]:
        values = rng.integers(-127, 128, shape) * (rng.random(shape) >= zeros)
        scale = rng.uniform(0.002, 0.004, shape[0]).astype(np.float32)
        bias = rng.integers(-200, 200, shape[0]).astype(np.int32)
        return [b.const(values.astype(np.int8), scale=scale, axis=0), b.const(bias)]

    ones = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    x = b.input((1, 6, 6, 16), scale=0.04, zero_point=5)
    y = b.tensor((1, 6, 6, 48), 0.05, -3)
    b.op("CONV_2D", [x, *filters((48, 3, 3, 16 // groups))], [y], version=5, **ones)
    z = b.tensor((1, 6, 6, 30), 0.05, 4)
    b.op("CONV_2D", [y, *filters((30, 1, 1, 48))], [z], version=3, **ones)
    out = b.tensor((1, 7), 0.05, 0)
    b.op("FULLY_CONNECTED", [z, *filters((7, 6 * 6 * 30))], [out], version=5)
    return b.finish(outputs=[out])
