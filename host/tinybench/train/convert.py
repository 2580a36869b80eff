"""The TensorFlow side of quantization; runs in :mod:`tinybench.train.isolated`'s child only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError


def quantize_job(request: dict[str, Any]) -> dict[str, Any]:
    """Loads ``model``, converts it with ``representative``, writes ``out``.

    Args:
        request: paths ``model`` (Keras file), ``representative`` (.npy, float32) and ``out``;
            ``per_channel_dense``.
    """
    import keras

    model = keras.models.load_model(request["model"], compile=False)
    samples = np.load(request["representative"])
    Path(request["out"]).write_bytes(
        to_int8(model, samples, per_channel_dense=request["per_channel_dense"])
    )
    return {"converter": converter_name()}


def converter_name() -> str:
    """The converter and its version, for reports."""
    import tensorflow as tf

    return f"TensorFlow {tf.__version__} TFLiteConverter"


def to_int8(
    model: Any,
    representative: NDArray[np.float32],
    *,
    per_channel_dense: bool = True,
    fix_batch: bool = True,
) -> bytes:
    """Converts to a full-integer model: int8 inputs, outputs, weights and activations.

    Args:
        model: a ``keras.Model`` with one input.
        representative: float32, (n, *input shape), real values as the model takes them; they
            set the activations' ranges.
        per_channel_dense: scales per output channel in FULLY_CONNECTED, the converter's
            default; older TFLite Micro forks compute that wrongly.
        fix_batch: make the batch 1. With a dynamic batch the graph gains SHAPE, STRIDED_SLICE
            and PACK ops, and a dilated convolution can come out wrong.

    Raises:
        ModelError: several inputs, or samples of another shape than the model's input.
    """
    import tensorflow as tf

    _check_samples(model, representative)
    converter = tf.lite.TFLiteConverter.from_keras_model(
        with_batch_one(model) if fix_batch else model
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = (
        not per_channel_dense
    )
    data: bytes = converter.convert()
    return data


def with_batch_one(model: Any) -> Any:
    """The same model and weights behind an input whose batch is 1."""
    import keras

    entry = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    return keras.Model(entry, model(entry))


def _check_samples(model: Any, representative: NDArray[np.float32]) -> None:
    if len(model.inputs) != 1:
        raise ModelError(
            "quantize a model with one input",
            f"inputs={len(model.inputs)}",
            "give the model one input, or split it",
        )
    want, seen = tuple(model.input_shape[1:]), representative.shape[1:]
    if want != seen or not len(representative):
        raise ModelError(
            f"representative samples of shape (n, {', '.join(map(str, want))})",
            f"shape={representative.shape}",
            "preprocess them as the model's training data was",
        )
