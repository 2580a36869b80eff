"""Which steps to chain: the schedule whose peak of live bytes is the lowest.

What is live beside a step, or beside a chain that replaces some steps, does not depend on how
the others are scheduled: it is what was made before and is read later. So the least peak of all
ways to cut the steps into chains is found exactly, by dynamic programming over the last cut; of
those with that peak, the one that costs least.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tinybench.compiler.buffers import Frame, make_buffers
from tinybench.compiler.chains import MAX_LINKS, chain_of
from tinybench.compiler.groups import channel_groups
from tinybench.compiler.program import Step, Target
from tinybench.compiler.rowwise import COPY
from tinybench.compiler.stack import peak

# Instructions, about: they need only be right enough to tell what is worth it.
_PER_MAC = 4
_PER_ROW = 60  # to begin a row
_PER_LINK = 60  # to ask a chain's link for a row
_PER_COPY = 30  # to put channels of a pixel between others
_PER_BLOCK = 70  # to begin a block of output channels on a row
_PER_LONE_MAC = 2  # more than usual, for pixels that are not three at a time
_PIXELS, _CHANNELS = 3, 4  # of a block in tb_conv.c

_MOST_PEAKS = 256  # peaks that are tried at most


@dataclass(frozen=True)
class _Option:
    """What stands in place of steps first, ..., end - 1: one step, or one per group of channels.

    Attributes:
        live_bytes: most bytes live while they run, a bound.
        cost: instructions that they take more than the steps as they were, about.
    """

    first: int
    end: int
    steps: tuple[Step, ...]
    live_bytes: int
    cost: int = 0


def schedule(
    steps: Sequence[Step], frame: Frame, target: Target, rows: Mapping[int, int]
) -> tuple[Step, ...]:
    """The steps, some of them as chains.

    Args:
        steps: in order.
        frame: what they run in.
        target: limits the constants of a chain.
        rows: where channel groups are possible, the tensor that their rows are of.
    """
    if not steps:
        return ()
    options = _options(steps, frame, target, rows)
    work = sum(_PER_MAC * step.macs + _cost(step) for step in steps)
    worth = work / target.work_per_memory
    return tuple(step for option in _choose(len(steps), options, worth) for step in option.steps)


def least_peak_of(steps: Sequence[Step], first: int, end: int, frame: Frame, target: Target) -> int:
    """Most bytes live in steps first, ..., end - 1, where all that counts is that they be few.

    Args:
        steps: all of the model's, in order.
        first, end: which of them.
        frame, target: as of schedule().
    """
    live = _live_between(steps, frame)
    part = steps[first:end]
    within = replace(frame, inputs=live[first], outputs=live[end])
    return _least_peak(len(part), _options(part, within, target, {}))


def _options(
    steps: Sequence[Step], frame: Frame, target: Target, rows: Mapping[int, int]
) -> list[_Option]:
    """Every step, every chain and all groups of channels."""
    live, graph = _live_between(steps, frame), frame.graph

    def option(first: int, end: int, *steps: Step, cost: int = 0) -> _Option:
        buffers = make_buffers(steps, replace(frame, inputs=live[first], outputs=live[end]))
        return _Option(first, end, steps, peak(buffers, target.alignment)[0], cost)

    options = [option(i, i + 1, step) for i, step in enumerate(steps)]
    for first, end in _rows_of_readers(steps, frame):
        chain = chain_of(graph, steps[first:end], target)
        if chain is not None:
            cost = _cost(chain) - sum(map(_cost, steps[first:end]))
            cost = max(cost, end - first)  # never better than none, nor a longer one
            options.append(option(first, end, chain, cost=cost))
        if end == first + 2 and first in rows:
            for parts in channel_groups(graph, steps[first:end], rows[first], target):
                cost = sum(map(_cost, parts)) - sum(map(_cost, steps[first:end]))
                options.append(option(first, end, *parts, cost=max(cost, len(parts))))
    return options


def _live_between(steps: Sequence[Step], frame: Frame) -> list[tuple[int, ...]]:
    """For each step the tensors that were made before it and are wanted by it or later.

    As many as there are steps, and one more: what is wanted in the end.
    """
    tensors, views = frame.graph.tensors, frame.views
    born: dict[int, int] = {views.get(t, t): 0 for t in frame.inputs}
    dies = dict(born)
    for i, step in enumerate(steps):
        for tensor in (*step.inputs, step.output):
            if tensors[tensor].data is None:
                root = views.get(tensor, tensor)
                born.setdefault(root, i + 1)
                dies[root] = i
    dies |= {views.get(t, t): len(steps) for t in frame.outputs}
    live: list[list[int]] = [[] for _ in range(len(steps) + 1)]
    for root, first in born.items():
        for i in range(first, dies[root] + 1):
            live[i].append(root)
    return [tuple(roots) for roots in live]


def _rows_of_readers(steps: Sequence[Step], frame: Frame) -> Iterator[tuple[int, int]]:
    """(first, end) of steps of which each is the only one to read the one before."""
    kept = {*frame.outputs, *frame.views.values(), *frame.views}
    readers = Counter(tensor for step in steps for tensor in step.inputs)

    def alone(i: int) -> bool:
        made = steps[i - 1].output
        return made in steps[i].inputs and readers[made] == 1 and made not in kept

    for first in range(len(steps)):
        end = first + 1
        while end < len(steps) and end - first < MAX_LINKS and alone(end):
            end += 1
            yield first, end


def _cost(step: Step) -> int:
    """Instructions that a kernel spends on rows rather than on sums, about."""
    if step.links:
        asked = sum(link.window.out_h for link in step.links if link.window is not None)
        return sum(map(_cost, step.links)) + asked * _PER_LINK
    window = step.window
    if window is None:
        return 0
    if step.kernel.function == COPY:
        return window.out_h * window.out_w * _PER_COPY
    cost = window.out_h * _PER_ROW
    if step.kernel.function == "tb_conv2d":
        cost += window.out_h * -(-window.out_c // _CHANNELS) * _PER_BLOCK
        cost += step.macs * (window.out_w % _PIXELS) // window.out_w * _PER_LONE_MAC
    return cost


def _choose(count: int, options: Sequence[_Option], worth: float) -> list[_Option]:
    """The options after one another that have the least peak, as far as it is worth its price.

    Args:
        count: steps there are.
        options: those to choose from.
        worth: instructions that may be paid for a peak lower by a factor of e; for one lower by a
            per cent, a per cent of that.
    """
    plain = max(o.live_bytes for o in options if o.end == o.first + 1 and o.cost == 0)
    least = _least_peak(count, options)
    peaks = sorted({o.live_bytes for o in options if least <= o.live_bytes <= plain})
    tried = peaks[:: -(-len(peaks) // _MOST_PEAKS)]
    ways = [_cheapest(count, options, limit) for limit in tried]
    return min(ways, key=lambda way: _price(way, worth))


def _price(way: Sequence[_Option], worth: float) -> tuple[float, int]:
    peak_bytes, cost = max(o.live_bytes for o in way), sum(o.cost for o in way)
    return math.log(max(peak_bytes, 1)) + cost / max(worth, 1), cost


def _least_peak(count: int, options: Iterable[_Option]) -> int:
    """The lowest peak of all ways to put options after one another."""
    best = [0] + [-1] * count
    for option in sorted(options, key=lambda o: o.end):
        reached = max(best[option.first], option.live_bytes)
        if best[option.end] < 0 or reached < best[option.end]:
            best[option.end] = reached
    return best[count]


def _cheapest(count: int, options: Iterable[_Option], limit: int) -> list[_Option]:
    """The options after one another that cost least, none of them above a limit."""
    best: list[tuple[int, _Option | None]] = [(0, None), *[(-1, None)] * count]
    for option in sorted(options, key=lambda o: o.end):
        before, now = best[option.first][0], best[option.end][0]
        if option.live_bytes <= limit and before >= 0:
            cost = before + option.cost
            if now < 0 or cost < now:
                best[option.end] = cost, option
    chosen: list[_Option] = []
    while count:
        last = best[count][1]
        assert last is not None  # no limit is below the least peak
        chosen.append(last)
        count = last.first
    return chosen[::-1]
