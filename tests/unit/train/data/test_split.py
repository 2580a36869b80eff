"""Parts never share a sample nor its content, and stay what they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybench.errors import DataError, UsageError
from tinybench.train.data import SHARES, Samples, split_samples
from tinybench.train.data.arrays import array_samples, open_npz_samples


def numbers(labels: list[int], values: list[int] | None = None) -> Samples:
    """Samples whose content is one number each; all different unless told otherwise."""
    x = np.array(values or range(len(labels)), np.float32)[:, None]
    return array_samples(Path("numbers"), "npz", {"": (x, np.array(labels))}, "stamp")


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    seed=st.integers(0, 99),
    twins=st.integers(0, 5),
)
def test_every_class_has_its_share_and_nothing_leaks(
    counts: list[int], seed: int, twins: int
) -> None:
    labels = [c for c, n in enumerate(counts) for _ in range(n)]
    values = list(range(len(labels)))
    values[: twins + 1] = [0] * len(values[: twins + 1])
    split = split_samples(numbers(labels, values), seed=seed)
    parts = [getattr(split, name) for name in SHARES]
    every = np.concatenate(parts)
    assert len(set(every.tolist())) == len(every)
    content = [set(np.array(values)[part].tolist()) for part in parts]
    assert sum(map(len, content)) == len(set().union(*content)) == len(set(values))
    for name, part in zip(SHARES, parts, strict=True):
        assert abs(len(part) - SHARES[name] * len(every)) < 1 + 1e-9
        kept = np.array(labels)[every]
        for c in range(len(counts)):
            mine = (np.array(labels)[part] == c).sum()
            assert abs(mine - SHARES[name] * (kept == c).sum()) < 2


def test_seeds_divide_differently_and_repeatably() -> None:
    samples = numbers([i % 3 for i in range(300)])
    one, two, again = (split_samples(samples, seed=seed) for seed in (1, 2, 1))
    assert np.array_equal(one.test, again.test) and one.sha256 == again.sha256
    assert not np.array_equal(one.test, two.test) and one.sha256 != two.sha256


def test_a_labels_file_does_not_divide_the_data_anew(tmp_path: Path) -> None:
    """Else what one command trained on with --labels, another would score on without."""
    one = numbers([0] * 20 + [1] * 20 + [2] * 20)
    other = numbers([2] * 20 + [0] * 20 + [1] * 20)
    a, b = (split_samples(s, seed=3, store=tmp_path) for s in (one, other))
    assert np.array_equal(a.test, b.test) and a.file == b.file


def test_parts_of_the_data_stay_and_their_duplicates_are_mended() -> None:
    x = np.arange(100, dtype=np.float32)[:, None]
    y = np.arange(100) % 2
    test_x = np.concatenate([x[:3], 500 + x[:17]])  # three training samples again
    arrays = {"train": (x, y), "test": (test_x, np.ones(20, np.int64))}
    split = split_samples(array_samples(Path("d"), "npz", arrays, "s"))
    assert split.test.tolist() == list(range(100, 120))
    assert len(split.duplicates) == 3 and all(d.across for d in split.duplicates)
    assert split.duplicates[0].names == ("test/0", "train/0")
    used = np.concatenate([split.train, split.calibration, split.selection])
    assert not set(used) & {0, 1, 2} and len(used) == 97
    assert "3 of 3 such groups lay in several parts" in split.notes[0]
    assert "2 have different labels" in split.notes[0]


def test_a_stored_division_is_found_and_guarded(tmp_path: Path) -> None:
    path, store = tmp_path / "d.npz", tmp_path / "splits"
    x, y = np.arange(40, dtype=np.float32)[:, None], np.arange(40) % 4
    np.savez(path, x=x, y=y)
    first = split_samples(open_npz_samples(path), store=store)
    assert first.file is not None and first.file.parent == store
    rows = json.loads(first.file.read_text())["samples"]
    assert len({row["sha256"] for row in rows}) == 40
    # the same content at another time: the same division; another content: refused
    np.savez_compressed(path, x=x, y=y)
    assert split_samples(open_npz_samples(path), store=store).sha256 == first.sha256
    np.savez(path, x=x + (x == 7), y=y)
    with pytest.raises(DataError, match="1 of 40 samples have another content"):
        split_samples(open_npz_samples(path), store=store)


def test_shares_must_be_shares() -> None:
    with pytest.raises(UsageError, match="sum to 1"):
        split_samples(numbers([0, 1]), shares={**SHARES, "test": 0.9})
