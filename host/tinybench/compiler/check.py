"""What every op and every model must be, before anyone looks at a particular op."""

from __future__ import annotations

from collections.abc import Iterator

from tinybench.compiler.fold import FOLDED_ONLY, Folded
from tinybench.compiler.lower import OPS
from tinybench.compiler.lower.context import Unsupported
from tinybench.compiler.program import Problem
from tinybench.model.graph import Graph, Op, Tensor

MAX_ARENA_BYTES = 32 << 20  # more RAM than microcontrollers have; bounds the replay's memory
MAX_OPS = 4096  # bounds the planner's work; models for microcontrollers have tens
MAX_RANK = 6  # TB_MAX_DIMS in firmware/core/tb_engine.h
MAX_DIMENSION = 0xFFFF  # the type of its dims
EDGE_TYPES = ("int8", "uint8", "int16", "int32", "float32")  # its enum tb_dtype


def check_size(graph: Graph) -> tuple[Problem, ...]:
    """What makes a model one that is not even looked at op by op."""
    if len(graph.ops) <= MAX_OPS:
        return ()
    return (_whole(f"{len(graph.ops)} ops, at most {MAX_OPS} are compiled"),)


def check_op(graph: Graph, op: Op) -> None:
    """Checks name, version and number of tensors, and that none of them is empty or huge.

    Raises:
        Unsupported: the first of them that is wrong.
    """
    spec = OPS.get(op.name)
    if spec is None:
        raise Unsupported(FOLDED_ONLY.get(op.name, "this op is not supported"))
    if op.version > spec.max_version:
        raise Unsupported(f"version {op.version}, up to {spec.max_version} is understood")
    if spec.max_inputs is not None and len(op.inputs) > spec.max_inputs:
        raise Unsupported(f"{len(op.inputs)} inputs, up to {spec.max_inputs} are understood")
    for index in (*op.inputs, *op.outputs):
        tensor = graph.tensors[index]
        if index >= 0 and tensor.elements == 0:
            raise Unsupported(f"tensor '{tensor.name}' has no elements")
        if index >= 0 and tensor.data is None and tensor.nbytes > MAX_ARENA_BYTES:
            raise Unsupported(
                f"tensor '{tensor.name}' takes {tensor.nbytes} bytes, up to {MAX_ARENA_BYTES} fit"
            )


def check_whole(folded: Folded) -> tuple[Problem, ...]:
    """What no graph may be, and inputs and outputs that a device cannot have."""
    problems = [_whole(reason) for reason in folded.graph.unsupported]
    if not folded.inputs:
        problems.append(_whole("it has no input"))
    tensors = folded.graph.tensors
    computed = {tensor for op in folded.graph.ops for tensor in op.outputs}
    computed |= {t for t, _ in folded.inputs}
    for t, _ in folded.inputs:
        reasons = [*_edge_reasons(tensors[t])]
        if tensors[t].data is not None:
            reasons.append("is constant")
        problems += [Problem(-1, "INPUT", f"tensor '{tensors[t].name}' {r}") for r in reasons]
    for t, _ in folded.outputs:
        reasons = [*_edge_reasons(tensors[t])]
        if folded.views.get(t, t) not in computed:
            reasons.append("is not computed")
        problems += [Problem(-1, "OUTPUT", f"tensor '{tensors[t].name}' {r}") for r in reasons]
    return tuple(problems)


def _edge_reasons(tensor: Tensor) -> Iterator[str]:
    if tensor.dtype not in EDGE_TYPES:
        yield f"is {tensor.dtype}, one of {', '.join(EDGE_TYPES)} is needed"
    if len(tensor.shape) > MAX_RANK:
        yield f"has the shape {tensor.shape}: more than {MAX_RANK} axes"
    if max(tensor.shape, default=0) > MAX_DIMENSION:
        yield f"has the shape {tensor.shape}: more than {MAX_DIMENSION} elements along an axis"
    if tensor.elements == 0:
        yield f"has no elements (shape {tensor.shape})"


def _whole(reason: str) -> Problem:
    """A problem of no op in particular."""
    return Problem(-1, "MODEL", reason)
