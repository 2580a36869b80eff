"""Small networks of well-known shapes, without weights; called in a TensorFlow process only.

Layer sizes follow the published descriptions: DS-CNN, ResNet-8 and the autoencoder as in MLPerf
Tiny (https://arxiv.org/abs/2106.07597), MobileNetV1 at width 0.25 (https://arxiv.org/abs/1704.04861),
and a squeeze-and-excite network in the manner of EfficientNet (https://arxiv.org/abs/1905.11946)
with ReLU6 in place of swish, as such networks are put on microcontrollers.

Every batch normalization has momentum 0: one training step on a batch makes that batch's
statistics its own, which :mod:`tinybench.train.randomize` relies on. The layer before the output
is named "head".
"""

from __future__ import annotations

from typing import Any


def ds_cnn() -> Any:
    """Keyword spotting: 49 frames x 10 MFCCs -> 12 words; 2.7 M MACs."""
    from keras import layers

    entry = layers.Input((49, 10, 1))
    x = _conv(entry, 64, (10, 4), strides=2, activation="relu")
    for _ in range(4):
        x = _depthwise(x, 3, activation="relu")
        x = _conv(x, 64, 1, activation="relu")
    x = layers.AveragePooling2D((25, 5))(x)
    return _classifier(entry, layers.Flatten()(x), 12)


def mobilenet_v1_025_96() -> Any:
    """Person or not: 96 x 96 x 3 pixels -> 2 classes; MobileNetV1, width 0.25; 7.5 M MACs."""
    from keras import layers

    entry = layers.Input((96, 96, 3))
    x = _conv(entry, 8, 3, strides=2)
    for channels, strides in (
        (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2),
        (128, 1), (128, 1), (128, 1), (128, 1), (128, 1), (256, 2), (256, 1),
    ):  # fmt: skip
        x = _conv(_depthwise(x, 3, strides=strides), channels, 1)
    x = layers.AveragePooling2D(3)(x)
    return _classifier(entry, layers.Flatten()(x), 2)


def squeeze_excite() -> Any:
    """Small EfficientNet-like classifier: 64 x 64 x 3 pixels 0..255 -> 20 logits; 2.2 M MACs.

    Has what the larger ones have: normalization inside the graph, strided layers behind explicit
    padding (on all sides: padding that amounts to "same" is folded away by the converter), 5x5
    kernels, gates, residuals, a grouped 1x1 convolution.
    """
    from keras import layers

    entry = layers.Input((64, 64, 3))
    x = layers.Rescaling(1 / 255)(entry)
    x = layers.Normalization(mean=(0.48, 0.46, 0.41), variance=(0.052, 0.050, 0.051))(x)
    x = _conv(layers.ZeroPadding2D(1)(x), 16, 3, strides=2, padding="valid")
    x = _bottleneck(x, expand=1, kernel=3, strides=1, channels=8)
    x = _bottleneck(x, expand=4, kernel=3, strides=2, channels=12)
    x = _bottleneck(x, expand=4, kernel=3, strides=1, channels=12)
    x = _bottleneck(x, expand=4, kernel=5, strides=2, channels=20)
    x = _bottleneck(x, expand=4, kernel=5, strides=1, channels=20)
    x = _conv(x, 80, 1, groups=2)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.ReLU(6.0)(layers.Dense(48)(x))
    return _classifier(entry, x, 20, softmax=False)


def resnet8() -> Any:
    """Tiny images: 32 x 32 x 3 pixels -> 10 classes; 12.5 M MACs."""
    from keras import layers

    entry = layers.Input((32, 32, 3))
    x = _conv(entry, 16, 3, activation="relu")
    for channels, strides in ((16, 1), (32, 2), (64, 2)):
        y = _conv(x, channels, 3, strides=strides, activation="relu")
        y = _conv(y, channels, 3, activation=None)
        if strides != 1:
            x = layers.Conv2D(channels, 1, strides=strides, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.AveragePooling2D(8)(x)
    return _classifier(entry, layers.Flatten()(x), 10)


def autoencoder() -> Any:
    """Machine sounds: 5 frames x 128 mels in dB -> the same, through 8 values; 0.26 M MACs."""
    from keras import layers

    entry = layers.Input((640,))
    x = entry
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = layers.Dense(units, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.0)(x))
    return _classifier(entry, x, 640, softmax=False)


def _conv(
    x: Any, channels: int, kernel: Any, *, activation: str | None = "relu6", **options: Any
) -> Any:
    """Convolution, batch normalization, activation."""
    from keras import layers

    options = {"padding": "same", **options}
    x = layers.Conv2D(channels, kernel, use_bias=False, **options)(x)
    return _normalized(x, activation)


def _depthwise(x: Any, kernel: int, *, activation: str = "relu6", **options: Any) -> Any:
    """Depthwise convolution, batch normalization, activation."""
    from keras import layers

    options = {"padding": "same", **options}
    x = layers.DepthwiseConv2D(kernel, use_bias=False, **options)(x)
    return _normalized(x, activation)


def _normalized(x: Any, activation: str | None) -> Any:
    from keras import layers

    x = layers.BatchNormalization(momentum=0.0)(x)
    return layers.Activation(activation)(x) if activation else x


def _bottleneck(x: Any, *, expand: int, kernel: int, strides: int, channels: int) -> Any:
    """Expand, depthwise, gate, project; a residual where shapes allow."""
    from keras import layers

    entry, wide = x, x.shape[-1] * expand
    if expand != 1:
        x = _conv(x, wide, 1)
    if strides == 2:
        x = layers.ZeroPadding2D(kernel // 2)(x)
    x = _depthwise(x, kernel, strides=strides, padding="valid" if strides == 2 else "same")
    x = layers.Multiply()([x, _gate(x, max(4, entry.shape[-1] // 4))])
    x = _conv(x, channels, 1, activation=None)
    return layers.Add()([entry, x]) if x.shape == entry.shape else x


def _gate(x: Any, squeezed: int) -> Any:
    """Squeeze-and-excite (https://arxiv.org/abs/1709.01507): one factor 0..1 a channel."""
    from keras import layers

    channels = x.shape[-1]
    x = layers.Reshape((1, 1, channels))(layers.GlobalAveragePooling2D()(x))
    x = layers.Conv2D(squeezed, 1, activation="relu6")(x)
    return layers.Conv2D(channels, 1, activation="sigmoid")(x)


def _classifier(entry: Any, x: Any, units: int, *, softmax: bool = True) -> Any:
    import keras
    from keras import layers

    x = layers.Dense(units, name="head")(x)
    return keras.Model(entry, layers.Softmax()(x) if softmax else x)
