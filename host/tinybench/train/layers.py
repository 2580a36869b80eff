"""Layers of our own, as Keras files name them; imported in a TensorFlow process only."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable("tinybench")
class Fire(layers.Layer):  # type: ignore[misc]
    """SqueezeNet's module: a 1x1 convolution, and two beside each other, 1x1 and 3x3.

    Iandola et al., https://arxiv.org/abs/1602.07360. No normalization follows, so the weights begin
    as He et al. (https://arxiv.org/abs/1502.01852) draw them for relu: the signal keeps its size
    through any number of modules.

    Args:
        squeeze: channels of the first.
        expand: channels of each of the two.
    """

    def __init__(self, squeeze: int, expand: int, **options: Any) -> None:
        super().__init__(**options)
        self.squeeze, self.expand = squeeze, expand
        relu = {"activation": "relu", "kernel_initializer": "he_uniform"}
        self.narrow = layers.Conv2D(squeeze, 1, name="squeeze1x1", **relu)
        self.left = layers.Conv2D(expand, 1, name="expand1x1", **relu)
        self.right = layers.Conv2D(expand, 3, padding="same", name="expand3x3", **relu)
        self.join = layers.Concatenate(name="concatenate")

    def build(self, shape: Any) -> None:
        """Makes the weights."""
        self.narrow.build(shape)
        between = (*shape[:-1], self.squeeze)
        self.left.build(between)
        self.right.build(between)
        self.built = True

    def call(self, x: Any) -> Any:
        """Squeeze, expand, concatenate."""
        x = self.narrow(x)
        return self.join([self.left(x), self.right(x)])

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        return {**super().get_config(), "squeeze": self.squeeze, "expand": self.expand}
