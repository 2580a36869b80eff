"""Row chains: kernels run row by row, so that the tensors between them never exist as a whole.

A chain replaces steps that read one another by one step with small rings between them. No value is
computed twice. An elementwise call is a link, too; its second operand is there as a whole. Which
steps to chain is for the schedule to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.kernel import Kernel, const_arrays
from tinybench.compiler.program import Step, Target
from tinybench.compiler.rowwise import COPY, beside_row_bytes, elementwise_link
from tinybench.compiler.window import Window
from tinybench.model.graph import Graph

MAX_LINKS = 8  # TB_CHAIN_MAX in tb_kernels.h
CHAIN = "tb_chain"


def chain_of(graph: Graph, steps: Sequence[Step], target: Target) -> Step | None:
    """Steps that read one another as one, or None where that cannot be.

    Args:
        graph: their tensors.
        steps: each but the first is the only one that reads the one before, see reads_alone().
        target: limits the constants of a chain.
    """
    before = (None, *(step.output for step in steps))
    links = [_with_image_rows(graph, step, made) for step, made in zip(steps, before, strict=False)]
    whole = [link for link in links if link is not None]
    if len(whole) != len(steps) or len(steps) > MAX_LINKS:
        return None
    if any(link.kernel.function == COPY for link in whole[:-1]):
        return None  # it makes no whole rows
    constants = sum(a.data.nbytes for step in steps for a in const_arrays(step.kernel))
    if constants > target.chain_bytes or not all(_fits(a, b) for a, b in pairwise(whole)):
        return None
    return Step(
        ops=tuple(op for link in whole for op in link.ops),
        label=" > ".join(link.label for link in whole),
        kernel=Kernel(CHAIN, {}),
        inputs=(whole[0].inputs[0], *(t for link in whole for t in link.inputs[1:])),
        output=whole[-1].output,
        macs=sum(link.macs for link in whole),
        in_place=_in_place(graph, whole),
        links=tuple(whole),
    )


def _in_place(graph: Graph, links: Sequence[Step]) -> tuple[int, ...]:
    """Position of the second operand that the last link may write its rows over."""
    count = sum(len(link.inputs) - 1 for link in links)
    whole = len(links[-1].inputs) > 1 and beside_row_bytes(graph, links[-1]) > 0
    return (count,) if whole else ()


def _with_image_rows(graph: Graph, step: Step, made: int | None) -> Step | None:
    """A step whose rows are those of the image; a pointwise one may have been cut otherwise."""
    window, shape = step.window, graph.tensors[step.output].shape
    if window is None:
        return elementwise_link(graph, step, made)
    if step.alone or len(shape) != 4:
        return None
    if (window.out_h, window.out_w) == shape[1:3]:
        return step
    if not window.is_pointwise() or window.out_h * window.out_w != shape[1] * shape[2]:
        return None
    _, height, width, _ = shape
    rows = window._replace(in_h=height, in_w=width, out_h=height, out_w=width)
    fields = {**step.kernel.fields, "window": rows, "inner_last": width}
    return replace(step, window=rows, kernel=replace(step.kernel, fields=fields))


def _fits(a: Step, b: Step) -> bool:
    """Whether b reads all of a's rows."""
    made, read = a.window, b.window
    assert made is not None and read is not None
    same = (made.out_h, made.out_w, made.out_c) == (read.in_h, read.in_w, read.in_c)
    return same and b.inputs[0] == a.output


def lag_below(links: Sequence[Step], beside: Sequence[int] = ()) -> int:
    """As Window.lag_below(), for a chain over its first input.

    Args:
        links: of the chain.
        beside: numbers of the links that read the same tensor as their second operand.
    """
    windows = [link.window for link in links if link.window is not None]
    first, last = windows[0], windows[-1]
    ends = (np.arange(last.out_h, dtype=np.int64) + 1) * last.out_row
    unread = np.append(first.all_rows_read()[0], first.in_h)[_rows_made(windows)] * first.in_row
    for number in beside:
        unread = np.minimum(unread, _rows_made(windows[number:]) * windows[number].out_row)
    return max(-first.in_h * first.in_row, int((ends - unread).max()))


def _rows_made(windows: Sequence[Window]) -> NDArray[np.int64]:
    """Rows that the first link has made once the last one's rows 0, 1, ... are."""
    rows = np.arange(windows[-1].out_h, dtype=np.int64) + 1
    for window in reversed(windows[1:]):
        read = np.append(0, window.all_rows_read()[1])
        rows = read[rows]
    return np.maximum.accumulate(rows)
