"""RESHAPE and its kind, which move no byte."""

from __future__ import annotations

from tinybench.compiler.fold.parts import plain, without
from tinybench.model.graph import Graph

VIEW_OPS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})


def fold_views(graph: Graph, why: dict[int, str]) -> tuple[Graph, dict[int, int]]:
    """The graph without views, and for each of them the tensor whose bytes it shows."""
    views: dict[int, int] = {}
    gone: set[int] = set()
    for op in graph.ops:
        if op.name not in VIEW_OPS or not plain(op, 1):
            continue
        source, out = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
        alike = source.elements == out.elements and source.dtype == out.dtype
        if source.data is None and alike:
            views[out.index] = views.get(source.index, source.index)
            gone.add(op.index)
            why[op.index] = "view"
    return without(graph, gone), views
