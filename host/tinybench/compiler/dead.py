"""Channels that need not be computed: nothing reads them, or they always have one value.

A channel is not read where every weight that would multiply it is zero. One that has the same
value for every input adds a constant to each sum of its readers, which goes into their biases:
exactly where the window stays inside of the image, so that every sum meets it equally often, and
anywhere if the value is the zero point, which adds nothing. Pruning leaves such channels, and so
does training.

They are followed from the convolution or dense layer that makes them through depthwise
convolutions, pools, means over the image and views to the convolutions and dense layers that read
them. A tensor that anything else reads stays whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.check import check_op
from tinybench.compiler.fold import Folded
from tinybench.compiler.fold.parts import readers_of
from tinybench.compiler.lower.context import Lowering, Unsupported, bias_values
from tinybench.compiler.lower.convolution import conv_shape, dense_shape, depthwise_shape
from tinybench.compiler.lower.packing import constant_output
from tinybench.compiler.lower.weights import Weights, output_limits, weights_for
from tinybench.compiler.shrink import Shrinking
from tinybench.model.graph import Graph, Op

_READERS = ("CONV_2D", "FULLY_CONNECTED")
_POOLS = ("MAX_POOL_2D", "AVERAGE_POOL_2D")
_INT32 = np.iinfo(np.int32)

Kept = dict[int, tuple[int, ...]]
Sums = NDArray[np.int64]


def drop_channels(folded: Folded) -> tuple[Folded, Kept]:
    """Leaves channels out of the graph, as long as that lets others go.

    Returns:
        The graph, and for each tensor that lost channels those that it still has, as numbered in
        the file.
    """
    kept: Kept = {}
    follow, busy = _Follow(folded.graph, folded), True
    while busy:
        busy = False
        for index in [op.index for op in reversed(follow.graph.ops)]:
            group = follow.group(index)
            gone = group.gone() if group is not None else {}
            if group is not None and gone:
                follow, busy = _Follow(_without(group, gone, kept), folded), True
    return replace(folded, graph=follow.graph), kept


@dataclass
class _Group:
    """Tensors that have the same channels, and the ops around them.

    Attributes:
        maker: the convolution or dense layer that makes the channels.
        channels: how many.
        constants: tensor -> channel -> the value that it always has.
        followers: ops between, which keep channels apart.
        readers: convolutions and dense layers, each with the tensor that it reads.
        views: tensors with the same bytes as one of ``constants``.
    """

    graph: Graph
    maker: Op
    channels: int
    constants: dict[int, Mapping[int, int]] = field(default_factory=dict)
    followers: list[Op] = field(default_factory=list)
    readers: list[tuple[Op, int]] = field(default_factory=list)
    views: list[int] = field(default_factory=list)

    def gone(self) -> dict[int, list[Sums]]:
        """Channels that can go -> what each adds to the sums of each reader."""
        added = [self._added(op, tensor) for op, tensor in self.readers]
        able = [c for c in range(self.channels) if all(c in sums for sums in added)]
        found = {c: [sums[c] for sums in added] for c in able[: self.channels - 1]}
        for place, (op, _) in enumerate(self.readers):
            bias = _bias(self.graph, op) + sum(sums[place] for sums in found.values())
            if np.any((bias < _INT32.min) | (bias > _INT32.max)):
                return {c: sums for c, sums in found.items() if not any(s.any() for s in sums)}
        return found

    def _added(self, op: Op, tensor: int) -> dict[int, Sums]:
        """Channels that a reader can do without -> what they add to its sums."""
        lowering = Lowering(self.graph, op)
        zero = lowering.int8_scale(lowering.input(0)).zero
        filters = by_channel(self.graph, op, self.channels).astype(np.int64)
        inside = op.name != "CONV_2D" or conv_shape(lowering)[1].stays_inside()
        found: dict[int, Sums] = {}
        for c in range(self.channels):
            weights = filters[:, :, c]
            value = self.constants[tensor].get(c)
            if not weights.any() or value == zero:
                found[c] = np.zeros(len(weights), np.int64)
            elif value is not None and inside:
                found[c] = (value - zero) * weights.sum(axis=1)
        return found


def by_channel(graph: Graph, op: Op, channels: int) -> NDArray[Any]:
    """A reader's filter as (units, taps, channels of its input)."""
    filters = graph.tensors[op.inputs[1]].data
    assert filters is not None
    return filters.reshape(len(filters), -1, channels)


def _bias(graph: Graph, op: Op) -> Sums:
    lowering = Lowering(graph, op)
    return np.asarray(bias_values(lowering, 2, len(lowering.constant(1, "int8"))), np.int64)


