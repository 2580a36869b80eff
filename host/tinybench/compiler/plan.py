"""Where each buffer lies in the arena.

Placing buffers with fixed lifetimes in the least memory is dynamic storage allocation, NP-hard;
first fit in a good order comes close (Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020). Several orders are tried, then swaps of the best one; the peak of
live bytes is a bound that tells when to stop.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tinybench.compiler.program import Buffer, Plan

EXHAUSTIVE = 6  # up to so many buffers every order is tried
SWAPS = 400  # random exchanges tried beyond that, from a fixed seed
WORK = 20_000_000  # pairs of buffers compared in all: some seconds; large models get fewer tries


def plan_arena(buffers: Sequence[Buffer], alignment: int) -> Plan:
    """Places the buffers.

    Args:
        buffers: with sizes and lifetimes; their offsets are ignored.
        alignment: of every offset, in bytes.
    """
    bound, peak_step = peak(buffers, alignment)
    best = _search(tuple(buffers), alignment, bound)
    return Plan(
        tuple(sorted(best, key=lambda b: (b.first, b.offset))), _top(best), bound, peak_step
    )


def peak(buffers: Iterable[Buffer], alignment: int) -> tuple[int, int]:
    """(most bytes live at once, the step at which they are), with what alignment costs."""
    buffers = tuple(buffers)
    totals = {
        step: _stacked([b for b in buffers if b.first <= step <= b.last], step, alignment)
        for step in {b.first for b in buffers}
    }
    if not totals:
        return 0, 0
    step = max(totals, key=lambda s: (totals[s], -s))
    return totals[step], step


def _stacked(live: Sequence[Buffer], step: int, alignment: int) -> int:
    """Least bytes of buffers put on top of each other; only the last need not be filled up."""
    sizes = [b.nbytes for b in live]
    for i, out in enumerate(live):
        under = next((b for b in live if out.over in b.tensors and b is not out), None)
        if out.first == step and under is not None:
            sizes[i] = _beside(out, under)
    spare = max((_aligned(n, alignment) - n for n in sizes), default=0)
    return sum(_aligned(n, alignment) for n in sizes) - spare


def _beside(out: Buffer, under: Buffer) -> int:
    """Least bytes that an output takes beside the input that it is written over."""
    from_top = max(out.nbytes - under.nbytes, out.below)
    from_bottom = max(0, out.above + out.nbytes - under.nbytes)
    return max(0, min(out.nbytes, from_top, from_bottom))


def _aligned(n: int, alignment: int) -> int:
    return -(-n // alignment) * alignment


def _top(placed: Iterable[Buffer]) -> int:
    return max((b.offset + b.nbytes for b in placed), default=0)


def _overlap_in_time(a: Buffer, b: Buffer) -> bool:
    return a.first <= b.last and b.first <= a.last


def _blocked(buffer: Buffer, other: Buffer) -> tuple[int, int]:
    """Offsets low < offset < high at which a buffer would clash with one that is placed."""
    low, high = other.offset - buffer.nbytes, other.offset + other.nbytes
    if buffer.over in other.tensors:
        low, high = max(low, other.offset - buffer.below), min(high, other.offset + buffer.above)
    if other.over in buffer.tensors:
        low, high = max(low, other.offset - other.above), min(high, other.offset + other.below)
    return low, high


def _first_fit(order: Iterable[Buffer], alignment: int) -> tuple[Buffer, ...]:
    """Puts each buffer at the lowest offset that is free during its whole life."""
    placed: list[Buffer] = []
    for buffer in order:
        offset = 0
        together = (p for p in placed if _overlap_in_time(p, buffer))
        for low, high in sorted(_blocked(buffer, p) for p in together):
            if offset <= low:
                break
            offset = max(offset, _aligned(high, alignment))
        placed.append(replace(buffer, offset=offset))
    return tuple(placed)


def _search(buffers: tuple[Buffer, ...], alignment: int, bound: int) -> tuple[Buffer, ...]:
    best: tuple[Buffer, ...] = ()
    best_order: list[Buffer] = []
    tries = 1 + WORK // max(len(buffers), 1) ** 2
    for order in itertools.islice(_orders(buffers), tries):
        placed = _first_fit(order, alignment)
        if not best or _top(placed) < _top(best):
            best, best_order = placed, list(order)
        if _top(best) <= bound:
            return best
    if len(buffers) <= EXHAUSTIVE:
        return best
    return _improve(best_order, best, alignment, bound, min(SWAPS, tries - 1))


def _orders(buffers: tuple[Buffer, ...]) -> Iterable[Sequence[Buffer]]:
    if len(buffers) <= EXHAUSTIVE:
        return itertools.permutations(buffers)
    keys = (
        lambda b: (-b.nbytes, b.first),
        lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
        lambda b: (b.first - b.last, -b.nbytes),
        lambda b: (b.first, -b.nbytes),
        lambda b: (-b.last, -b.nbytes),
    )
    return (sorted(buffers, key=key) for key in keys)


def _improve(
    order: list[Buffer], best: tuple[Buffer, ...], alignment: int, bound: int, swaps: int
) -> tuple[Buffer, ...]:
    """Random swaps in the order, kept when they do not make it worse."""
    chance = random.Random(0)
    for _ in range(swaps):
        i, j = chance.randrange(len(order)), chance.randrange(len(order))
        order[i], order[j] = order[j], order[i]
        placed = _first_fit(order, alignment)
        if _top(placed) <= _top(best):
            best = placed
        else:
            order[i], order[j] = order[j], order[i]
        if _top(best) <= bound:
            break
    return best
