"""Graph -> smaller graph, with the same result: what need not happen on the device.

Constant integer arithmetic on shapes disappears, QUANTIZE and DEQUANTIZE at the edge move to
the host, PAD becomes part of the convolution that reads it, reshapes become views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.program import Boundary
from tinybench.model.graph import Graph, Op, Tensor

EXPLICIT_PADDING = "explicit_padding"  # (top, bottom, left, right), in place of SAME/VALID

VIEW_OPS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
_INTEGERS = frozenset({"int8", "uint8"})


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
    graph = _fold_constants(graph, why)
    graph, inputs = _fold_inputs(graph, why)
    graph, outputs = _fold_outputs(graph, why)
    graph = _fold_pads(graph, why)
    graph, views = _fold_views(graph, why)
    return Folded(graph, inputs, outputs, views, why)


def consumers(graph: Graph, tensor: int) -> list[Op]:
    """The ops that read a tensor."""
    return [op for op in graph.ops if tensor in op.inputs]


def _without(graph: Graph, gone: set[int]) -> Graph:
    return replace(graph, ops=tuple(op for op in graph.ops if op.index not in gone))


# --- constants ---------------------------------------------------------------------------


def _shape(op: Op, inputs: list[Tensor]) -> NDArray[np.int32]:
    return np.array(inputs[0].shape, np.int32)


def _strided_slice(op: Op, inputs: list[Tensor]) -> NDArray[np.int32] | None:
    data, begin, end, strides = (t.data for t in inputs[:4])
    if data is None or begin is None or end is None or strides is None:
        return None
    if op.options.get("ellipsis_mask") or op.options.get("new_axis_mask"):
        return None
    index: list[slice | int] = []
    for axis in range(begin.size):
        bit = 1 << axis
        b, e, s = int(begin[axis]), int(end[axis]), int(strides[axis])
        if op.options.get("shrink_axis_mask", 0) & bit:
            index.append(b)
            continue
        index.append(
            slice(
                None if op.options.get("begin_mask", 0) & bit else b,
                None if op.options.get("end_mask", 0) & bit else e,
                s,
            )
        )
    return np.asarray(data[tuple(index)])


def _pack(op: Op, inputs: list[Tensor]) -> NDArray[np.int32] | None:
    values = [t.data for t in inputs]
    if any(v is None for v in values):
        return None
    return np.stack([np.asarray(v) for v in values], axis=int(op.options.get("axis", 0)))


_CONSTANT_OPS: dict[str, Callable[[Op, list[Tensor]], NDArray[np.int32] | None]] = {
    "SHAPE": _shape,
    "STRIDED_SLICE": _strided_slice,
    "PACK": _pack,
}


def _fold_constants(graph: Graph, why: dict[int, str]) -> Graph:
    """Computes SHAPE, STRIDED_SLICE and PACK on int32 where the operands are known."""
    tensors = list(graph.tensors)
    gone: set[int] = set()
    for op in graph.ops:
        rule = _CONSTANT_OPS.get(op.name)
        if rule is None or tensors[op.outputs[0]].dtype != "int32":
            continue
        try:
            value = rule(op, [tensors[i] for i in op.inputs])
        except (IndexError, ValueError):
            continue  # a malformed op; lowering will name it
        if value is None:
            continue
        out = tensors[op.outputs[0]]
        tensors[out.index] = replace(out, data=value, shape=value.shape)
        gone.add(op.index)
        why[op.index] = "constant"
    return _without(replace(graph, tensors=tuple(tensors)), gone)


# --- the edge ----------------------------------------------------------------------------


def _boundary_in(outer: Tensor, inner: Tensor) -> Boundary | None:
    if inner.dtype != "int8" or inner.quant is None:
        return None
    if outer.dtype == "float32":
        return Boundary("quantize", "float32")
    if outer.dtype in _INTEGERS - {inner.dtype} and outer.quant is not None:
        return Boundary(
            "requantize",
            outer.dtype,
            float(outer.quant.scale[0]),
            int(outer.quant.zero_point[0]),
        )
    return None


def _fold_inputs(
    graph: Graph, why: dict[int, str]
) -> tuple[Graph, tuple[tuple[int, Boundary | None], ...]]:
    inputs: list[tuple[int, Boundary | None]] = []
    gone: set[int] = set()
    for tensor in graph.inputs:
        readers = consumers(graph, tensor)
        boundary = None
        if len(readers) == 1 and readers[0].name == "QUANTIZE" and tensor not in graph.outputs:
            inner = readers[0].outputs[0]
            boundary = _boundary_in(graph.tensors[tensor], graph.tensors[inner])
        if boundary is None:
            inputs.append((tensor, None))
            continue
        inputs.append((readers[0].outputs[0], boundary))
        gone.add(readers[0].index)
        why[readers[0].index] = "done on the host"
    return _without(graph, gone), tuple(inputs)


def _fold_outputs(
    graph: Graph, why: dict[int, str]
) -> tuple[Graph, tuple[tuple[int, Boundary | None], ...]]:
    outputs: list[tuple[int, Boundary | None]] = []
    gone: set[int] = set()
    producers = {op.outputs[0]: op for op in graph.ops if op.outputs}
    for tensor in graph.outputs:
        op = producers.get(tensor)
        outer = graph.tensors[tensor]
        boundary = None
        if op is not None and not consumers(graph, tensor):
            inner = graph.tensors[op.inputs[0]]
            if op.name == "DEQUANTIZE" and inner.dtype == "int8" and outer.dtype == "float32":
                boundary = Boundary("dequantize", "float32")
            elif op.name == "QUANTIZE" and inner.dtype == "int8" and outer.dtype == "uint8":
                boundary = _boundary_in(outer, inner)
        if op is None or boundary is None or graph.outputs.count(tensor) > 1:
            outputs.append((tensor, None))
            continue
        outputs.append((op.inputs[0], boundary))
        gone.add(op.index)
        why[op.index] = "done on the host"
    return _without(graph, gone), tuple(outputs)


# --- padding and views -------------------------------------------------------------------


def _foldable_pad(graph: Graph, op: Op) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) where a PAD only surrounds the image with zeros."""
    source, paddings = graph.tensors[op.inputs[0]], graph.tensors[op.inputs[1]].data
    out = graph.tensors[op.outputs[0]]
    if op.name != "PAD" or paddings is None or paddings.shape != (4, 2) or out.dtype != "int8":
        return None
    if paddings[0].any() or paddings[3].any() or (paddings < 0).any():
        return None
    if source.quant is None or out.quant is None or op.outputs[0] in graph.outputs:
        return None
    same_zero = source.quant.zero_point[0] == out.quant.zero_point[0]
    if not same_zero or source.quant.scale[0] != out.quant.scale[0]:
        return None
    (top, bottom), (left, right) = paddings[1], paddings[2]
    return int(top), int(bottom), int(left), int(right)


