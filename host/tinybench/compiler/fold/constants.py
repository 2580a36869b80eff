"""SHAPE, STRIDED_SLICE and PACK on int32, computed at build time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fold.parts import plain, without
from tinybench.model.graph import Graph, Op, Tensor

MAX_ELEMENTS = 64  # of a shape, however it was put together

Values = list[NDArray[Any]]


def fold_constants(graph: Graph, why: dict[int, str]) -> Graph:
    """Computes what follows from shapes and from small constants."""
    tensors = list(graph.tensors)
    gone: set[int] = set()
    for op in graph.ops:
        value = _value(op, tensors)
        if value is None:
            continue
        out = tensors[op.outputs[0]]
        tensors[out.index] = replace(out, data=value, shape=value.shape)
        gone.add(op.index)
        why[op.index] = "constant"
    return without(replace(graph, tensors=tuple(tensors)), gone)


def _value(op: Op, tensors: list[Tensor]) -> NDArray[np.int32] | None:
    """What the op computes; None where it is another op, malformed or not of constants."""
    if op.name not in CONSTANT_OPS or not plain(op, 1):
        return None
    if tensors[op.outputs[0]].dtype != "int32":
        return None
    inputs = [tensors[i] for i in op.inputs]
    if op.name == "SHAPE":
        return np.array(inputs[0].shape, np.int32)
    values = [t.data for t in inputs if t.data is not None]
    if len(values) < len(inputs) or any(t.dtype != "int32" for t in inputs):
        return None
    if sum(v.size for v in values) > MAX_ELEMENTS:
        return None
    try:
        return np.asarray(_RULES[op.name](op, values), np.int32)
    except (IndexError, ValueError):
        return None


def _strided_slice(op: Op, values: Values) -> NDArray[np.int32]:
    """The slice; negative numbers count from the end, as they do for NumPy.

    Raises:
        ValueError: number or shape of the operands, or an option that shapes do not need.
    """
    data, begin, end, strides = values
    begins, ends, steps = begin.tolist(), end.tolist(), strides.tolist()
    if any(op.options.get(name) for name in ("ellipsis_mask", "new_axis_mask", "offset")):
        raise ValueError("not understood")
    index: list[slice | int] = []
    for axis, (first, last, step) in enumerate(zip(begins, ends, steps, strict=True)):
        bit = 1 << axis
        open_first = op.options.get("begin_mask", 0) & bit
        open_last = op.options.get("end_mask", 0) & bit
        if op.options.get("shrink_axis_mask", 0) & bit:
            index.append(0 if open_first else first)
        else:
            index.append(slice(None if open_first else first, None if open_last else last, step))
    return np.asarray(data[tuple(index)])


def _pack(op: Op, values: Values) -> NDArray[np.int32]:
    return np.stack(values, axis=int(op.options.get("axis", 0)))


_RULES: dict[str, Callable[[Op, Values], NDArray[np.int32]]] = {
    "PACK": _pack,
    "STRIDED_SLICE": _strided_slice,
}
CONSTANT_OPS = ("SHAPE", *_RULES)
