"""A CNN converted to int16x8; made in TensorFlow's process, as everything is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIDE, CLASSES = 16, 10
_CALIBRATION = 32


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """The job: a residual network with a squeeze-and-excite block and random weights.

    Args:
        request: ``out``, the .tflite to write; ``inputs``, an .npz of six int16 input tensors.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(7)
    pictures = np.random.default_rng(7).uniform(-1, 1, (_CALIBRATION, SIDE, SIDE, 3))
    converter = tf.lite.TFLiteConverter.from_keras_model(_network())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([p[None].astype(np.float32)] for p in pictures)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.inference_input_type = converter.inference_output_type = tf.int16
    Path(request["out"]).write_bytes(converter.convert())
    tensors = np.random.default_rng(8).integers(-(2**15), 2**15, (6, SIDE, SIDE, 3))
    np.savez(request["inputs"], x=tensors.astype(np.int16))
    return {}


def _network() -> Any:
    import keras
    from keras import layers

    image = keras.Input(batch_shape=(1, SIDE, SIDE, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    y = layers.Add()([x, layers.Conv2D(8, 1)(y)])
    gate = layers.GlobalAveragePooling2D(keepdims=True)(y)
    gate = layers.Conv2D(8, 1, activation="sigmoid")(layers.Conv2D(4, 1, activation="relu")(gate))
    y = layers.ZeroPadding2D(1)(layers.Multiply()([y, gate]))
    y = layers.Conv2D(12, 3, activation="relu")(y)
    y = layers.Concatenate()([y, layers.Conv2D(6, 1, activation="tanh")(y)])
    y = layers.AveragePooling2D(2)(layers.MaxPooling2D(2)(y))
    return keras.Model(image, layers.Dense(CLASSES, activation="softmax")(layers.Flatten()(y)))