def _fold_pads(graph: Graph, why: dict[int, str]) -> Graph:
    """A PAD read by VALID convolutions only becomes their own padding."""
    ops = {op.index: op for op in graph.ops}
    for pad in graph.ops:
        if pad.name != "PAD" or len(pad.inputs) != 2:
            continue
        sides = _foldable_pad(graph, pad)
        readers = consumers(graph, pad.outputs[0])
        if sides is None or not readers or not all(_takes_padding(r, pad) for r in readers):
            continue
        for reader in readers:
            ops[reader.index] = replace(
                reader,
                inputs=(pad.inputs[0], *reader.inputs[1:]),
                options={**reader.options, EXPLICIT_PADDING: sides},
            )
        del ops[pad.index]
        why[pad.index] = "padding of op " + ", ".join(str(r.index) for r in readers)
    return replace(graph, ops=tuple(ops.values()))


def _takes_padding(reader: Op, pad: Op) -> bool:
    return (
        reader.name in ("CONV_2D", "DEPTHWISE_CONV_2D")
        and reader.options.get("padding") == "VALID"
        and reader.inputs[0] == pad.outputs[0]
        and pad.outputs[0] not in reader.inputs[1:]
    )


def _fold_views(graph: Graph, why: dict[int, str]) -> tuple[Graph, dict[int, int]]:
    """RESHAPE and its kind move no byte."""
    views: dict[int, int] = {}
    gone: set[int] = set()
    for op in graph.ops:
        if op.name not in VIEW_OPS or not op.inputs or not op.outputs:
            continue
        source, out = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
        if source.data is None and source.nbytes == out.nbytes and source.dtype == out.dtype:
            views[out.index] = views.get(source.index, source.index)
            gone.add(op.index)
            why[op.index] = "view"
    return _without(graph, gone), views
