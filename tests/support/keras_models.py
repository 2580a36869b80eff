"""Small Keras models for tests of quantization; made in TensorFlow's process, as everything is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinybench.errors import TinybenchError


def convert_all(request: dict[str, Any]) -> dict[str, Any]:
    """The job: saves models in ``folder``, and converts them as quantize_int8's job does.

    Args:
        request: ``folder``; ``orders``: quantize_job's requests by name, paths in ``folder``.

    Returns:
        By name, what the job replied or, as "error", the words of what it raised.
    """
    import keras

    from tinybench.train.convert import quantize_job

    folder = Path(request["folder"])
    keras.utils.set_random_seed(11)
    for make in (plain, elu, lstm, two_inputs):
        make().save(folder / f"{make.__name__}.keras")
    replies: dict[str, Any] = {}
    for name, order in request["orders"].items():
        paths = {key: str(folder / order[key]) for key in ("model", "representative", "out")}
        try:
            replies[name] = quantize_job(order | paths)
        except TinybenchError as error:
            replies[name] = {"error": [error.wanted, error.seen, error.todo]}
    return replies


def plain() -> Any:
    """Converts without trouble; (8, 8, 2) -> 3 classes."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def elu() -> Any:
    """The converter leaves ELU in float and says nothing."""
    import keras
    from keras import layers

    return keras.Sequential(
        [layers.Input((8, 8, 2)), layers.Conv2D(4, 3, activation="elu"), layers.Flatten()]
    )


def lstm() -> Any:
    """With batch 1 and not unrolled, the converter crashes on it."""
    import keras
    from keras import layers

    return keras.Sequential([layers.Input((6, 4)), layers.LSTM(5)])


def two_inputs() -> Any:
    import keras
    from keras import layers

    left, right = layers.Input((4,)), layers.Input((4,))
    return keras.Model([left, right], layers.Add()([left, right]))
