"""Row chains: kernels run row by row, so that the tensors between them never exist as a whole.

A chain replaces steps that read one another by one step with small rings between them, where that
lowers the peak of the arena. No value is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.program import Kernel, Step, Target, Window, const_arrays
from tinybench.model.graph import Graph

MAX_LINKS = 8  # TB_CHAIN_MAX in tb_kernels.h
CHAIN = "tb_chain"

Peak = Callable[[Sequence[Step]], tuple[int, int]]


@dataclass(frozen=True)
class _Search:
    graph: Graph
    views: Mapping[int, int]
    kept: frozenset[int]
    target: Target
    peak: Peak


def add_chains(
    steps: Sequence[Step],
    graph: Graph,
    outputs: Sequence[int],
    views: Mapping[int, int],
    target: Target,
    peak: Peak,
) -> tuple[Step, ...]:
    """Chains steps as long as that lowers the peak.

    Args:
        steps: in order.
        graph: their tensors.
        outputs: tensors that must exist as a whole, beside those that a view shows.
        views: tensor -> the tensor whose bytes it shows.
        target: limits the constants of a chain.
        peak: (most bytes live at once, at which step) of some steps.
    """
    kept = frozenset({*outputs, *views.values(), *views})
    search = _Search(graph, views, kept, target, peak)
    best = tuple(steps)
    lowest, at = peak(best)
    while True:
        tried = [(peak(c)[0], len(c[1:]), c) for c in _candidates(search, best, at)]
        lower = min(tried, key=lambda t: (t[0], -t[1]), default=None)
        if lower is None or lower[0] >= lowest:
            return best
        best = lower[2]
        lowest, at = peak(best)


def _candidates(search: _Search, steps: tuple[Step, ...], at: int) -> list[tuple[Step, ...]]:
    """The steps with one chain more, which contains the step at the peak."""
    found = []
    for first in range(max(0, at - MAX_LINKS + 1), at + 1):
        for last in range(max(first + 1, at), min(first + MAX_LINKS, len(steps))):
            chain = _chain(search, steps, first, last)
            if chain is not None:
                found.append((*steps[:first], chain, *steps[last + 1 :]))
    return found


def _chain(search: _Search, steps: tuple[Step, ...], first: int, last: int) -> Step | None:
    """Steps first..last as one, or None where that cannot be."""
    parts = [part for step in steps[first : last + 1] for part in step.parts]
    links = [_with_image_rows(search.graph, part) for part in parts]
    windows = [link.window for link in links if link is not None]
    if len(windows) != len(parts) or len(parts) > MAX_LINKS or None in windows:
        return None
    constants = sum(a.data.nbytes for part in parts for a in const_arrays(part.kernel))
    if constants > search.target.chain_bytes:
        return None
    if any(part.alone for part in parts):
        return None
    whole = [link for link in links if link is not None]
    for a, b in pairwise(whole):
        if not _reads_alone(search, steps, a, b):
            return None
    return Step(
        ops=tuple(op for link in whole for op in link.ops),
        label=" > ".join(link.label for link in whole),
        kernel=Kernel(CHAIN, {}),
        inputs=whole[0].inputs[:1],
        output=whole[-1].output,
        macs=sum(link.macs for link in whole),
        links=tuple(whole),
    )


def _with_image_rows(graph: Graph, step: Step) -> Step | None:
    """A step whose rows are those of the image; a pointwise one may have been cut otherwise."""
    window, shape = step.window, graph.tensors[step.output].shape
    if window is None or len(shape) != 4:
        return None
    if (window.out_h, window.out_w) == shape[1:3]:
        return step
    if not window.is_pointwise() or window.out_h * window.out_w != shape[1] * shape[2]:
        return None
    _, height, width, _ = shape
    rows = window._replace(in_h=height, in_w=width, out_h=height, out_w=width)
    fields = {**step.kernel.fields, "window": rows, "inner_last": width}
    return replace(step, window=rows, kernel=replace(step.kernel, fields=fields))


def _reads_alone(search: _Search, steps: tuple[Step, ...], a: Step, b: Step) -> bool:
    """Whether b reads all of a's output, as the only one that does."""
    made, read = a.window, b.window
    if made is None or read is None or b.inputs[0] != a.output or a.output in search.kept:
        return False
    readers = sum(part.inputs.count(a.output) for step in steps for part in step.parts)
    same = (made.out_h, made.out_w, made.out_c) == (read.in_h, read.in_w, read.in_c)
    return same and readers == 1


def lag_below(links: Sequence[Step]) -> int:
    """As Window.lag_below(), for a chain over its first input."""
    windows = [link.window for link in links if link.window is not None]
    first, last = windows[0], windows[-1]
    ends = (np.arange(last.out_h, dtype=np.int64) + 1) * last.out_row
    unread = np.append(first.all_rows_read()[0], first.in_h)[_rows_made(windows)]
    return max(-first.in_h * first.in_row, int((ends - unread * first.in_row).max()))


def _rows_made(windows: Sequence[Window]) -> NDArray[np.int64]:
    """Rows that the first link has made once the last one's rows 0, 1, ... are."""
    rows = np.arange(windows[-1].out_h, dtype=np.int64) + 1
    for window in reversed(windows[1:]):
        read = np.append(0, window.all_rows_read()[1])
        rows = read[rows]
    return np.maximum.accumulate(rows)
