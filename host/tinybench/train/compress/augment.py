"""Random changes to training samples, by Keras's own layers; never to what is scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.augmentation import Augmentation
from tinybench.errors import DataError

_BATCH = 256
_FOR_PICTURES = ("flip", "shift", "zoom", "rotate", "brightness")


def augmented(x: NDArray[np.float32], how: Augmentation, seed: int) -> NDArray[np.float32]:
    """The samples, changed at random.

    Args:
        x: as the model takes them.
        how: what is changed, and how much.
        seed: the same one gives the same samples.
    """
    layers = _layers(how, (float(x.min()), float(x.max())), float(x.std()), seed)
    return np.concatenate(
        [_through(layers, x[at : at + _BATCH]) for at in range(0, len(x), _BATCH)]
    )


def check_shape(how: Augmentation, shape: tuple[int | None, ...]) -> None:
    """Refuses changes to pictures where samples are none.

    Raises:
        DataError: with the changes that can be made.
    """
    wrong = [name for name in how.asked if name in _FOR_PICTURES]
    if wrong and len(shape) != 3:
        raise DataError(
            f"pictures (height, width, channels), to augment by {', '.join(wrong)}",
            f"samples of shape {shape}",
            "windows can be augmented by noise=VALUE",
        )


def _through(layers: list[Any], batch: Any) -> NDArray[np.float32]:
    for layer in layers:
        batch = layer(batch, training=True)
    return np.asarray(batch, np.float32)


def _layers(
    how: Augmentation, value_range: tuple[float, float], spread: float, seed: int
) -> list[Any]:
    """What makes the changes; the border of a picture repeats outwards."""
    from keras import layers

    edges = {"fill_mode": "nearest", "seed": seed}
    made = {
        "flip": lambda: layers.RandomFlip("horizontal", seed=seed),
        "shift": lambda: layers.RandomTranslation(how.shift, how.shift, **edges),
        "zoom": lambda: layers.RandomZoom(how.zoom, **edges),
        "rotate": lambda: layers.RandomRotation(how.rotate / 360, **edges),
        "brightness": lambda: layers.RandomBrightness(how.brightness, value_range, seed=seed),
        "noise": lambda: layers.GaussianNoise(how.noise * spread, seed=seed),
    }
    return [made[name]() for name in how.asked]
