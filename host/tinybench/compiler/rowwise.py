"""Elementwise calls and copies as links of a chain: the same kernel on one row at a time.

The rows that the link before makes are its first operand; a second one is there as a whole, or is
the same for every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tinybench.compiler.kernel import Kernel, Value
from tinybench.compiler.lower.elementwise import broadcast_fields
from tinybench.compiler.program import Step
from tinybench.compiler.window import Window
from tinybench.model.graph import Graph

COPY = "tb_copy_rows"
_LOOKUP = "tb_lookup"
# Binary kernels, and the fields that change places where the operands do.
_BINARY: Mapping[str, tuple[str, ...]] = {
    "tb_add": ("offset", "multiplier", "shift"),
    "tb_mul": ("offset",),
    "tb_maximum": (),
    "tb_minimum": (),
}


def elementwise_link(graph: Graph, step: Step, made: int | None) -> Step | None:
    """A step as a link, or None where it is none.

    Args:
        graph: its tensors.
        step: any.
        made: the tensor that the link before makes; None for a chain's first link.
    """
    shape = graph.tensors[step.output].shape
    if len(shape) != 4 or step.alone:
        return None
    if step.kernel.function == COPY:
        return _copy_link(graph, step)
    if step.kernel.function == _LOOKUP:
        row = {**step.kernel.fields, "count": shape[2] * shape[3]}
        return _link(step, shape, row, step.inputs)
    if step.kernel.function not in _BINARY:
        return None
    for swapped in (False, True):
        first, second = step.inputs[::-1] if swapped else step.inputs
        if made not in (None, first) or first == second or graph.tensors[first].data is not None:
            continue
        fields = _swapped(step.kernel) if swapped else step.kernel.fields
        rows = _row_shapes(graph, first, second, shape)
        if fields is not None and rows is not None:
            return _link(step, shape, {**fields, "shape": broadcast_fields(*rows)}, (first, second))
    return None


def _copy_link(graph: Graph, step: Step) -> Step | None:
    """Channels that are put between others'."""
    _, height, width, channels = graph.tensors[step.output].shape
    fields = step.kernel.fields
    share = fields["bytes"]
    assert isinstance(share, int)
    if (fields["rows"], fields["out_step"]) != (height * width, channels):
        return None
    window = _pointwise(height, width, share)._replace(out_c=channels)
    kernel = Kernel(step.kernel.function, {**fields, "rows": width})
    return replace(step, kernel=kernel, window=window)


def beside_row_bytes(graph: Graph, link: Step) -> int:
    """Bytes from one row of a link's second operand to the next; 0 where it is always the same."""
    _, height, width, channels = _padded(graph.tensors[link.inputs[1]].shape)
    return width * channels if height > 1 else 0


def _swapped(kernel: Kernel) -> Mapping[str, Value] | None:
    """The fields with operands a and b changed over; None where that makes a difference."""
    if kernel.fields.get("b_sign", 1) != 1:
        return None
    fields = dict(kernel.fields)
    for name in _BINARY[kernel.function]:
        fields[f"a_{name}"], fields[f"b_{name}"] = fields[f"b_{name}"], fields[f"a_{name}"]
    return fields


def _row_shapes(
    graph: Graph, first: int, second: int, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None:
    """Shapes of one row of both operands and of the output."""
    a, b = graph.tensors[first].shape, _padded(graph.tensors[second].shape)
    return (shape[2:], b[2:], shape[2:]) if a == shape else None


def _padded(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1,) * (4 - len(shape)) + shape


def _link(
    step: Step, shape: tuple[int, ...], fields: Mapping[str, Value], inputs: tuple[int, ...]
) -> Step:
    _, height, width, channels = shape
    window = _pointwise(height, width, channels)
    kernel = Kernel(step.kernel.function, fields)
    return replace(step, kernel=kernel, inputs=inputs, in_place=(), window=window)


def _pointwise(height: int, width: int, channels: int) -> Window:
    return Window(height, width, channels, height, width, channels, 1, 1, 1, 1, 1, 1, 0, 0)
