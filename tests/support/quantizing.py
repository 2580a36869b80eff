"""Models of every kind, quantized and refused in one process of TensorFlow's; see make_all()."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinybench.errors import TinybenchError

SAMPLES = 40


def make_all(request: dict[str, Any]) -> dict[str, Any]:
    """The job: in ``folder``, digits.keras in all modes, other kinds of models, refused ones.

    Returns:
        "kinds": by file what prepare_job said; "refused": by file its error's words.
    """
    import keras

    from tinybench.train.digits import _as_reals, _fit, _network, load_digits

    folder = Path(request["folder"])
    keras.utils.set_random_seed(3)
    train_x, _, train_y, _ = load_digits(0)
    model = _network()
    _fit(model, _as_reals(train_x), train_y, 3)
    model.save(folder / "digits.keras")
    x = _as_reals(train_x[:SAMPLES])
    np.save(folder / "representative.npy", x)
    _all_modes(folder)
    (folder / "direct.tflite").write_bytes(_direct(model, x))
    _other_kinds(folder, model)
    _bad_ones(folder)
    kinds = {name: _prepare(folder, name) for name in ("digits.h5", "bird", "exported")}
    names = (
        "lstm.keras",
        "bidirectional.keras",
        "nan.keras",
        "two_inputs.keras",
        "custom.keras",
        "broken.keras",
    )
    return {"kinds": kinds, "refused": {name: _prepare(folder, name) for name in names}}


def _prepare(folder: Path, name: str, mode: str = "int8", logits: bool = False) -> dict[str, Any]:
    from tinybench.train.ptq.jobs import prepare_job

    try:
        return prepare_job(
            {
                "model": str(folder / name),
                "base": str(folder / f"{name}-base.tflite"),
                "made": str(folder / f"{name}-{mode}.tflite"),
                "mode": mode,
                "logits": logits,
            }
        )
    except TinybenchError as error:
        words = {"wanted": error.wanted, "seen": error.seen, "todo": error.todo}
        return words | {"kind": type(error).__name__, "details": list(error.details)}


def _all_modes(folder: Path) -> None:
    from tinybench.train.ptq.jobs import quantize_job

    for mode in ("dynamic", "float16", "float32"):
        _prepare(folder, "digits.keras", mode)
    base = folder / "digits.keras-base.tflite"
    for name, more in (
        ("int8", {}),
        ("int16x8", {}),
        ("percentile", {"calibration": "percentile"}),
        ("mse", {"calibration": "mse"}),
        ("per-tensor", {"per_channel_dense": False}),
        ("kept", {"keep_float": ["SOFTMAX"]}),
    ):
        draft = {"representative": str(folder / "representative.npy")}
        request: dict[str, Any] = {
            "base": str(base),
            "mode": "int16x8" if name == "int16x8" else "int8",
            "calibration": "minmax",
            "per_channel_dense": True,
            "keep_float": [],
            "denylist": [],
            "drafts": [draft | {"out": str(folder / f"digits.keras-{name}.tflite")}],
        }
        quantize_job(request | more)


def _direct(model: Any, x: np.ndarray) -> bytes:
    """The converter's own way, in one go."""
    from tinybench.train.convert import to_int8

    return to_int8(model, x)


def _other_kinds(folder: Path, model: Any) -> None:
    import tf_keras
    from tf_keras import layers

    model.save(folder / "digits.h5")
    model.export(folder / "exported", verbose=False)

    @tf_keras.utils.register_keras_serializable()
    class ACosRRegularization(tf_keras.regularizers.Regularizer):
        def __init__(self, weight: float) -> None:
            self.weight = weight

        def __call__(self, x: Any) -> Any:
            return 0.0 * x[0, 0, 0, 0]

        def get_config(self) -> dict[str, float]:
            return {"weight": self.weight}

    bird = tf_keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, kernel_regularizer=ACosRRegularization(0.1), name="stem_conv"),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    bird.save(folder / "bird")
    tf_keras.utils.get_custom_objects().clear()  # as in a process that never saw the class


def _bad_ones(folder: Path) -> None:
    import keras
    from keras import layers

    from support.keras_models import lstm, plain, two_inputs

    lstm().save(folder / "lstm.keras")
    both = [layers.Input((6, 4)), layers.Bidirectional(layers.GRU(3), name="both")]
    keras.Sequential(both).save(folder / "bidirectional.keras")
    two_inputs().save(folder / "two_inputs.keras")
    nan = plain()
    nan.layers[0].kernel.assign(nan.layers[0].kernel * np.nan)
    nan.save(folder / "nan.keras")

    class Wavelet(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    keras.Sequential([layers.Input((4,)), Wavelet()]).save(folder / "custom.keras")
    (folder / "broken.keras").write_bytes(b"PK\x03\x04 and no more")
