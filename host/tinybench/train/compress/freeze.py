"""Which layers may change while a network trains."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from tinybench.train.compress.network import all_layers


@contextmanager
def only(model: Any, names: Collection[str]) -> Iterator[None]:
    """Inside of the block only these layers train; normalization in the others stands still."""
    layers = list(all_layers(model))
    before = [layer.trainable for layer in layers]
    for layer in layers:
        layer.trainable = layer.name in names
    try:
        yield
    finally:
        for layer, was in zip(layers, before, strict=True):
            layer.trainable = was
