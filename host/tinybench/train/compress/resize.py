"""Another input size: the same weights on fewer pixels, retrained briefly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import UsageError
from tinybench.methods import Resize
from tinybench.train.compress.data import on_all
from tinybench.train.compress.fit import Samples, Trainer
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import Call, Network, fresh_layer, rebuild, same, take_apart
from tinybench.train.shapes import check_pictures

Pictures = NDArray[np.float32]


def resize(model: Any, options: Resize, trainer: Trainer) -> Made:
    """Rebuilds the network for another input size and retrains.

    Raises:
        UsageError: the input is no picture, or the size is too small for the network.
    """
    import dataclasses

    network = take_apart(model)
    size = parse_size(options.size, network)
    made = at_size(network, size)
    trainer.data = dataclasses.replace(
        on_all(trainer.data, lambda part: Samples(scale(part.x, size), part.y)),
        calibration=scale(trainer.data.calibration, size),
    )
    trainer.fit(made, "retrain")
    return Made(made, trainer.data, facts={"size": list(size)})


def parse_size(text: str, network: Network) -> tuple[int, int]:
    """Height and width, of a text such as 64 or 48x64 (:mod:`tinybench.rules` has checked it).

    Raises:
        UsageError: the model takes no pictures.
    """
    check_pictures(tuple(network.entry.shape[1:]))
    numbers = [int(part) for part in text.lower().split("x")]
    return numbers[0], numbers[-1]


def scale(x: Pictures, size: tuple[int, int]) -> Pictures:
    """Pictures at another size, bilinear and antialiased, as `tinybench bench` resizes images."""
    import tensorflow as tf

    return np.asarray(tf.image.resize(x, size, antialias=True), np.float32)


def at_size(network: Network, size: tuple[int, int]) -> Any:
    """The network for another input size, with its weights.

    Pools over the whole picture stay so; a dense layer that reads pixels gets its weights resized
    like a picture.

    Raises:
        UsageError: the picture vanishes on its way.
    """
    flat: list[tuple[Any, Any]] = []

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.kind == "Flatten":
            flat.append((call.inputs[0].shape[1:], args[0].shape[1:3]))
        if call.kind in ("AveragePooling2D", "MaxPooling2D"):
            window = tuple(call.layer.pool_size)
            if window == tuple(call.inputs[0].shape[1:3]) and window != (1, 1):
                spatial = tuple(args[0].shape[1:3])
                return fresh_layer(call.layer, pool_size=spatial, strides=spatial)(args[0])
        if call.kind == "Dense" and args[0].shape[-1] != call.inputs[0].shape[-1]:
            return _resized_dense(call, args[0], flat[-1])
        return same(call, args, kwargs)

    try:
        return rebuild(network, make, (*size, network.entry.shape[-1]))
    except ValueError as error:
        raise UsageError(
            f"a network that takes {size[0]} x {size[1]} pixels",
            " ".join(str(error).split())[:200],
            "choose a larger size",
        ) from error


def _resized_dense(call: Call, x: Any, flat: tuple[Any, Any]) -> Any:
    import tensorflow as tf

    (height, width, _), (new_height, new_width) = flat
    layer = fresh_layer(call.layer)
    out = layer(x)
    kernel = np.asarray(call.layer.kernel).reshape(height, width, -1)
    scaled = tf.image.resize(kernel, (new_height, new_width), antialias=True)
    gain = height * width / (new_height * new_width)  # fewer pixels, the same sum
    values = [np.asarray(scaled).reshape(layer.kernel.shape) * gain]
    layer.set_weights([*values, *(np.asarray(w) for w in call.layer.weights[1:])])
    return out
