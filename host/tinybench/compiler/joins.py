"""When the inputs of a CONCATENATION are put into their place: at the end, or as they are made.

A copy right after the call that makes its input can be the last link of a row chain: then that
input never exists as a whole, and the output is the only place of its bytes. But the output is
there earlier; so each CONCATENATION is tried both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from tinybench.compiler.program import Step
from tinybench.compiler.rowwise import COPY

LeastPeak = Callable[[Sequence[Step], int, int], int]


def place_early(steps: Sequence[Step], least_peak: LeastPeak) -> tuple[Step, ...]:
    """The steps, with copies moved where that lowers the peak around them.

    Args:
        steps: in order.
        least_peak: (steps, first, end) -> most bytes live in steps first, ..., end - 1, of the best
            way to chain them.
    """
    now = list(steps)
    joined = [step.output for step in steps if step.kernel.function == COPY]
    for tensor, _ in groupby(joined):
        moved = _moved(now, tensor)
        changed = [i for i, (a, b) in enumerate(zip(now, moved, strict=True)) if a is not b]
        if changed:
            first, end = max(changed[0] - 1, 0), changed[-1] + 1
            if least_peak(moved, first, end) < least_peak(now, first, end):
                now = moved
    return tuple(now)


def _moved(steps: Sequence[Step], tensor: int) -> list[Step]:
    """The steps, with every copy into a tensor right after the one that makes what it copies."""
    copies = [s for s in steps if s.output == tensor and s.kernel.function == COPY]
    others = [s for s in steps if not any(s is copy for copy in copies)]
    for copy in copies:
        made = [i for i, s in enumerate(others) if s.output == copy.inputs[0]]
        if not made:
            return list(steps)
        others.insert(made[-1] + 1, copy)
    return others
