"""The smallest arena, by search: either a plan that fits, or the proof that there is none.

Buffers are placed in the order of their offsets, each as low as it goes among those placed before:
some smallest plan can be made so. What is cut off are orders that leave room for a buffer that is
still to come, and those in which what is left does not fit at some step (Moffitt, "MiniMalloc",
ASPLOS 2023). Buffers that fit wherever their neighbours go are put in last. The search ends after
a fixed amount of work, never by the clock, so that its answer is always the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tinybench.compiler.program import Buffer
from tinybench.compiler.stack import aligned, lowest, sizes_beside, together, top

WORK = 10_000_000  # pairs of buffers looked at: less than ten seconds


class _OutOfWork(Exception):  # noqa: N818 - caught where the search began
    """The search has done its share."""


def improve(
    best: Sequence[Buffer], alignment: int, bound: int, work: int = WORK
) -> tuple[tuple[Buffer, ...], int]:
    """(plan, bytes that no plan can go below), at least as good as what is given.

    Args:
        best: placed.
        alignment: of every offset, in bytes.
        bound: no plan is smaller.
        work: pairs of buffers to look at, at most.
    """
    search = _Search(alignment, work)
    least, plan, limit = bound, tuple(best), bound
    try:
        while least < top(plan):
            found = search.within(plan, limit)
            if found is None:
                least = limit + 1
            else:
                plan = found
            limit = (least + top(plan) - 1) // 2
    except _OutOfWork:
        pass
    return plan, least


class _Search:
    def __init__(self, alignment: int, work: int) -> None:
        self._alignment = alignment
        self._work = work

    def within(self, buffers: Sequence[Buffer], limit: int) -> tuple[Buffer, ...] | None:
        """A plan of at most ``limit`` bytes; None where there is none.

        Raises:
            _OutOfWork: it is not known.
        """
        hard, easy = self._split(buffers, limit)
        plan: list[Buffer] = []
        for group in _apart_in_time(hard):
            found = _Placing(self, group, limit).run()
            if found is None:
                return None
            plan += found
        for buffer in reversed(easy):
            plan.append(replace(buffer, offset=lowest(buffer, plan, self._alignment)))
        return tuple(plan)

    def spend(self, work: int) -> None:
        """Counts work.

        Raises:
            _OutOfWork: there is none left.
        """
        self._work -= work
        if self._work < 0:
            raise _OutOfWork

    def fit(self, buffer: Buffer, placed: Sequence[Buffer]) -> int:
        """The lowest offset that is free."""
        self.spend(len(placed) + 1)
        return lowest(buffer, placed, self._alignment)

    def size(self, nbytes: int) -> int:
        """Bytes with what alignment costs."""
        return aligned(nbytes, self._alignment)

    def _split(self, buffers: Sequence[Buffer], limit: int) -> tuple[list[Buffer], list[Buffer]]:
        """Those to be searched, and those that fit after them, in the reverse of that order.

        A buffer fits wherever its neighbours lie if all gaps that are too small for it, and they,
        do not fill the arena.
        """
        self.spend(len(buffers) ** 2)
        room = limit // self._alignment * self._alignment
        sizes = [self.size(b.nbytes) for b in buffers]
        near = [
            {j for j, other in enumerate(buffers) if together(b, other) and j != i}
            for i, b in enumerate(buffers)
        ]
        hard, easy = dict.fromkeys(range(len(buffers))), []
        waiting = list(hard)
        while waiting:
            i = waiting.pop()
            filled = sum(sizes[j] for j in near[i]) + (len(near[i]) + 1) * sizes[i]
            if i in hard and filled <= room:
                del hard[i]
                easy.append(buffers[i])
                for j in near[i]:
                    near[j].discard(i)
                waiting += near[i]
        return [buffers[i] for i in hard], easy


class _Placing:
    """Depth first through the orders of some buffers."""

    def __init__(self, search: _Search, buffers: Sequence[Buffer], limit: int) -> None:
        self._search = search
        self._limit = limit
        self._buffers = sorted(buffers, key=lambda b: (-b.nbytes * (b.last - b.first + 1), b.first))
        # An input may lie below an output that is placed before it: by so many bytes at most.
        self._back = max((-b.below for b in buffers if b.over is not None), default=0)
        self._back = max(self._back, 0)
        self._steps = sorted({b.first for b in buffers})

    def run(self) -> list[Buffer] | None:
        """All of them placed, None where they do not fit."""
        return self._place([], self._buffers, 0)

    def _place(self, placed: list[Buffer], rest: list[Buffer], highest: int) -> list[Buffer] | None:
        if not rest:
            return placed
        offsets = [self._search.fit(b, placed) for b in rest]
        ends = (o + self._search.size(b.nbytes) for o, b in zip(offsets, rest, strict=True))
        room = min(ends) if not self._back else self._limit
        tried: set[tuple[int, int, int, int | None]] = set()
        for offset, number in sorted((o, i) for i, o in enumerate(offsets)):
            buffer = rest[number]
            kind = buffer.nbytes, buffer.first, buffer.last, buffer.over
            alike = buffer.over is None and not self._is_under(buffer) and kind in tried
            if offset >= room or offset < highest - self._back or alike:
                continue
            tried.add(kind)
            now = [*placed, replace(buffer, offset=offset)]
            left = rest[:number] + rest[number + 1 :]
            if self._may_fit(now, left, max(highest, offset)):
                found = self._place(now, left, max(highest, offset))
                if found is not None:
                    return found
        return None

    def _is_under(self, buffer: Buffer) -> bool:
        return any(b.over in buffer.tensors for b in self._buffers)

    def _may_fit(self, placed: list[Buffer], rest: list[Buffer], highest: int) -> bool:
        """Whether there is room at every step above where the next buffer can begin."""
        floor = max(0, highest - self._back)
        if top(placed) > self._limit:
            return False
        self._search.spend(len(self._steps) * len(self._buffers))
        return all(self._height(step, placed, rest, floor) <= self._limit for step in self._steps)

    def _height(self, step: int, placed: list[Buffer], rest: list[Buffer], floor: int) -> int:
        """Least bytes up to the top of what is live at a step."""
        live = [b for b in rest if b.first <= step <= b.last]
        if not live:
            return 0
        there = [b for b in placed if b.first <= step <= b.last]
        return floor + sum(sizes_beside(live, [*live, *there], step)) + _covered(there, floor)


def _covered(buffers: Sequence[Buffer], floor: int) -> int:
    """Bytes from a floor on that lie in at least one of some buffers."""
    covered, end = 0, floor
    for buffer in sorted(buffers, key=lambda b: b.offset):
        last = buffer.offset + buffer.nbytes
        covered += max(0, last - max(buffer.offset, end))
        end = max(end, last)
    return covered


def _apart_in_time(buffers: Sequence[Buffer]) -> Iterator[list[Buffer]]:
    """Groups of which no two have buffers that live together."""
    group: list[Buffer] = []
    last = -1
    for buffer in sorted(buffers, key=lambda b: b.first):
        if group and buffer.first > last:
            yield group
            group = []
        group.append(buffer)
        last = max(last, buffer.last)
    if group:
        yield group
