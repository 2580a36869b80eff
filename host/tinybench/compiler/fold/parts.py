"""What the foldings share."""

from __future__ import annotations

from dataclasses import replace

from tinybench.model.graph import Graph, Op, Tensor


def readers_of(graph: Graph) -> dict[int, list[Op]]:
    """Tensor -> the ops that read it, each once; tensors that nobody reads are missing."""
    readers: dict[int, list[Op]] = {}
    for op in graph.ops:
        for tensor in set(op.inputs):
            readers.setdefault(tensor, []).append(op)
    return readers


def without(graph: Graph, gone: set[int]) -> Graph:
    """The graph without the ops of these indices."""
    return replace(graph, ops=tuple(op for op in graph.ops if op.index not in gone))


def plain(op: Op, inputs: int) -> bool:
    """Whether an op has one output and at least so many inputs, none of them left out."""
    return len(op.outputs) == 1 and len(op.inputs) >= inputs and min(op.inputs, default=0) >= 0


def one_scale(tensor: Tensor) -> bool:
    """Whether a tensor has one scale, above 0, for all of its elements."""
    return tensor.quant is not None and tensor.quant.scale.size == 1 and tensor.quant.scale[0] > 0
