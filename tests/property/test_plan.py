"""The arena's plan: nothing that lives together overlaps; small plans are the smallest."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from support.effort import examples
from tinybench.compiler.plan import EXHAUSTIVE, plan_arena
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


def check_plan(buffers: list[Buffer], plan: Plan) -> None:
    """Every buffer is there once, aligned, inside the arena and apart from those it meets."""
    made = sorted((b.tensors, b.nbytes, b.first, b.last) for b in plan.buffers)
    assert made == sorted((b.tensors, b.nbytes, b.first, b.last) for b in buffers)
    for buffer in plan.buffers:
        assert buffer.offset % UNIT == 0
        assert 0 <= buffer.offset <= plan.arena_bytes - buffer.nbytes
    for a, b in itertools.combinations(plan.buffers, 2):
        together = set(range(a.first, a.last + 1)) & set(range(b.first, b.last + 1))
        bytes_a = set(range(a.offset, a.offset + a.nbytes))
        assert not together or bytes_a.isdisjoint(range(b.offset, b.offset + b.nbytes))


def smallest_arena(buffers: list[Buffer], limit: int) -> int:
    """By trying every offset of every buffer; ``limit`` is known to be possible."""
    best = limit

    def place(rest: list[Buffer], placed: list[tuple[Buffer, int]], top: int) -> None:
        nonlocal best
        if top >= best:
            return
        if not rest:
            best = top
            return
        buffer, *others = rest
        for offset in range(0, best - buffer.nbytes, UNIT):
            end = offset + buffer.nbytes
            if all(
                b.last < buffer.first or buffer.last < b.first or o + b.nbytes <= offset or end <= o
                for b, o in placed
            ):
                place(others, [*placed, (buffer, offset)], max(top, end))

    place(buffers, [], 0)
    return best


@settings(max_examples=examples(100))
@given(buffer_lists(most=30, largest=200))
def test_buffers_that_live_together_lie_apart(buffers: list[Buffer]) -> None:
    plan = plan_arena(buffers, UNIT)
    check_plan(buffers, plan)
    assert plan.bound <= plan.arena_bytes
    assert plan.arena_bytes <= sum(-(-b.nbytes // UNIT) * UNIT for b in buffers)


@settings(max_examples=examples(100))
@given(buffer_lists(most=min(5, EXHAUSTIVE), largest=16))
def test_small_plans_are_the_smallest(buffers: list[Buffer]) -> None:
    plan = plan_arena(buffers, UNIT)
    check_plan(buffers, plan)
    assert plan.arena_bytes == smallest_arena(buffers, plan.arena_bytes)


def test_the_peak_is_named() -> None:
    buffers = [Buffer((0,), 8, 0, 1), Buffer((1,), 12, 1, 2), Buffer((2,), 4, 2, 3)]
    plan = plan_arena(buffers, UNIT)
    assert (plan.bound, plan.peak_step, plan.arena_bytes) == (20, 1, 20)
    assert [b.tensors for b in plan.live_at(plan.peak_step)] == [(1,), (0,)]


def test_many_buffers_are_planned_in_seconds() -> None:
    buffers = [Buffer((i,), i % 77 + 1, i, i + 1 + (i % 5) * 100) for i in range(4096)]
    assert plan_arena(buffers, UNIT).arena_bytes < sum(b.nbytes for b in buffers) / 10
