"""Moving statistics of batch normalization that arrive, however few steps a training has.

Keras's layers keep 99 % of the old mean and variance at each step: after a short epoch most of what
they hold is still from before it, and a network that learns well in training scores as by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinybench.train.compress.network import all_layers

LEFT = 0.01  # what an epoch leaves of the statistics before it
LEAST = 0.5  # momentum: the last batch, which may be a small one, does not decide alone


@contextmanager
def arriving(model: Any, steps: int) -> Iterator[None]:
    """Inside of the block an epoch is enough for the statistics of every normalization.

    Train for the first time inside: momentum is part of the graph that is traced then. The layers
    have their own again afterwards.

    Args:
        model: any Keras model.
        steps: of an epoch.
    """
    layers = [layer for layer in all_layers(model) if type(layer).__name__ == "BatchNormalization"]
    before = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = min(layer.momentum, max(LEAST, LEFT ** (1 / steps)))
    try:
        yield
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum
