"""QUANTIZE and DEQUANTIZE at the graph's edge, which the host does instead of the device."""

from __future__ import annotations

from collections import Counter

from tinybench.compiler.fixedpoint import quantize_multiplier
from tinybench.compiler.fold.parts import one_scale, plain, readers_of, without
from tinybench.compiler.program import Boundary
from tinybench.model.graph import Graph, Op, Tensor

Edge = tuple[tuple[int, Boundary | None], ...]


def fold_inputs(graph: Graph, why: dict[int, str]) -> tuple[Graph, Edge]:
    """Inputs that only one QUANTIZE reads: its result is the device's input."""
    readers = readers_of(graph)
    edge: list[tuple[int, Boundary | None]] = []
    gone: set[int] = set()
    for tensor in graph.inputs:
        ops = readers.get(tensor, [])
        boundary = _input_boundary(graph, ops[0]) if len(ops) == 1 else None
        if boundary is None or tensor in graph.outputs:
            edge.append((tensor, None))
            continue
        edge.append((ops[0].outputs[0], boundary))
        gone.add(ops[0].index)
        why[ops[0].index] = "done on the host"
    return without(graph, gone), tuple(edge)


def fold_outputs(graph: Graph, why: dict[int, str]) -> tuple[Graph, Edge]:
    """Outputs that only a (DE)QUANTIZE writes and no op reads: its source is the device's."""
    readers, asked = readers_of(graph), Counter(graph.outputs)
    writers = {op.outputs[0]: op for op in graph.ops if op.outputs}
    edge: list[tuple[int, Boundary | None]] = []
    gone: set[int] = set()
    for tensor in graph.outputs:
        op = writers.get(tensor)
        boundary = _output_boundary(graph, op) if op is not None else None
        if op is None or boundary is None or tensor in readers or asked[tensor] > 1:
            edge.append((tensor, None))
            continue
        edge.append((op.inputs[0], boundary))
        gone.add(op.index)
        why[op.index] = "done on the host"
    return without(graph, gone), tuple(edge)


def _input_boundary(graph: Graph, op: Op) -> Boundary | None:
    if op.name != "QUANTIZE" or not plain(op, 1):
        return None
    outer, inner = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    if not _is_activation(inner) or outer.elements != inner.elements:
        return None
    if outer.dtype == "float32":
        return Boundary("quantize", "float32")
    same_width = (outer.dtype, inner.dtype) == ("uint8", "int8")
    return _requantize(outer, outer, inner) if same_width else None


def _output_boundary(graph: Graph, op: Op) -> Boundary | None:
    if not plain(op, 1):
        return None
    inner, outer = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    if not _is_activation(inner) or outer.elements != inner.elements:
        return None
    if op.name == "DEQUANTIZE" and outer.dtype == "float32":
        return Boundary("dequantize", "float32")
    if op.name == "QUANTIZE" and (inner.dtype, outer.dtype) == ("int8", "uint8"):
        return _requantize(outer, inner, outer)
    return None


def _is_activation(tensor: Tensor) -> bool:
    return tensor.dtype in ("int8", "int16") and one_scale(tensor)


def _requantize(outer: Tensor, source: Tensor, target: Tensor) -> Boundary | None:
    """From one scale to another; None where they are too far apart."""
    if not one_scale(outer):
        return None
    assert source.quant is not None and target.quant is not None and outer.quant is not None
    try:
        quantize_multiplier(float(source.quant.scale[0]) / float(target.quant.scale[0]))
    except OverflowError:
        return None
    scale, zero_point = float(outer.quant.scale[0]), int(outer.quant.zero_point[0])
    return Boundary("requantize", outer.dtype, scale, zero_point)
