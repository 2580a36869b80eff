"""From steps to buffers: which tensors share memory, and for how long each lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tinybench.compiler.chains import lag_below
from tinybench.compiler.program import Buffer, Step
from tinybench.model.graph import Graph


class _Over(NamedTuple):
    """As Buffer's ``over``, ``below`` and ``above``."""

    tensor: int | None = None
    below: int = 0
    above: int = 0


class _Root(dict[int, int]):
    """Tensor -> the tensor whose bytes it shows: itself where it is no view."""

    def __missing__(self, tensor: int) -> int:
        return tensor


class _Nbytes(dict[int, int]):
    """Bytes of tensors, those of the graph where nothing else is said."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._tensors = graph.tensors

    def __missing__(self, tensor: int) -> int:
        return self._tensors[tensor].nbytes


@dataclass(frozen=True)
class Frame:
    """What steps run in.

    Attributes:
        graph: their tensors.
        inputs: tensors that are there before the first step.
        outputs: tensors that are read after the last one.
        views: tensor -> the tensor whose bytes it shows.
    """

    graph: Graph
    inputs: Sequence[int]
    outputs: Sequence[int]
    views: Mapping[int, int]


def make_buffers(steps: Sequence[Step], frame: Frame) -> tuple[Buffer, ...]:
    """Unplaced buffers of every tensor that the steps touch, and of their kernels' scratch.

    A view shares its source's buffer. A step that may work in place takes over the buffer of an
    input that nobody reads afterwards and that is no model output. One that works row by row may
    write over such an input with a lag. Model inputs live from the first step, model outputs to
    the last.
    """
    graph, root = frame.graph, _Root(frame.views)
    first, last = _lifetimes(steps, frame, root)
    kept = {root[tensor] for tensor in frame.outputs}
    there = {root[t] for t in frame.inputs}
    owner = _take_over(steps, graph, root, last, kept, there)
    groups: dict[int, list[int]] = {}
    for tensor in sorted(first):
        groups.setdefault(_find(owner, tensor), []).append(tensor)
    shared: dict[int, list[int]] = {}
    for source in first:
        shared[source] = [source]
    for tensor, source in frame.views.items():
        shared.setdefault(source, []).append(tensor)
    over = defaultdict(_Over, _rows_over(graph, steps, root, first, last, kept, there))
    sizes = _sizes(graph, steps)
    tensors = tuple(
        Buffer(
            tensors=tuple(sorted(t for member in members for t in shared[member])),
            nbytes=max(sizes[t] for t in members),
            first=min(first[t] for t in members),
            last=max(last[t] for t in members),
            over=over[leader].tensor,
            below=over[leader].below,
            above=over[leader].above,
        )
        for leader, members in groups.items()
    )
    return tensors + _scratches(steps)


def _lifetimes(
    steps: Sequence[Step], frame: Frame, root: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """First and last step of each root tensor."""
    first = {root[t]: 0 for t in frame.inputs}
    last = dict(first)
    for i, step in enumerate(steps):
        for tensor in (*step.inputs, step.output):
            if frame.graph.tensors[tensor].data is None:
                first.setdefault(root[tensor], i)
                last[root[tensor]] = i
        for tensor, _ in step.rings:  # groups of channels use the same ones after one another
            first.setdefault(tensor, i)
            last[tensor] = i
    for tensor in frame.outputs:
        if root[tensor] in first:
            last[root[tensor]] = max(len(steps) - 1, 0)
    return first, last


def _sizes(graph: Graph, steps: Sequence[Step]) -> Mapping[int, int]:
    """Bytes of every tensor; of those that a chain keeps in a ring, the ring's."""
    sizes, rings = _Nbytes(graph), dict[int, int]()
    for step in steps:
        for link, (tensor, rows) in zip(step.links, step.rings, strict=False):
            assert link.window is not None
            rings[tensor] = max(rings.get(tensor, 0), rows * link.window.out_row)
    sizes.update(rings)
    return sizes


def _take_over(
    steps: Sequence[Step],
    graph: Graph,
    root: Mapping[int, int],
    last: Mapping[int, int],
    kept: set[int],
    there: set[int],
) -> dict[int, int]:
    """output root -> input root whose buffer it takes over.

    Args:
        steps: in order.
        graph: their tensors.
        root: tensor -> the tensor whose buffer it shares as a view.
        last: root -> the last step that touches it.
        kept: roots that are read after the last step.
        there: roots that are written before the first.
    """
    owner: dict[int, int] = {}
    written = set(there)
    for i, step in enumerate(steps):
        out = root[step.output]
        fresh = out not in written
        written.add(out)
        for position in step.in_place:
            source = root[step.inputs[position]]
            constant = graph.tensors[source].data is not None
            free = not constant and last[source] == i and source not in kept
            free &= not step.links or [root[t] for t in step.inputs].count(source) == 1
            if fresh and free and graph.tensors[source].nbytes == graph.tensors[out].nbytes:
                owner[out] = source
                break
    return owner


def _scratches(steps: Sequence[Step]) -> tuple[Buffer, ...]:
    """One buffer for each scratch, live during its step."""
    return tuple(
        Buffer((), scratch.nbytes, first=i, last=i, scratch=(part, scratch.role))
        for i, step in enumerate(steps)
        for part, scratch in step.scratches
    )


def _rows_over(
    graph: Graph,
    steps: Sequence[Step],
    root: Mapping[int, int],
    first: Mapping[int, int],
    last: Mapping[int, int],
    kept: set[int],
    there: set[int],
) -> dict[int, _Over]:
    """Output root -> the input root that it may be written over row by row, and the lags."""
    over: dict[int, _Over] = {}
    for i, step in enumerate(steps):
        if step.window is None and not step.links:
            continue
        source, out = root[step.inputs[0]], root[step.output]
        constant = graph.tensors[source].data is not None
        shares = not constant and last[source] == i and source not in kept
        if shares and first[out] == i and out not in there:
            over[out] = _Over(source, *_lags(step, graph.tensors[source].nbytes, root))
    return over


def _lags(step: Step, source_bytes: int, root: Mapping[int, int]) -> tuple[int, int]:
    """How far below or above its input a step's output may begin; a chain runs from the top."""
    if step.window is not None:
        return step.window.lag_below(step.band), step.window.lag_above(step.band)
    source = root[step.inputs[0]]
    beside = [i for i, link in enumerate(step.links) for t in link.inputs[1:] if root[t] == source]
    return lag_below(step.links, beside), source_bytes


def _find(owner: Mapping[int, int], tensor: int) -> int:
    while tensor in owner:
        tensor = owner[tensor]
    return tensor
