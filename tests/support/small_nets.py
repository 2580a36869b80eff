"""Whole networks of well-known kinds, small, with random weights, made without TensorFlow.

Sizes, strides, paddings and widths are arguments, so that a test can ask for what no published
model has: odd channels, one input channel, scales per tensor, images of two pixels at the end.
Scales are chosen so that random weights and inputs fill about half of the int8 range everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.tflite_builder import ModelBuilder

_SPREAD = 2.0  # standard deviation of what a layer computes, in real numbers
_INT8_SPREAD = 50.0  # of int8 activations, in steps
_WEIGHT_SPREAD = 73.0  # of int8 weights that are uniform
_QUANTS = {"NONE": (0.05, 4), "RELU": (8 / 255, -128), "RELU6": (6 / 255, -128)}


@dataclass(frozen=True)
class Tensor:
    """A tensor of the network."""

    index: int
    shape: tuple[int, ...]
    quant: tuple[float, int]


class Net:
    """A network under construction.

    Args:
        shape: of the input, without the batch.
        per_channel: scales per output channel in convolutions.
        seed: of the weights.
    """

    def __init__(self, shape: Sequence[int], *, per_channel: bool = True, seed: int = 0) -> None:
        self._builder = ModelBuilder()
        self._rng = np.random.default_rng(seed)
        self._per_channel = per_channel
        full, quant = (1, *shape), (2 / 255, -1)
        self.entry = Tensor(self._builder.input(full, *quant), full, quant)

    def finish(self, x: Tensor) -> bytes:
        """The .tflite with this output."""
        return self._builder.finish([x.index])

    def conv(
        self, x: Tensor, channels: int, kernel: Any = 3, stride: Any = 1, **how: Any
    ) -> Tensor:
        """CONV_2D; ``act``, ``padding``, ``dilation`` and ``groups`` by name."""
        height, width = _pair(kernel)
        taps = (height, width, x.shape[3] // how.pop("groups", 1))
        return self._windowed("CONV_2D", x, (channels, *taps), 0, (kernel, stride), how)

    def depthwise(self, x: Tensor, kernel: Any = 3, stride: Any = 1, **how: Any) -> Tensor:
        """DEPTHWISE_CONV_2D; ``multiplier`` too."""
        multiplier = how.pop("multiplier", 1)
        shape = (1, *_pair(kernel), x.shape[3] * multiplier)
        how["depth_multiplier"] = multiplier
        return self._windowed("DEPTHWISE_CONV_2D", x, shape, 3, (kernel, stride), how)

    def _windowed(
        self, name: str, x: Tensor, shape: tuple[int, ...], axis: int, window: Any, how: Any
    ) -> Tensor:
        act, padding, dilation = (
            how.pop("act", "RELU6"), how.pop("padding", "SAME"), how.pop("dilation", 1)
        )  # fmt: skip
        (height, width), (down, right) = _pair(window[0]), _pair(window[1])
        taps = int(np.prod(shape)) // shape[axis]
        operands = [x.index, *self._weights(shape, axis, x, taps, self._per_channel)]
        sizes = (
            _size(x.shape[1], height, down, dilation, padding),
            _size(x.shape[2], width, right, dilation, padding),
        )
        return self._op(
            name, operands, (1, *sizes, shape[axis]), _QUANTS[act], 3,
            padding=padding, stride_h=down, stride_w=right, dilation_h_factor=dilation,
            dilation_w_factor=dilation, fused_activation_function=act, **how,
        )  # fmt: skip

    def dense(self, x: Tensor, units: int, act: str = "RELU") -> Tensor:
        """FULLY_CONNECTED over all that the tensor has."""
        depth = int(np.prod(x.shape))
        flat = self.reshape(x, (1, depth))
        operands = [flat.index, *self._weights((units, depth), 0, x, depth, False)]
        how = {"fused_activation_function": act}
        return self._op("FULLY_CONNECTED", operands, (1, units), _QUANTS[act], 4, **how)

    def _weights(
        self, shape: tuple[int, ...], axis: int, x: Tensor, taps: int, per_channel: bool
    ) -> list[int]:
        """Filter and bias."""
        channels = shape[axis]
        mean = _SPREAD / (x.quant[0] * _INT8_SPREAD * _WEIGHT_SPREAD * np.sqrt(taps))
        scales = mean * self._rng.uniform(0.7, 1.3, channels) if per_channel else mean
        filters = self._rng.integers(-127, 128, shape).astype(np.int8)
        bias_scales = np.broadcast_to(scales, channels) * x.quant[0]
        biases = self._rng.normal(0, 0.5, channels) / bias_scales
        return [
            self._builder.const(filters, scales, axis=axis),
            self._builder.const(biases.astype(np.int32), bias_scales),
        ]

    def pool(self, x: Tensor, kernel: Any, stride: Any, kind: str = "MAX", **how: Any) -> Tensor:
        """MAX_POOL_2D or AVERAGE_POOL_2D."""
        (height, width), (down, right) = _pair(kernel), _pair(stride)
        padding = how.get("padding", "VALID")
        sizes = (
            _size(x.shape[1], height, down, 1, padding),
            _size(x.shape[2], width, right, 1, padding),
        )
        return self._op(
            f"{kind}_POOL_2D", [x.index], (1, *sizes, x.shape[3]), x.quant, 2,
            padding=padding, filter_height=height, filter_width=width,
            stride_h=down, stride_w=right,
        )  # fmt: skip

    def mean(self, x: Tensor, keep: bool = False) -> Tensor:
        """MEAN over the image."""
        axes = self._builder.const(np.array([1, 2], np.int32))
        shape = (1, 1, 1, x.shape[3]) if keep else (1, x.shape[3])
        quant = (x.quant[0] / 2, x.quant[1])
        return self._op("MEAN", [x.index, axes], shape, quant, 2, keep_dims=keep)

    def reshape(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """RESHAPE."""
        wanted = self._builder.const(np.array(shape, np.int32))
        return self._op("RESHAPE", [x.index, wanted], shape, x.quant, new_shape=list(shape))

    def add(self, a: Tensor, b: Tensor, act: str = "NONE") -> Tensor:
        """ADD."""
        how = {"fused_activation_function": act}
        return self._op("ADD", [a.index, b.index], a.shape, _QUANTS[act], 2, **how)

    def mul(self, a: Tensor, b: Tensor) -> Tensor:
        """MUL; the second may be one number per channel."""
        quant = (a.quant[0] * b.quant[0] * 160, 3)
        return self._op("MUL", [a.index, b.index], a.shape, quant, 2)

    def concatenate(self, parts: Sequence[Tensor]) -> Tensor:
        """CONCATENATION of channels."""
        first = parts[0]
        shape = (*first.shape[:3], sum(part.shape[3] for part in parts))
        operands = [part.index for part in parts]
        return self._op("CONCATENATION", operands, shape, first.quant, 2, axis=3)

    def logistic(self, x: Tensor) -> Tensor:
        """LOGISTIC."""
        return self._op("LOGISTIC", [x.index], x.shape, (1 / 256, -128), 2)

    def hard_swish(self, x: Tensor) -> Tensor:
        """HARD_SWISH."""
        return self._op("HARD_SWISH", [x.index], x.shape, (x.quant[0], -100))

    def softmax(self, x: Tensor) -> Tensor:
        """SOFTMAX."""
        return self._op("SOFTMAX", [x.index], x.shape, (1 / 256, -128), 2, beta=1.0)

    def swish(self, x: Tensor) -> Tensor:
        """x * sigmoid(x), as the converter leaves it."""
        return self.mul(x, self.logistic(x))

    def _op(
        self,
        name: str,
        operands: list[int],
        shape: tuple[int, ...],
        quant: tuple[float, int],
        version: int = 1,
        **options: Any,
    ) -> Tensor:
        output = self._builder.tensor(shape, *quant)
        self._builder.op(name, operands, [output], version, **options)
        return Tensor(output, shape, quant)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _size(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int:
    if padding == "SAME":
        return -(-size // stride)
    return (size - (kernel - 1) * dilation - 1) // stride + 1


# --- networks ------------------------------------------------------------------------------


def resnet(shape: Sequence[int], widths: Sequence[int], **how: Any) -> bytes:
    """ResNet-8's blocks: two 3x3 and a shortcut."""
    net = Net(shape, **how)
    x = net.conv(net.entry, widths[0], act="RELU")
    for number, width in enumerate(widths):
        stride = 1 if number == 0 else 2
        y = net.conv(x, width, 3, stride, act="RELU")
        y = net.conv(y, width, act="NONE")
        if y.shape != x.shape:
            x = net.conv(x, width, 1, stride, act="NONE")
        x = net.add(x, y, act="RELU")
    x = net.pool(x, x.shape[1:3], x.shape[1:3], "AVERAGE")
    return net.finish(net.softmax(net.dense(x, 10, "NONE")))


