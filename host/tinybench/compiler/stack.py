"""How buffers may lie: beside one another, or one over another that dies; and how low, how high."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinybench.compiler.program import Buffer


def aligned(n: int, alignment: int) -> int:
    """The next multiple."""
    return -(-n // alignment) * alignment


def top(placed: Iterable[Buffer]) -> int:
    """Where the highest of them ends."""
    return max((b.offset + b.nbytes for b in placed), default=0)


def together(a: Buffer, b: Buffer) -> bool:
    """Whether they live at the same time."""
    return a.first <= b.last and b.first <= a.last


def lowest(buffer: Buffer, placed: Iterable[Buffer], alignment: int) -> int:
    """The lowest offset that is free during a buffer's whole life."""
    offset = 0
    for low, high in sorted(_blocked(buffer, p) for p in placed if together(p, buffer)):
        if offset <= low:
            break
        offset = max(offset, aligned(high, alignment))
    return offset


def _blocked(buffer: Buffer, other: Buffer) -> tuple[int, int]:
    """Offsets low < offset < high at which a buffer would clash with one that is placed."""
    low, high = other.offset - buffer.nbytes, other.offset + other.nbytes
    if buffer.over in other.tensors:
        low, high = max(low, other.offset - buffer.below), min(high, other.offset + buffer.above)
    if other.over in buffer.tensors:
        low, high = max(low, other.offset - other.above), min(high, other.offset + other.below)
    return low, high


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
    sizes = sizes_beside(live, live, step)
    spare = max((aligned(n, alignment) - n for n in sizes), default=0)
    return sum(aligned(n, alignment) for n in sizes) - spare


def sizes_beside(buffers: Sequence[Buffer], live: Sequence[Buffer], step: int) -> list[int]:
    """Least bytes of each of some buffers; of one that is written over another, of both.

    Args:
        buffers: in any order.
        live: these and others: what lies over or under one of those is not counted again.
        step: at which they are live.
    """
    sizes = {id(b): b.nbytes for b in buffers}
    for out in live:
        under = next((b for b in live if out.over in b.tensors and b is not out), None)
        if out.first != step or under is None or not {id(out), id(under)} & sizes.keys():
            continue
        both = under.nbytes + _beside(out, under)
        if id(out) not in sizes:
            sizes[id(under)] = both - out.nbytes
        elif id(under) not in sizes:
            sizes[id(out)] = both - under.nbytes
        else:
            sizes[id(under)], sizes[id(out)] = both, 0
    return list(sizes.values())


def _beside(out: Buffer, under: Buffer) -> int:
    """Least bytes that an output takes beside the input that it is written over."""
    from_top = max(out.nbytes - under.nbytes, out.below)
    from_bottom = max(0, out.above + out.nbytes - under.nbytes)
    return max(0, min(out.nbytes, from_top, from_bottom))
