"""Graph -> smaller graph, with the same result: what need not happen on the device.

Constant integer arithmetic on shapes disappears, QUANTIZE and DEQUANTIZE at the edge move to
the host, PAD becomes part of the convolution that reads it, reshapes become views.

An op that a rule does not understand stays: lowering then says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinybench.compiler.fold.constants import CONSTANT_OPS, fold_constants
from tinybench.compiler.fold.edge import fold_inputs, fold_outputs
from tinybench.compiler.fold.padding import EXPLICIT_PADDING, fold_pads
from tinybench.compiler.fold.views import VIEW_OPS, fold_views
from tinybench.compiler.program import Boundary
from tinybench.model.graph import Graph

__all__ = ["EXPLICIT_PADDING", "FOLDED_ONLY", "FOLDINGS", "Folded", "fold"]

# Ops that no kernel computes -> why one of them may be left after folding.
FOLDED_ONLY: Mapping[str, str] = {
    **dict.fromkeys(
        VIEW_OPS,
        "only an activation that keeps its type and its number of elements can be reshaped",
    ),
    "SHAPE": "only as int32, known at build time",
}

# What becomes of an op where it folds; docs/ops.md shows it.
FOLDINGS: Mapping[str, str] = {
    **dict.fromkeys(VIEW_OPS, "a view"),
    **dict.fromkeys(CONSTANT_OPS, "int32 known at build time: a constant"),
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE"), "at an input or output: done on the host"),
    "PAD": "before VALID convolutions: their padding",
}


@dataclass(frozen=True)
class Folded:
    """A graph without what was folded.

    Attributes:
        graph: ops left, with the tensors as they were (constants filled in).
        inputs, outputs: the device's tensors, in the file's order, each with what the host does.
        views: tensor -> tensor with the same bytes.
        why: op index -> what became of an op that is gone.
    """

    graph: Graph
    inputs: tuple[tuple[int, Boundary | None], ...]
    outputs: tuple[tuple[int, Boundary | None], ...]
    views: Mapping[int, int]
    why: Mapping[int, str]


def fold(graph: Graph) -> Folded:
    """Applies every folding; the graph itself is not changed."""
    why: dict[int, str] = {}
    graph = fold_constants(graph, why)
    graph, inputs = fold_inputs(graph, why)
    graph, outputs = fold_outputs(graph, why)
    graph = fold_pads(graph, {tensor for tensor, _ in outputs}, why)
    graph, views = fold_views(graph, why)
    return Folded(graph, inputs, outputs, views, why)
