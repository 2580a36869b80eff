"""Networks to train from scratch, at any input size; imported in a TensorFlow process only.

Widths and strides follow the papers; a stride is left out where the picture is too small for it, so
that the last feature map keeps at least 4 pixels a side (or what the input has). All use relu or
relu6 and end in one dense layer (SqueezeNet: a convolution) and softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tinybench.train.shapes import check_input

_LEAST_SIDE = 4


def build(name: str, shape: tuple[int, ...], classes: int, width: float, seed: int) -> Any:
    """A network with random weights.

    Args:
        name: one of :data:`tinybench.methods.NETWORKS`.
        shape: (height, width, channels), or (steps, channels) for windows.
        classes: how many it tells apart.
        width: factor of all channels (alpha); 1.0 is the paper's.
        seed: of the weights.

    Raises:
        UsageError: the shape does not suit the network.
    """
    import keras

    check_input(name, shape)
    keras.utils.set_random_seed(seed)
    entry = keras.Input(shape)
    x = _MAKERS[name](entry, classes, lambda channels: max(4, int(channels * width + 2) // 4 * 4))
    return keras.Model(entry, keras.layers.Softmax(name="probabilities")(x), name=name)


Width = Callable[[int], int]


def _conv(x: Any, channels: int, kernel: Any, *, stride: int = 1, act: str | None = "relu6") -> Any:
    from keras import layers

    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(act)(x) if act else x


def _depthwise(x: Any, *, kernel: int = 3, stride: int = 1) -> Any:
    from keras import layers

    x = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)(x)
    return layers.Activation("relu6")(layers.BatchNormalization()(x))


def _stride(x: Any, wanted: int = 2) -> int:
    """The stride, or 1 where it would leave too few pixels."""
    return wanted if min(x.shape[1:3]) // wanted >= _LEAST_SIDE else 1


def _scores(x: Any, classes: int, dropout: float = 0.0) -> Any:
    from keras import layers

    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x) if dropout else x
    return layers.Dense(classes, name="scores")(x)


def _ds_cnn(x: Any, classes: int, width: Width) -> Any:
    """Zhang et al., Hello Edge (https://arxiv.org/abs/1711.07128), as in MLPerf Tiny."""
    tall = x.shape[1] > 2 * x.shape[2]
    x = _conv(x, width(64), (10, 4) if tall else 3, stride=_stride(x), act="relu")
    for number in range(4):
        x = _depthwise(x, stride=_stride(x) if number == 0 and not tall else 1)
        x = _conv(x, width(64), 1, act="relu")
    return _scores(x, classes, 0.2)


def _mobilenet_v1(x: Any, classes: int, width: Width) -> Any:
    """Howard et al., https://arxiv.org/abs/1704.04861."""
    x = _conv(x, width(32), 3, stride=_stride(x))
    layout = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
    for channels, stride in (*layout, *((512, 1),) * 5, (1024, 2), (1024, 1)):
        x = _conv(_depthwise(x, stride=_stride(x) if stride == 2 else 1), width(channels), 1)
    return _scores(x, classes, 0.1)


def _mobilenet_v2(x: Any, classes: int, width: Width) -> Any:
    """Sandler et al., https://arxiv.org/abs/1801.04381."""
    x = _conv(x, width(32), 3, stride=_stride(x))
    for expand, channels, times, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
        (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for number in range(times):
            x = _inverted(x, expand, width(channels), 3, stride if number == 0 else 1)
    return _scores(_conv(x, width(1280), 1), classes, 0.1)


def _efficientnet_lite(x: Any, classes: int, width: Width) -> Any:
    """EfficientNet-Lite0: EfficientNet-B0 (https://arxiv.org/abs/1905.11946) without squeeze-and-
    excite and with relu6 for swish.
    """
    x = _conv(x, width(32), 3, stride=_stride(x))
    for expand, channels, times, stride, kernel in (
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    ):  # fmt: skip
        for number in range(times):
            x = _inverted(x, expand, width(channels), kernel, stride if number == 0 else 1)
    return _scores(_conv(x, width(1280), 1), classes, 0.2)


def _inverted(x: Any, expand: int, channels: int, kernel: int, stride: int) -> Any:
    from keras import layers

    entry = x
    if expand != 1:
        x = _conv(x, x.shape[-1] * expand, 1)
    x = _depthwise(x, kernel=kernel, stride=_stride(x) if stride == 2 else 1)
    x = _conv(x, channels, 1, act=None)
    return layers.Add()([entry, x]) if x.shape == entry.shape else x


def _squeezenet(x: Any, classes: int, width: Width) -> Any:
    """SqueezeNet 1.1 with Fire modules (https://arxiv.org/abs/1602.07360 and its repository)."""
    from keras import layers

    from tinybench.train.layers import Fire

    def pool(x: Any) -> Any:
        return layers.MaxPooling2D(3, 2, padding="same")(x) if _stride(x) == 2 else x

    relu = {"activation": "relu", "kernel_initializer": "he_uniform"}  # as in Fire
    x = layers.Conv2D(width(64), 3, _stride(x), "same", name="conv1", **relu)(x)
    number = 2
    for squeeze, expand, times in ((16, 64, 2), (32, 128, 2), (48, 192, 2), (64, 256, 2)):
        x = pool(x) if number < 8 else x
        for _ in range(times):
            x = Fire(width(squeeze), width(expand), name=f"fire{number}")(x)
            number += 1
    x = layers.Dropout(0.3)(x)
    x = layers.Conv2D(classes, 1, name="conv10")(x)
    return layers.GlobalAveragePooling2D()(x)


def _resnet8(x: Any, classes: int, width: Width) -> Any:
    """ResNet-8 of MLPerf Tiny (https://arxiv.org/abs/2106.07597)."""
    from keras import layers

    x = _conv(x, width(16), 3, act="relu")
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        step = _stride(x) if stride == 2 else 1
        y = _conv(x, width(channels), 3, stride=step, act="relu")
        y = _conv(y, width(channels), 3, act=None)
        if y.shape != x.shape:
            x = layers.Conv2D(width(channels), 1, strides=step, padding="same")(x)
        x = layers.Activation("relu")(layers.Add()([x, y]))
    return _scores(x, classes)


def _lenet(x: Any, classes: int, width: Width) -> Any:
    """LeNet-5 with relu and max pooling (LeCun et al., Proceedings of the IEEE 86, 1998)."""
    from keras import layers

    for channels in (6, 16):
        x = layers.Conv2D(width(channels), 5, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x) if min(x.shape[1:3]) >= _LEAST_SIDE else x
    x = layers.Flatten()(x)
    x = layers.Dense(width(120), activation="relu", name="hidden1")(x)
    x = layers.Dense(width(84), activation="relu", name="hidden2")(x)
    return layers.Dense(classes, name="scores")(x)


def _conv1d(x: Any, classes: int, width: Width) -> Any:
    """Plain convolutions over time, in place of recurrent layers."""
    from keras import layers

    for channels in (32, 64, 64):
        x = layers.Conv1D(width(channels), 5, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.MaxPooling1D(2)(x) if x.shape[1] >= 2 * _LEAST_SIDE else x
    x = layers.GlobalAveragePooling1D()(x)
    return layers.Dense(classes, name="scores")(x)


def _ds_cnn1d(x: Any, classes: int, width: Width) -> Any:
    """DS-CNN over time: windows as pictures one pixel wide."""
    from keras import layers

    x = layers.Reshape((x.shape[1], 1, x.shape[2]))(x)
    x = _conv(x, width(64), (5, 1), act="relu")
    for _ in range(3):
        step = 2 if x.shape[1] >= 2 * _LEAST_SIDE else 1
        x = layers.DepthwiseConv2D((5, 1), padding="same", use_bias=False)(x)
        x = layers.Activation("relu6")(layers.BatchNormalization()(x))
        x = _conv(x, width(64), 1, act="relu")
        x = layers.MaxPooling2D((step, 1))(x) if step == 2 else x
    return _scores(x, classes)


_MAKERS: Mapping[str, Callable[[Any, int, Width], Any]] = MappingProxyType(
    {
        "ds-cnn": _ds_cnn,
        "mobilenet-v1": _mobilenet_v1,
        "mobilenet-v2": _mobilenet_v2,
        "efficientnet-lite": _efficientnet_lite,
        "squeezenet": _squeezenet,
        "resnet8": _resnet8,
        "lenet": _lenet,
        "conv1d": _conv1d,
        "ds-cnn1d": _ds_cnn1d,
    }
)
