"""Weights and inputs for networks nobody trained, such that int8 shows as much as after training.

With plain random weights most activations saturate or vanish after a few layers and every input
ends in the same class, so that a wrong kernel goes unseen. Here each batch normalization gets
the statistics that it meets, and the last layer is centred and scaled: all layers use their
int8 range, and inputs differ in their outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_HEAD_SPREAD = 2.5
"""Standard deviation of the last layer's values: a softmax neither flat nor saturated."""


def random_fields(
    rng: np.random.Generator, count: int, shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Pictures of nothing: smooth blobs, a gradient's worth of contrast, some noise.

    Args:
        rng: where the randomness comes from.
        count: how many.
        shape: (height, width, channels).

    Returns:
        float32, (count, height, width, channels), values 0..1.
    """
    height, width, channels = shape
    fields = np.empty((count, *shape), np.float32)
    for field in fields:
        for channel in range(channels):
            coarse = rng.uniform(0, 1, (rng.integers(2, 7), rng.integers(2, 7)))
            picture = Image.fromarray(coarse.astype(np.float32))
            smooth = picture.resize((width, height), Image.Resampling.BICUBIC)
            field[..., channel] = np.asarray(smooth)
        field *= rng.uniform(0.5, 1.3)
        field += rng.normal(0, 0.04, shape)
    return np.clip(fields, 0, 1)


def randomize(model: Any, inputs: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Gives a Keras model weights, in place.

    Args:
        model: as :mod:`tinybench.train.architectures` makes them.
        inputs: float32, (n, *input shape); sets the statistics of batch normalizations.
        rng: where the randomness comes from.
    """
    from keras import layers

    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            _randomize_normalization(layer, rng)
        elif isinstance(layer, layers.Dense | layers.DepthwiseConv2D | layers.Conv2D):
            _randomize_kernel(layer, rng)
    model(inputs, training=True)
    _settle_head(model, inputs)


def _randomize_kernel(layer: Any, rng: np.random.Generator) -> None:
    """He initialization (https://arxiv.org/abs/1502.01852): variance 2 / fan-in."""
    kernel = layer.kernel
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    fan_in = int(np.prod(kernel.shape[:2] if depthwise else kernel.shape[:-1]))
    kernel.assign(rng.normal(0, np.sqrt(2 / fan_in), kernel.shape))
    if layer.use_bias:
        layer.bias.assign(rng.normal(0, 0.1, layer.bias.shape))


def _randomize_normalization(layer: Any, rng: np.random.Generator) -> None:
    """Channels of different size and offset, as training makes them."""
    layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
    layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))


def _settle_head(model: Any, inputs: NDArray[np.float32]) -> None:
    """Centres each of the last layer's values on 0, with the spread asked for."""
    import keras

    head = model.get_layer("head")
    values = np.asarray(keras.Model(model.inputs, head.output)(inputs, training=False))
    factor = _HEAD_SPREAD / np.maximum(values.std(axis=0), 1e-3)
    kernel, bias = (np.asarray(weights) for weights in head.get_weights())
    head.set_weights([kernel * factor, (bias - values.mean(axis=0)) * factor])
