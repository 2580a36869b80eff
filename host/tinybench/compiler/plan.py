"""Where each buffer lies in the arena.

Placing buffers with fixed lifetimes in the least memory is dynamic storage allocation, NP-hard;
first fit in a good order comes close (Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020). Several orders are tried; the peak of live bytes is a bound that tells
when to stop. Where none of them reaches it, exact.py goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tinybench.compiler.exact import WORK, improve
from tinybench.compiler.program import Buffer, Plan
from tinybench.compiler.stack import lowest, peak, top

_ORDERS = (
    lambda b: (-b.nbytes, b.first),
    lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
    lambda b: (b.first - b.last, -b.nbytes),
    lambda b: (b.first, -b.nbytes),
    lambda b: (-b.last, -b.nbytes),
)


def plan_arena(buffers: Sequence[Buffer], alignment: int, work: int = WORK) -> Plan:
    """Places the buffers.

    Args:
        buffers: with sizes and lifetimes; their offsets are ignored.
        alignment: of every offset, in bytes.
        work: pairs of buffers to look at in the search, at most.
    """
    live, peak_step = peak(buffers, alignment)
    orders = itertools.islice(_ORDERS, 1 + work // max(len(buffers), 1) ** 2)
    plans = (_first_fit(sorted(buffers, key=key), alignment) for key in orders)
    best, bound = improve(_lowest(plans, live), alignment, live, work)
    placed = tuple(sorted(best, key=lambda b: (b.first, b.offset)))
    return Plan(placed, top(best), bound, live, peak_step)


def _lowest(plans: Iterable[tuple[Buffer, ...]], bound: int) -> tuple[Buffer, ...]:
    """The lowest of some plans; the first that is as low as the bound."""
    best: tuple[Buffer, ...] = ()
    for placed in plans:
        if not best or top(placed) < top(best):
            best = placed
        if top(best) <= bound:
            break
    return best


def _first_fit(order: Iterable[Buffer], alignment: int) -> tuple[Buffer, ...]:
    """Puts each buffer at the lowest offset that is free during its whole life."""
    placed: list[Buffer] = []
    for buffer in order:
        placed.append(replace(buffer, offset=lowest(buffer, placed, alignment)))
    return tuple(placed)
