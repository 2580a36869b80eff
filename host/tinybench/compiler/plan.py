"""Where each buffer lies in the arena.

Placing buffers with fixed lifetimes in the least memory is dynamic storage allocation, NP-hard;
first fit in a good order comes close (Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020). Several orders are tried, then exchanges in the best one; the peak of
live bytes is a bound that tells when to stop. Where none of them reaches it, exact.py goes on.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tinybench.compiler.exact import WORK, improve
from tinybench.compiler.program import Buffer, Plan
from tinybench.compiler.stack import lowest, peak, top

_EXCHANGES = 400

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
    tries = 1 + work // max(len(buffers), 1) ** 2
    best = _lowest(buffers, alignment, live, tries)
    best, bound = improve(best, alignment, live, work)
    placed = tuple(sorted(best, key=lambda b: (b.first, b.offset)))
    return Plan(placed, top(best), bound, live, peak_step)


def _lowest(
    buffers: Sequence[Buffer], alignment: int, bound: int, tries: int
) -> tuple[Buffer, ...]:
    """First fit in several orders; the first plan that is as low as the bound, or the lowest."""
    order: list[Buffer] = []
    best: tuple[Buffer, ...] = ()
    for key in _ORDERS[:tries]:
        other = sorted(buffers, key=key)
        placed = _first_fit(other, alignment)
        if not best or top(placed) < top(best):
            order, best = other, placed
        if top(best) <= bound:
            return best
    return _exchange(order, best, alignment, bound, min(_EXCHANGES, tries - 1))


def _exchange(
    order: list[Buffer], best: tuple[Buffer, ...], alignment: int, bound: int, tries: int
) -> tuple[Buffer, ...]:
    """Random exchanges in an order, kept where they do not make it worse; from a fixed seed."""
    chance = random.Random(0)
    for _ in range(tries):
        i, j = chance.randrange(len(order)), chance.randrange(len(order))
        order[i], order[j] = order[j], order[i]
        placed = _first_fit(order, alignment)
        if top(placed) > top(best):
            order[i], order[j] = order[j], order[i]
            continue
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
