"""A graph with fewer channels: the tensors and constants that change with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.model.graph import Graph, Op, Tensor


class Shrinking:
    """Collects changes to a graph; constants are copied, since ops may share them."""

    def __init__(self, graph: Graph) -> None:
        self._whole = graph
        self._tensors = list(graph.tensors)
        self._ops = {op.index: op for op in graph.ops}

    @property
    def graph(self) -> Graph:
        """The graph with all changes."""
        return replace(self._whole, tensors=tuple(self._tensors), ops=tuple(self._ops.values()))

    def makes(self, op: Op, axis: int, stay: Sequence[int]) -> None:
        """An op makes only these channels.

        Args:
            op: a convolution or dense layer.
            axis: of its filter, along its output channels.
            stay: the channels.
        """
        self._change(op, 1, lambda data: np.take(data, stay, axis), stay)
        if len(op.inputs) > 2 and op.inputs[2] >= 0:
            self._change(op, 2, lambda data: data.reshape(-1)[list(stay)], stay)

    def reads(self, op: Op, filters: NDArray[Any], bias: NDArray[np.int64] | None) -> None:
        """An op reads fewer channels, and has another bias if one is given."""
        shape = self._tensors[self._ops[op.index].inputs[1]].shape
        depth = filters.shape[-1] if len(shape) == 4 else filters.shape[1] * filters.shape[2]
        self._change(op, 1, lambda _: filters.reshape(*shape[:-1], depth))
        if bias is None:
            return
        if len(op.inputs) < 3 or op.inputs[2] < 0:
            own = self._ops[op.index]
            self._tensors.append(Tensor(len(self._tensors), "", "int32", bias.shape, None, bias))
            inputs = (*own.inputs[:2], len(self._tensors) - 1)
            self._ops[op.index] = replace(own, inputs=inputs)
        self._change(op, 2, lambda _: bias.astype(np.int32))

    def narrow(self, index: int, left: int, of: int) -> None:
        """An activation has fewer channels in its last dimension."""
        tensor = self._tensors[index]
        shape = (*tensor.shape[:-1], tensor.shape[-1] // of * left)
        self._tensors[index] = replace(tensor, shape=shape)

    def _change(self, op: Op, position: int, change: Any, stay: Sequence[int] = ()) -> None:
        """An op's constant is replaced by a changed copy, its scales with it."""
        own = self._ops[op.index]
        tensor = self._tensors[own.inputs[position]]
        data = np.ascontiguousarray(change(tensor.data))
        quant = tensor.quant
        if quant is not None and stay and quant.scale.size > 1:
            scales, zeros = quant.scale[list(stay)], quant.zero_point[list(stay)]
            quant = replace(quant, scale=scales, zero_point=zeros)
        index = len(self._tensors)
        self._tensors.append(replace(tensor, index=index, shape=data.shape, quant=quant, data=data))
        inputs = tuple(index if i == position else t for i, t in enumerate(own.inputs))
        self._ops[op.index] = replace(own, inputs=inputs)
