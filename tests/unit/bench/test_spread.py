"""Which samples a limit leaves."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tinybench.bench.spread import spread

groups_of_samples = st.lists(st.integers(0, 6), min_size=1, max_size=60)


def test_without_a_limit_all_are_taken() -> None:
    assert spread([0, 0, 1], None) == spread([0, 0, 1], 3) == spread([0, 0, 1], 99) == (0, 1, 2)


def test_every_class_gives_before_one_gives_twice() -> None:
    assert spread([0, 0, 1, 1, 2, 2], 3) == (0, 2, 4)
    assert spread([0, 0, 1, 1, 2, 2], 4) == (0, 1, 2, 4)


def test_fewer_than_classes_are_taken_at_equal_distances() -> None:
    assert spread(list(range(10)), 5) == (0, 2, 4, 6, 8)


def test_a_class_gives_samples_at_equal_distances() -> None:
    assert spread([0] * 9, 3) == (0, 3, 6)


@given(groups_of_samples, st.integers(1, 60))
def test_shares_are_as_even_as_the_data_allows(groups: list[int], limit: int) -> None:
    chosen = spread(groups, limit)
    assert list(chosen) == sorted(set(chosen))
    assert len(chosen) == min(limit, len(groups))
    sizes = Counter(groups)
    given_ = Counter(groups[index] for index in chosen)
    most = max(given_.values())
    assert all(given_[group] >= min(size, most - 1) for group, size in sizes.items())