class _Follow:
    """Finds what hangs on the channels of an op."""

    def __init__(self, graph: Graph, folded: Folded) -> None:
        self.graph, self._readers = graph, readers_of(graph)
        self._ops = {op.index: op for op in graph.ops}
        self._held = {tensor for tensor, _ in (*folded.inputs, *folded.outputs)}
        self._views: dict[int, list[int]] = {}
        for view, source in folded.views.items():
            self._views.setdefault(source, []).append(view)

    def group(self, index: int) -> _Group | None:
        """The group of channels that an op makes; None where something else needs them."""
        maker = self._ops[index]
        if maker.name not in _READERS:
            return None
        try:
            with np.errstate(over="ignore"):
                weights = _weights(self.graph, maker)
                group = _Group(self.graph, maker, len(weights.filters))
                self._add(group, maker.outputs[0], weights.constants)
        except (Unsupported, OverflowError):
            return None
        return group

    def _add(self, group: _Group, tensor: int, constants: Mapping[int, int]) -> None:
        self._check(tensor, group)
        group.constants[tensor] = constants
        for op in self._readers.get(tensor, []):
            if op.name in _READERS:
                self._read(group, op, tensor, tensor)
            else:
                self._add(group, op.outputs[0], self._follow(group, op, tensor))
                group.followers.append(op)
        for view in self._views.get(tensor, ()):
            self._check(view, group)
            group.views.append(view)
            for op in self._readers.get(view, []):
                if op.name != "FULLY_CONNECTED":
                    raise Unsupported("its channels are not followed")
                self._read(group, op, view, tensor)

    def _check(self, tensor: int, group: _Group) -> None:
        found = self.graph.tensors[tensor]
        whole = found.shape[-1:] and found.shape[-1] % group.channels == 0
        if tensor in self._held or found.dtype != "int8" or not whole:
            raise Unsupported("it is needed as it is")

    def _read(self, group: _Group, op: Op, read: int, tensor: int) -> None:
        depth = len(_weights(self.graph, op).filters[0])
        if op.inputs[0] != read or read in op.inputs[1:]:
            raise Unsupported("it is read otherwise")
        whole = self.graph.tensors[read].shape[-1]
        if depth % group.channels or (op.name == "CONV_2D" and whole != group.channels):
            raise Unsupported("its channels are read in other groups")
        group.readers.append((op, tensor))

    def _follow(self, group: _Group, op: Op, tensor: int) -> Mapping[int, int]:
        """What is constant behind an op that keeps channels apart."""
        check_op(self.graph, op)
        if op.inputs[0] != tensor or tensor in op.inputs[1:] or len(op.outputs) != 1:
            raise Unsupported("it is read otherwise")
        if self.graph.tensors[op.outputs[0]].shape[-1:] != (group.channels,):
            raise Unsupported("its channels are mixed")
        before = group.constants[tensor]
        if op.name in _POOLS:
            fused = op.options.get("fused_activation_function", "NONE")
            return before if fused == "NONE" else {}
        if op.name == "MEAN" and _is_over_the_image(self.graph, op):
            return {}
        if op.name != "DEPTHWISE_CONV_2D":
            raise Unsupported("its channels are not followed")
        return _behind_depthwise(self.graph, op, before)


def _is_over_the_image(graph: Graph, op: Op) -> bool:
    axes = Lowering(graph, op).constant(1, "int32").reshape(-1)
    return graph.tensors[op.inputs[0]].shape[:1] == (1,) and sorted(axes % 4) == [1, 2]


def _weights(graph: Graph, op: Op) -> Weights:
    """What an op multiplies with; raises Unsupported where it has groups or cannot be lowered."""
    check_op(graph, op)
    lowering = Lowering(graph, op)
    if op.name == "DEPTHWISE_CONV_2D":
        filters, window = depthwise_shape(lowering)
        if window.in_c != window.out_c:
            raise Unsupported("its channels are mixed")
        return weights_for(lowering, np.ascontiguousarray(filters.reshape(-1, window.out_c).T), 3)
    if op.name == "CONV_2D":
        filters, _, groups = conv_shape(lowering)
        if groups != 1:
            raise Unsupported("its channels are read in groups")
    else:
        filters, _ = dense_shape(lowering)
    return weights_for(lowering, filters.reshape(len(filters), -1), 0)


def _behind_depthwise(graph: Graph, op: Op, before: Mapping[int, int]) -> Mapping[int, int]:
    """Channels that its weights make constant, and those whose input is always zero."""
    weights, lowering = _weights(graph, op), Lowering(graph, op)
    limits = output_limits(lowering, lowering.int8_scale(lowering.output))
    found = dict(weights.constants)
    for c, value in before.items():
        if value == weights.zero and c not in found:
            bias = int(weights.bias[c])
            constant = constant_output((bias, bias), weights.multipliers[c], limits)
            if constant is not None:
                found[c] = constant
    return found


def _without(group: _Group, gone: Mapping[int, list[Sums]], kept: Kept) -> Graph:
    """The graph without channels; what they added is in the biases of their readers."""
    graph = group.graph
    stay = [c for c in range(group.channels) if c not in gone]
    small = Shrinking(graph)
    small.makes(group.maker, 0, stay)
    for op in group.followers:
        if op.name == "DEPTHWISE_CONV_2D":
            small.makes(op, 3, stay)
    for place, (op, _) in enumerate(group.readers):
        filters = by_channel(graph, op, group.channels)[:, :, stay]
        added = sum((sums[place] for sums in gone.values()), np.zeros(len(filters), np.int64))
        small.reads(op, filters, _bias(graph, op) + added if added.any() else None)
    for tensor in (*group.constants, *group.views):
        small.narrow(tensor, len(stay), group.channels)
    for tensor in group.constants:
        before = kept.get(tensor, tuple(range(group.channels)))
        kept[tensor] = tuple(before[c] for c in stay)
    return small.graph
