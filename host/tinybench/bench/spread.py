"""Which samples a limit leaves: spread evenly, and the same ones every time."""

from __future__ import annotations

from collections.abc import Sequence


def spread(groups: Sequence[int], limit: int | None) -> tuple[int, ...]:
    """Picks ``limit`` samples, as equally many of each group as there are.

    Groups take one sample each in turn until none is left to give; where the last round cannot
    serve all, it serves groups at equal distances. Within a group the samples taken lie at equal
    distances, the first one included.

    Args:
        groups: a number per sample, e.g. its class.
        limit: how many to pick; None for all.

    Returns:
        The picked samples' positions, ascending.
    """
    if limit is None or limit >= len(groups):
        return tuple(range(len(groups)))
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    ordered = [members[group] for group in sorted(members)]
    quotas = _share_out([len(group) for group in ordered], limit)
    picked = [
        group[position]
        for group, quota in zip(ordered, quotas, strict=True)
        for position in _at_equal_distances(len(group), quota)
    ]
    return tuple(sorted(picked))


def _share_out(sizes: list[int], total: int) -> list[int]:
    """How many each group gives; ``total`` is at most their sum."""
    quotas = [0] * len(sizes)
    while total:
        open_ = [group for group, size in enumerate(sizes) if quotas[group] < size]
        if total < len(open_):
            open_ = [open_[position] for position in _at_equal_distances(len(open_), total)]
        for group in open_:
            quotas[group] += 1
        total -= len(open_)
    return quotas


def _at_equal_distances(size: int, count: int) -> list[int]:
    """``count`` of the positions 0..size-1."""
    return [position * size // count for position in range(count)]
