"""A small trained network and its data, to try compression methods on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinybench.errors import TinybenchError
from tinybench.methods import (
    Training,
)

SEED = 3
SAMPLES = 600  # to train on: few steps


class StoppedError(Exception):
    """Somebody ended the run."""


class Bench:
    """The trained network and its data."""

    def __init__(self, folder: Path) -> None:
        import keras

        self.folder = folder
        self.data = digits_data()
        model = small_network()
        self.trainer(epochs=8, rate=0.01, limit=None).fit(model, "base")
        self.base = folder / "base.keras"
        model.save(self.base)
        self._load = keras.models.load_model

    def model(self) -> Any:
        """The trained network, anew."""
        return self._load(self.base, compile=False)

    def flat(self) -> Any:
        """The trained network without layers inside of layers."""
        from tinybench.train.compress.network import take_apart

        return take_apart(self.model()).model

    def trainer(
        self,
        *,
        epochs: int = 1,
        rate: float = 0.003,
        limit: int | None = 96,
        augment: tuple[str, ...] = (),
        **more: Any,
    ) -> Any:
        import dataclasses

        from tinybench.train.compress.fit import Samples, Trainer

        train = self.data.train
        few = Samples(train.x[:limit], train.y[:limit])
        data = dataclasses.replace(self.data, train=few)
        training = Training(epochs=epochs, rate=rate, batch=32, seed=SEED, augment=augment)
        return Trainer(data, training, **more)

    def accuracy(self, model: Any) -> float:
        return float(self.trainer().accuracy(model, self.data.test))


def digits_data() -> Any:
    from tinybench.train.compress.fit import Data, Samples
    from tinybench.train.digits import load_digits

    train_x, test_x, train_y, test_y = load_digits(SEED)
    train_x, test_x = train_x.astype(np.float32) / 255, test_x.astype(np.float32) / 255
    return Data(
        train=Samples(train_x[:SAMPLES], train_y[:SAMPLES]),
        validation=Samples(train_x[SAMPLES:800], train_y[SAMPLES:800]),
        test=Samples(test_x, test_y),
        calibration=train_x[:100],
        class_names=tuple("0123456789"),
    )


def small_network() -> Any:
    """A bit of everything: normalization, swish, a residual, a Fire module, dense layers."""
    import keras
    from keras import layers

    from tinybench.train.layers import Fire

    entry = keras.Input((8, 8, 1))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(entry)
    x = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="deep")(x)
    y = layers.Conv2D(8, 1, activation="swish", name="point")(y)
    x = layers.Add(name="residual")([x, y])
    x = layers.MaxPooling2D(2)(x)
    x = Fire(4, 8, name="fire")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(24, activation="relu", name="hidden")(x)
    x = layers.Dense(10, name="scores")(x)
    return keras.Model(entry, layers.Softmax()(x))


def weights_of(model: Any) -> dict[str, Any]:
    """Every weight by its layer's name and its own."""
    return {"/".join(w.path.split("/")[-2:]): np.asarray(w) for w in model.weights}


def equal_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def said(action: Callable[[], Any]) -> str:
    """The error that something ends in, with its kind."""
    try:
        action()
    except TinybenchError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"