def mobilenet_v1(shape: Sequence[int], widths: Sequence[int], **how: Any) -> bytes:
    """Depthwise 3x3 and pointwise in turn, every second with stride 2."""
    net = Net(shape, **how)
    x = net.conv(net.entry, widths[0], 3, 2)
    for number, width in enumerate(widths):
        x = net.conv(net.depthwise(x, 3, 1 + number % 2), width, 1)
    return net.finish(net.softmax(net.dense(net.mean(x), 10, "NONE")))


Gate = Callable[[Net, Tensor], Tensor]


def inverted(
    shape: Sequence[int],
    blocks: Sequence[tuple[int, int, int, int]],
    *,
    act: Gate | None = None,
    gate: Gate | None = None,
    **how: Any,
) -> bytes:
    """MobileNetV2, V3, EfficientNet: expand, depthwise, gate, project, a residual where it fits.

    Args:
        shape: of the input.
        blocks: (expansion, kernel, stride, channels) each.
        act: the activation, where it is not RELU6.
        gate: what stands between depthwise and projection.
    """
    net = Net(shape, **how)
    inner = "RELU6" if act is None else "NONE"

    def activated(x: Tensor) -> Tensor:
        return x if act is None else act(net, x)

    x = activated(net.conv(net.entry, blocks[0][3], 3, 2, act=inner))
    for expansion, kernel, stride, channels in blocks:
        y = x
        if expansion != 1:
            y = activated(net.conv(y, x.shape[3] * expansion, 1, act=inner))
        y = activated(net.depthwise(y, kernel, stride, act=inner))
        if gate is not None:
            y = gate(net, y)
        y = net.conv(y, channels, 1, act="NONE")
        x = net.add(x, y) if x.shape == y.shape else y
    x = activated(net.conv(x, 2 * x.shape[3], 1, act=inner))
    return net.finish(net.softmax(net.dense(net.mean(x), 10, "NONE")))


