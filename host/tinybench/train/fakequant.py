"""Layers that compute with int8's steps while they train; imported in a TensorFlow process only.

Weights symmetric in [-127, 127] as TFLite has them: a scale per output channel in convolutions,
one in dense layers. Activations asymmetric in [-128, 127]. The gradient passes straight through
(Jacob et al., https://arxiv.org/abs/1712.05877). The converter reads the ranges off these ops.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

_LEAST = 1e-6  # of a range, so that a channel of zeros has one

register = keras.saving.register_keras_serializable("tinybench")


@register
class FakeQuant(layers.Layer):  # type: ignore[misc]
    """Rounds activations to 256 steps between the ends of a range that it follows in training.

    Args:
        momentum: how much of the range stays at each step.

    Attributes:
        observing: take the range of the next batch as it is, training or not.
    """

    def __init__(self, momentum: float = 0.98, **options: Any) -> None:
        super().__init__(**options)
        self.momentum = momentum
        self.observing = False

    def build(self, shape: Any) -> None:
        """Makes the range, empty."""
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)
        self.high = self.add_weight(name="high", shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        """The values rounded to the range's steps."""
        if self.observing:
            self.low.assign(ops.minimum(ops.min(x), 0.0))
            self.high.assign(ops.maximum(ops.max(x), _LEAST))
        elif training and self.trainable:
            self.low.assign(self._follow(self.low, ops.minimum(ops.min(x), 0.0)))
            self.high.assign(self._follow(self.high, ops.maximum(ops.max(x), _LEAST)))
        return tf.quantization.fake_quant_with_min_max_vars(x, self.low.value, self.high.value)

    def _follow(self, end: Any, seen: Any) -> Any:
        return end * self.momentum + seen * (1 - self.momentum)

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        return {**super().get_config(), "momentum": self.momentum}


def per_channel(kernel: Any) -> Any:
    """Rounds a kernel, a scale per channel of its last axis."""
    ends = ops.maximum(ops.max(ops.abs(kernel), axis=tuple(range(kernel.ndim - 1))), _LEAST)
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(
        kernel, -ends, ends, narrow_range=True
    )


@register
class QuantConv2D(layers.Conv2D):  # type: ignore[misc]
    """Conv2D with rounded weights."""

    def call(self, x: Any) -> Any:
        """The convolution by rounded weights."""
        return _finish(
            self, self.convolution_op(x, per_channel(ops.convert_to_tensor(self.kernel)))
        )


@register
class QuantDepthwiseConv2D(layers.DepthwiseConv2D):  # type: ignore[misc]
    """DepthwiseConv2D with rounded weights."""

    def call(self, x: Any) -> Any:
        """The convolution by rounded weights."""
        kernel = ops.convert_to_tensor(self.kernel)
        flat = ops.reshape(kernel, (*kernel.shape[:2], -1))
        x = ops.depthwise_conv(
            x,
            ops.reshape(per_channel(flat), kernel.shape),
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
        return _finish(self, x)


@register
class QuantDense(layers.Dense):  # type: ignore[misc]
    """Dense with rounded weights."""

    def call(self, x: Any, training: bool | None = None) -> Any:
        """The product with rounded weights."""
        kernel = ops.convert_to_tensor(self.kernel)
        end = ops.maximum(ops.max(ops.abs(kernel)), _LEAST)
        rounded = tf.quantization.fake_quant_with_min_max_vars(kernel, -end, end, narrow_range=True)
        return _finish(self, ops.matmul(x, rounded))


def _finish(layer: Any, x: Any) -> Any:
    if layer.use_bias:
        x = ops.add(x, layer.bias)
    return x if layer.activation is None else layer.activation(x)


QUANTIZED: dict[str, Any] = {
    "Conv2D": QuantConv2D,
    "DepthwiseConv2D": QuantDepthwiseConv2D,
    "Dense": QuantDense,
}
