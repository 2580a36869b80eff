"""Which channels of a network belong together.

A channel of a tensor gets an identity. A layer that mixes channels makes new ones; one that works
on each by itself passes them on; an addition makes its operands' channels one. What comes out of
the network, and what a layer does that is not known here, cannot be taken out: it is *held*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.train.compress.network import Call, Network

Ids = NDArray[np.int64]

MIXING = frozenset({"Conv1D", "Conv2D", "Dense"})
_EACH_BY_ITSELF = frozenset({
    "Activation", "AveragePooling1D", "AveragePooling2D", "BatchNormalization", "Cropping2D",
    "Dropout", "ELU", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "LeakyReLU", "MaxPooling1D", "MaxPooling2D",
    "ReLU", "Rescaling", "SpatialDropout1D", "SpatialDropout2D", "UpSampling2D", "ZeroPadding1D",
    "ZeroPadding2D",
})  # fmt: skip
_JOINING = frozenset({"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"})


@dataclass
class Channels:
    """Identities of the channels (last axis) of every tensor of a network."""

    network: Network
    _of: dict[int, Ids] = field(default_factory=dict)
    _parent: list[int] = field(default_factory=list)
    _held: set[int] = field(default_factory=set)

    def of(self, tensor: Any) -> Ids:
        """The identity of each channel of a tensor, those that were joined being one."""
        return np.array([self._root(i) for i in self._of[id(tensor)]], np.int64)

    def is_held(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of them cannot be taken out."""
        held = {self._root(i) for i in self._held}
        return np.array([int(i) in held for i in ids], bool)

    def _root(self, number: int) -> int:
        number = int(number)
        while self._parent[number] != number:
            number = self._parent[number]
        return number

    def new(self, count: int, *, held: bool = False) -> Ids:
        """New identities."""
        first = len(self._parent)
        ids = np.arange(first, first + count)
        self._parent.extend(ids.tolist())
        if held:
            self.hold(ids)
        return ids

    def hold(self, ids: Ids) -> None:
        """These cannot be taken out."""
        self._held.update(int(i) for i in ids)

    def join(self, one: Ids, other: Ids) -> None:
        """Channel by channel, these go together."""
        for a, b in zip(one.tolist(), other.tolist(), strict=True):
            self._parent[self._root(b)] = self._root(a)

    def set(self, tensor: Any, ids: Ids) -> None:
        """Names a tensor's channels."""
        self._of[id(tensor)] = ids

    def get(self, tensor: Any) -> Ids:
        """The names that a tensor's channels were given."""
        return self._of[id(tensor)]


def follow_channels(network: Network) -> Channels:
    """Names the channels of every tensor."""
    channels = Channels(network)
    channels.set(network.entry, channels.new(network.entry.shape[-1], held=True))
    times = Counter(id(call.layer) for call in network.calls)
    for call in network.calls:
        rule = _rule(call) if times[id(call.layer)] == 1 or not has_weights(call) else _hold
        rule(channels, call)
    channels.hold(channels.get(network.end))
    return channels


def has_weights(call: Call) -> bool:
    """Whether it is a layer with weights; operations on tensors have none."""
    return bool(getattr(call.layer, "weights", ()))


def _rule(call: Call) -> Callable[[Channels, Call], None]:
    one = len(call.inputs) == 1 and len(call.outputs) == 1
    if call.kind in MIXING and one and getattr(call.layer, "groups", 1) == 1:
        return _mix
    if call.kind == "DepthwiseConv2D":
        return _depthwise
    if call.kind in _EACH_BY_ITSELF and one:
        return _pass
    if call.kind == "Flatten":
        return _flatten
    if call.kind == "Reshape" and call.inputs[0].shape[-1] == call.outputs[0].shape[-1]:
        return _pass
    if call.kind in _JOINING:
        return _join
    return _concatenate if call.kind == "Concatenate" else _hold


def _mix(channels: Channels, call: Call) -> None:
    channels.set(call.outputs[0], channels.new(call.outputs[0].shape[-1]))


def _depthwise(channels: Channels, call: Call) -> None:
    ids = channels.get(call.inputs[0])
    if call.layer.depth_multiplier != 1:
        channels.hold(ids)
    channels.set(call.outputs[0], np.repeat(ids, call.layer.depth_multiplier))


def _pass(channels: Channels, call: Call) -> None:
    channels.set(call.outputs[0], channels.get(call.inputs[0]))


def _flatten(channels: Channels, call: Call) -> None:
    ids = channels.get(call.inputs[0])
    channels.set(call.outputs[0], np.tile(ids, call.outputs[0].shape[-1] // len(ids)))


def _join(channels: Channels, call: Call) -> None:
    every = [channels.get(tensor) for tensor in call.inputs]
    widest = max(every, key=len)
    for ids in every:
        if len(ids) == len(widest):
            channels.join(widest, ids)
        else:
            channels.hold(ids)
    channels.set(call.outputs[0], widest)


def _concatenate(channels: Channels, call: Call) -> None:
    every = [channels.get(tensor) for tensor in call.inputs]
    rank = len(call.outputs[0].shape)
    if call.layer.axis in (-1, rank - 1):
        channels.set(call.outputs[0], np.concatenate(every))
        return
    for ids in every[1:]:
        channels.join(every[0], ids)
    channels.set(call.outputs[0], every[0])


def _hold(channels: Channels, call: Call) -> None:
    for tensor in call.inputs:
        channels.hold(channels.get(tensor))
    for tensor in call.outputs:
        channels.set(tensor, channels.new(tensor.shape[-1], held=True))