def squeeze_excite(net: Net, x: Tensor) -> Tensor:
    """One factor per channel, out of the means."""
    squeezed = net.conv(net.mean(x, keep=True), max(4, x.shape[3] // 4), 1, act="RELU")
    return net.mul(x, net.logistic(net.conv(squeezed, x.shape[3], 1, act="NONE")))


def squeezenet(shape: Sequence[int], width: int, first: int = 3, **how: Any) -> bytes:
    """Fire modules between pools."""
    net = Net(shape, **how)
    x = net.conv(net.entry, 4 * width, first, 2, act="RELU", padding="VALID")
    for number in range(1, 4):
        x = net.pool(x, 3, 2)
        squeezed = net.conv(x, number * width, 1, act="RELU")
        wide = [net.conv(squeezed, 4 * number * width, k, act="RELU") for k in (1, 3)]
        x = net.concatenate(wide)
    x = net.conv(x, 10, 1, act="RELU")
    return net.finish(net.softmax(net.mean(x)))


def autoencoder(units: Sequence[int], **how: Any) -> bytes:
    """Dense layers; the first of ``units`` are the inputs."""
    net = Net(units[:1], **how)
    x = net.entry
    for count in units[1:-1]:
        x = net.dense(x, count)
    return net.finish(net.dense(x, units[-1], "NONE"))


def ds_cnn(
    shape: Sequence[int], width: int, first: Any, strides: Any, kernel: Any = 3, **how: Any
) -> bytes:
    """Keyword spotting: a tall first window, then depthwise and pointwise in turn."""
    padding = how.pop("padding", "SAME")
    net = Net(shape, **how)
    x = net.conv(net.entry, width, first, strides, act="RELU", padding=padding)
    for _ in range(3):
        x = net.depthwise(x, kernel, act="RELU", padding=padding)
        x = net.conv(x, width, 1, act="RELU")
    x = net.pool(x, x.shape[1:3], x.shape[1:3], "AVERAGE")
    return net.finish(net.softmax(net.dense(x, 12, "NONE")))


def over_time(steps: int, channels: int, width: int, **how: Any) -> bytes:
    """Conv1D as the converter leaves it: images of one row; dilated ones and strides."""
    net = Net((1, steps, channels), **how)
    x = net.conv(net.entry, width, (1, 9), (1, 2), act="RELU")
    x = net.conv(x, width, (1, 3), dilation=2, act="RELU")
    x = net.pool(x, (1, 2), (1, 2))
    x = net.depthwise(x, (1, 5), act="RELU")
    x = net.conv(x, 2 * width, (1, 3), act="RELU", padding="VALID")
    return net.finish(net.softmax(net.dense(net.mean(x), 6, "NONE")))


_V2 = ((1, 3, 1, 8), (6, 3, 2, 12), (6, 3, 1, 12), (6, 3, 2, 16), (6, 3, 2, 20))
_V3 = ((1, 3, 2, 8), (4, 3, 2, 12), (3, 5, 1, 12), (6, 5, 2, 20), (6, 5, 1, 20))
_LITE = ((1, 3, 1, 8), (6, 5, 2, 12), (6, 5, 1, 12), (6, 3, 2, 20))

NETS: Mapping[str, Callable[[], bytes]] = {
    "resnet": lambda: resnet((16, 16, 3), (8, 16, 24)),
    "mobilenet_v1": lambda: mobilenet_v1((32, 32, 3), (8, 16, 24, 32)),
    "mobilenet_v2": lambda: inverted((32, 32, 3), _V2),
    "mobilenet_v3": lambda: inverted((32, 32, 3), _V3, act=Net.hard_swish, gate=squeeze_excite),
    "efficientnet_lite": lambda: inverted((32, 32, 3), _LITE),
    "efficientnet": lambda: inverted((24, 24, 3), _LITE, act=Net.swish, gate=squeeze_excite),
    "squeezenet": lambda: squeezenet((47, 47, 3), 4),
    "autoencoder": lambda: autoencoder((128, 64, 32, 8, 32, 64, 128)),
    "ds_cnn": lambda: ds_cnn((25, 10, 1), 16, (10, 4), 2),
    "over_time": lambda: over_time(64, 3, 8),
}
"""One of each kind."""

VARIANTS: Mapping[str, Callable[[], bytes]] = {
    "resnet, 1 channel, odd widths": lambda: resnet((14, 14, 1), (7, 13, 18)),
    "resnet, scales per tensor": lambda: resnet((12, 20, 3), (8, 12), per_channel=False),
    "resnet, 8 px": lambda: resnet((8, 8, 3), (8, 16, 24)),
    "mobilenet_v1, odd sizes": lambda: mobilenet_v1((37, 29, 1), (5, 9, 13, 22)),
    "mobilenet_v1, to one pixel": lambda: mobilenet_v1((16, 16, 3), (8, 8, 16, 16, 24, 24, 32)),
    "mobilenet_v2, 1 channel": lambda: inverted((25, 31, 1), _V2),
    "mobilenet_v2, scales per tensor": lambda: inverted((24, 24, 3), _V2, per_channel=False),
    "mobilenet_v3, odd sizes": lambda: inverted(
        (29, 23, 3), _V3, act=Net.hard_swish, gate=squeeze_excite
    ),
    "efficientnet, 1 channel": lambda: inverted(
        (33, 21, 1), _LITE, act=Net.swish, gate=squeeze_excite
    ),
    "squeezenet, 7x7 first": lambda: squeezenet((63, 55, 1), 3, 7),
    "autoencoder, odd sizes": lambda: autoencoder((257, 67, 33, 5, 33, 67, 257)),
    "ds_cnn, 5x5": lambda: ds_cnn((25, 10, 1), 13, (10, 4), (2, 1), 5),
    "ds_cnn, over time": lambda: ds_cnn((49, 10, 1), 12, (8, 3), (2, 2), (9, 1)),
    "ds_cnn, valid": lambda: ds_cnn((33, 21, 1), 16, (8, 5), (1, 1), (3, 5), padding="VALID"),
    "over_time, odd sizes": lambda: over_time(101, 1, 7),
}
"""What else there may be of them."""
