"""The arena's plan: nothing that lives together overlaps; small plans are the smallest.

Plans are held against trying every offset of every buffer, which shares nothing with the search.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from support.effort import examples
from tinybench.compiler.exact import improve
from tinybench.compiler.plan import plan_arena
from tinybench.compiler.program import Buffer, Plan

UNIT = 4


@st.composite
def buffer_lists(draw: st.DrawFn, most: int, largest: int) -> list[Buffer]:
    """Buffers of 1 to ``largest`` bytes with any lifetimes among a few steps."""
    buffers = []
    for number in range(draw(st.integers(0, most))):
        first = draw(st.integers(0, 8))
        last = first + draw(st.integers(0, 5))
        buffers.append(Buffer((number,), draw(st.integers(1, largest)), first, last))
    return buffers


@st.composite
def with_overlaps(draw: st.DrawFn, most: int, largest: int) -> list[Buffer]:
    """The same; some may be written over one that dies in their first step."""
    buffers = draw(buffer_lists(most, largest))
    free = set(range(len(buffers)))
    for i, out in enumerate(buffers):
        dying = [j for j in sorted(free) if buffers[j].first < buffers[j].last == out.first]
        if dying and out.last > out.first and draw(st.booleans()):
            under = buffers[draw(st.sampled_from(dying))]
            free.discard(under.tensors[0])
            below = draw(st.integers(-under.nbytes, out.nbytes))
            above = draw(st.integers(0, under.nbytes))
            buffers[i] = replace(out, over=under.tensors[0], below=below, above=above)
    return buffers


def lie_apart(a: Buffer, b: Buffer) -> bool:
    """Whether two placed buffers leave each other alone."""
    if a.last < b.first or b.last < a.first:
        return True
    if a.offset + a.nbytes <= b.offset or b.offset + b.nbytes <= a.offset:
        return True
    if a.over in b.tensors:
        return a.offset <= b.offset - a.below or a.offset >= b.offset + a.above
    return b.over in a.tensors and lie_apart(b, a)


def check_plan(buffers: list[Buffer], plan: Plan) -> None:
    """Every buffer is there once, aligned, inside the arena and apart from those it meets."""
    made = sorted((b.tensors, b.nbytes, b.first, b.last) for b in plan.buffers)
    assert made == sorted((b.tensors, b.nbytes, b.first, b.last) for b in buffers)
    for buffer in plan.buffers:
        assert buffer.offset % UNIT == 0
        assert 0 <= buffer.offset <= plan.arena_bytes - buffer.nbytes
    assert all(lie_apart(a, b) for a, b in itertools.combinations(plan.buffers, 2))


def smallest_arena(buffers: list[Buffer], limit: int) -> int:
    """By trying every offset of every buffer; ``limit`` is known to be possible."""
    best = limit

    def place(rest: list[Buffer], placed: list[Buffer], top: int) -> None:
        nonlocal best
        if top >= best:
            return
        if not rest:
            best = top
            return
        buffer, *others = rest
        for offset in range(0, best - buffer.nbytes, UNIT):
            here = replace(buffer, offset=offset)
            if all(lie_apart(here, b) for b in placed):
                place(others, [*placed, here], max(top, offset + buffer.nbytes))

    place(buffers, [], 0)
    return best


@settings(max_examples=examples(100))
@given(buffer_lists(most=30, largest=200))
def test_buffers_that_live_together_lie_apart(buffers: list[Buffer]) -> None:
    plan = plan_arena(buffers, UNIT, work=20_000)
    check_plan(buffers, plan)
    assert plan.live_bytes <= plan.bound <= plan.arena_bytes
    assert plan.arena_bytes <= sum(-(-b.nbytes // UNIT) * UNIT for b in buffers)


@settings(max_examples=examples(100))
@given(with_overlaps(most=5, largest=16))
def test_small_plans_are_the_smallest(buffers: list[Buffer]) -> None:
    plan = plan_arena(buffers, UNIT)
    check_plan(buffers, plan)
    assert plan.arena_bytes == plan.bound == smallest_arena(buffers, plan.arena_bytes)
    assert plan.live_bytes <= plan.bound


@settings(max_examples=examples(100))
@given(with_overlaps(most=5, largest=16))
def test_the_search_needs_no_good_plan_to_begin_with(buffers: list[Buffer]) -> None:
    ends = itertools.accumulate((-(-b.nbytes // UNIT) * UNIT for b in buffers), initial=0)
    worst = [replace(b, offset=offset) for b, offset in zip(buffers, ends, strict=False)]
    limit = max((b.offset + b.nbytes for b in worst), default=0)
    plan, bound = improve(worst, UNIT, 0)
    assert max((b.offset + b.nbytes for b in plan), default=0) == bound
    assert bound == smallest_arena(buffers, limit)


def test_lags_that_add_up_are_found_where_live_bytes_do_not_show_them() -> None:
    """The third is to begin 4 B below the second, which begins no higher than the first."""
    buffers = [
        Buffer((0,), 16, 0, 2),
        Buffer((1,), 12, 2, 3, over=0, below=0, above=16),
        Buffer((2,), 16, 3, 5, over=1, below=4, above=12),
    ]
    plan = plan_arena(buffers, UNIT)
    assert (plan.live_bytes, plan.bound, plan.arena_bytes) == (16, 20, 20)


def _crowd(count: int) -> list[Buffer]:
    chance = random.Random(2)
    firsts = [chance.randint(0, count // 3) for _ in range(count)]
    return [
        Buffer((i,), 16 * chance.randint(1, 60), first, first + chance.randint(0, count // 3))
        for i, first in enumerate(firsts)
    ]


def test_the_search_ends_with_its_work_and_is_the_same_every_time() -> None:
    crowd = _crowd(40)
    start = plan_arena(crowd, UNIT)
    worse = [replace(b, offset=b.offset + 4096) for b in start.buffers]
    little, most = improve(worse, UNIT, 0, work=1000), improve(worse, UNIT, 0, work=100_000)
    assert little == (tuple(worse), 0)
    assert most == improve(worse, UNIT, 0, work=100_000)
    assert 0 < most[1] <= start.arena_bytes


def test_the_peak_is_named() -> None:
    buffers = [Buffer((0,), 8, 0, 1), Buffer((1,), 12, 1, 2), Buffer((2,), 4, 2, 3)]
    plan = plan_arena(buffers, UNIT)
    assert (plan.bound, plan.peak_step, plan.arena_bytes) == (20, 1, 20)
    assert [b.tensors for b in plan.live_at(plan.peak_step)] == [(1,), (0,)]


def test_many_buffers_are_planned_in_seconds() -> None:
    buffers = [Buffer((i,), i % 77 + 1, i, i + 1 + (i % 5) * 100) for i in range(4096)]
    assert plan_arena(buffers, UNIT).arena_bytes < sum(b.nbytes for b in buffers) / 10
