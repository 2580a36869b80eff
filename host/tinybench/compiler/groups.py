"""Channel groups: an expanding convolution and the depthwise one that reads it, in parts.

Where what comes after wants the depthwise output as a whole (the mean of a squeeze-and-excite),
the expanded tensor still need not exist: some channels at a time run through a small ring, each
row is put between the others' channels, and every weight is read once. No value is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tinybench.compiler.chains import MAX_LINKS, chain_of
from tinybench.compiler.kernel import ConstArray, Kernel, Value
from tinybench.compiler.program import Step, Target
from tinybench.compiler.rowwise import COPY
from tinybench.compiler.window import Window
from tinybench.model.graph import Graph

SIZES = (48, 32, 24, 16, 8)  # channels of a group that are tried; multiples of a block
_BLOCK = 4
_PER_CHANNEL = ("multiplier", "shift")
_DEPTHWISE = ("tb_depthwise", "tb_depthwise_any")


def with_group_rows(graph: Graph, steps: Sequence[Step]) -> tuple[Graph, dict[int, int]]:
    """The graph with one more tensor for each pair that could be grouped: its group's rows.

    Returns:
        The graph, and the tensor by the position of the pair's first step.
    """
    tensors = list(graph.tensors)
    rows: dict[int, int] = {}
    for i in range(len(steps) - 1):
        if _is_pair(*steps[i : i + 2]):
            out = tensors[steps[i + 1].output]
            rows[i] = len(tensors)
            tensors.append(
                replace(out, index=len(tensors), name=f"{out.name}, a group of channels")
            )
    return replace(graph, tensors=tuple(tensors)), rows


def channel_groups(
    graph: Graph, steps: Sequence[Step], rows: int, target: Target
) -> Iterator[tuple[Step, ...]]:
    """Every way to run a pair in groups, from few large ones to many small ones.

    Args:
        graph: with the tensor ``rows``.
        steps: the convolution and the depthwise one.
        rows: the tensor that a group's output is on its way.
        target: limits the constants of a chain.
    """
    window = steps[1].window
    assert window is not None
    for size in SIZES:
        if size < window.out_c:
            begins = range(0, window.out_c, size)
            ends = [min(begin + size, window.out_c) for begin in begins]
            chains = [
                _group(graph, steps, rows, (begin, end), target)
                for begin, end in zip(begins, ends, strict=True)
            ]
            if all(chain is not None for chain in chains):
                yield tuple(chain for chain in chains if chain is not None)


def tap_of(graph: Graph, number: int, position: int, part: Step) -> int:
    """As what tensor a tap build tells of what a part makes.

    Its output; where it makes only some of the output's channels, a number beyond all tensors.

    Args:
        graph: of the program.
        number, position: of the step in the program, and of the part in the step.
        part: a link, or the step itself.
    """
    if part.window is None or part.window.out_bytes == graph.tensors[part.output].nbytes:
        return part.output
    return len(graph.tensors) + number * MAX_LINKS + position


def _is_pair(expand: Step, depthwise: Step) -> bool:
    fields, window = expand.kernel.fields, expand.window
    return (
        expand.kernel.function == "tb_conv2d"
        and depthwise.kernel.function in _DEPTHWISE
        and window is not None
        and fields["group_out"] == window.out_c
        and depthwise.kernel.fields["depth_multiplier"] == 1
        and depthwise.inputs == (expand.output,)
    )


def _group(
    graph: Graph, steps: Sequence[Step], rows: int, channels: tuple[int, int], target: Target
) -> Step | None:
    """Convolution, depthwise and copy of channels first, ..., end - 1 as a chain."""
    expand, depthwise = steps
    first, end = channels
    shape = graph.tensors[depthwise.output].shape
    copy: dict[str, Value] = {
        "rows": shape[1] * shape[2],
        "bytes": end - first,
        "out_step": shape[3],
        "out_offset": first,
    }
    ops = expand.ops + depthwise.ops
    blocks = slice(first // _BLOCK, -(-end // _BLOCK))
    links = [
        _part(expand, first, end, blocks, expand.output),
        _part(depthwise, first, end, slice(first, end), rows),
        Step(ops, depthwise.label, Kernel(COPY, copy), (rows,), depthwise.output),
    ]
    chain = chain_of(graph, links, target)
    label = f"{expand.label} > {depthwise.label}, channels {first}-{end - 1}"
    return None if chain is None else replace(chain, ops=ops, label=label)


def _part(step: Step, first: int, end: int, filters: slice, output: int) -> Step:
    """A step that makes only some channels."""
    window, fields = step.window, dict(step.kernel.fields)
    assert window is not None
    share = end - first
    depthwise = step.kernel.function in _DEPTHWISE
    window = window._replace(out_c=share, in_c=share if depthwise else window.in_c)
    fields["window"] = window
    if not depthwise:
        fields["group_out"] = share
    by_tap = step.kernel.function == "tb_depthwise_any"
    fields["filter"] = _cut(fields["filter"], filters, axis=1 if by_tap else 0)
    filled = end if depthwise else filters.stop * _BLOCK
    fields["bias"] = _cut(fields["bias"], slice(first, filled))
    for name in _PER_CHANNEL + (("folded",) if by_tap else ()):
        fields[name] = _cut(fields[name], slice(first, end))
    kernel = Kernel(step.kernel.function, fields)
    macs = step.macs * share // _channels(step)
    return replace(step, kernel=kernel, window=window, output=output, macs=macs)


def _channels(step: Step) -> int:
    window = step.kernel.fields["window"]
    assert isinstance(window, Window)
    return window.out_c


def _cut(value: Value, part: slice, axis: int = 0) -> ConstArray:
    assert isinstance(value, ConstArray)
    return replace(value, data=value.data[(slice(None),) * axis + (part,)])
