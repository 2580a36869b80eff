"""Small models of architectures that nothing here was tuned for; in a TensorFlow process only.

Widths and sizes are such that they fit a microcontroller; weights come from
:mod:`tinybench.train.randomize`, which wants batch normalizations of momentum 0 and a last layer
named "head", so SqueezeNet has one more dense layer. keras.applications has the MobileNets.
EfficientNet-Lite (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite)
is B0 without gates and with ReLU6; SqueezeNet 1.1 is that of https://arxiv.org/abs/1602.07360 with
its repository's changes.
"""

from __future__ import annotations

from typing import Any

from tinybench.train.architectures import _classifier, _conv, _depthwise

_CLASSES = 10
_PICTURE = (96, 96, 3)


def mobilenet_v1() -> Any:
    """keras.applications.MobileNet, width 0.25, 96 px."""
    return _application("MobileNet", alpha=0.25)


def mobilenet_v2() -> Any:
    """keras.applications.MobileNetV2, width 0.35, 96 px."""
    return _application("MobileNetV2", alpha=0.35)


def mobilenet_v3() -> Any:
    """keras.applications.MobileNetV3Small, width 0.5, 96 px."""
    return _application("MobileNetV3Small", alpha=0.5, include_preprocessing=False)


def mobilenet_v3_minimalistic() -> Any:
    """The same without gates, 5x5 kernels and hard swish."""
    return _application(
        "MobileNetV3Small", alpha=0.5, include_preprocessing=False, minimalistic=True
    )


def efficientnet_lite() -> Any:
    """EfficientNet-Lite0, width 0.35, 96 px."""
    from keras import layers

    entry = layers.Input(_PICTURE)
    x = _conv(entry, 16, 3, strides=2)
    for expand, kernel, strides, channels, repeats in (
        (1, 3, 1, 8, 1), (6, 3, 2, 8, 2), (6, 5, 2, 16, 2), (6, 3, 2, 28, 3),
        (6, 5, 1, 40, 3), (6, 5, 2, 68, 4), (6, 3, 1, 112, 1),
    ):  # fmt: skip
        for repeat in range(repeats):
            before = x
            y = _conv(x, x.shape[-1] * expand, 1) if expand != 1 else x
            y = _depthwise(y, kernel, strides=strides if repeat == 0 else 1)
            y = _conv(y, channels, 1, activation=None)
            x = layers.Add()([before, y]) if before.shape == y.shape else y
    x = layers.GlobalAveragePooling2D()(_conv(x, 448, 1))
    return _classifier(entry, x, _CLASSES)


def squeezenet() -> Any:
    """SqueezeNet 1.1, width 0.25, 64 px."""
    from keras import layers

    def fire(x: Any, squeezed: int, expanded: int) -> Any:
        x = layers.Conv2D(squeezed, 1, activation="relu")(x)
        parts = [
            layers.Conv2D(expanded, kernel, padding="same", activation="relu")(x)
            for kernel in (1, 3)
        ]
        return layers.Concatenate()(parts)

    entry = layers.Input((64, 64, 3))
    x = layers.Conv2D(16, 3, strides=2, activation="relu")(entry)
    for squeezed, expanded, pool in (
        (4, 16, True), (4, 16, False), (8, 32, True), (8, 32, False),
        (12, 48, True), (12, 48, False), (16, 64, False), (16, 64, False),
    ):  # fmt: skip
        if pool:
            x = layers.MaxPooling2D(3, strides=2)(x)
        x = fire(x, squeezed, expanded)
    x = layers.Conv2D(64, 1, activation="relu")(x)
    return _classifier(entry, layers.GlobalAveragePooling2D()(x), _CLASSES)


def _application(name: str, **options: Any) -> Any:
    import keras

    base = getattr(keras.applications, name)(
        input_shape=_PICTURE, include_top=False, weights=None, pooling="avg", **options
    )
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    return _classifier(base.input, base.output, _CLASSES)
