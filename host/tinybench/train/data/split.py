"""Train, calibration, selection and test: divided once, stored with hashes, never leaking.

Every command that is given the same data, filters, seed and shares gets the same parts, so what
one command trained on is not what another scores on. Samples of equal content are never in two
parts. Where the data comes divided, its test part is the test part.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import DataError, UsageError
from tinybench.train.data.samples import Samples
from tinybench.whole import write_whole

SHARES: Mapping[str, float] = MappingProxyType(
    {"train": 0.6, "calibration": 0.1, "selection": 0.1, "test": 0.2}
)
"""Of the samples that the data itself puts in no part."""

_FORMAT = 1


@dataclass(frozen=True)
class Duplicates:
    """Samples of equal content.

    Attributes:
        names: of the samples; the first is the one that is used.
        labels: their classes, where they are known; different ones are a mistake in the data.
        parts: that the data itself puts them in; more than one is a leak that was mended.
    """

    names: tuple[str, ...]
    labels: tuple[int, ...]
    parts: tuple[str, ...]

    @property
    def across(self) -> bool:
        """Whether the data itself has them in several parts."""
        return len(set(self.parts)) > 1


@dataclass(frozen=True)
class Split:
    """Which samples are for what; no two parts share a sample, nor its content.

    Attributes:
        train, calibration, selection, test: int64, sample numbers, ascending.
        seed: of the division.
        shares: that were asked for.
        duplicates: what was found by content; all but one of each are in no part.
        unreadable: names of samples that cannot be read; in no part.
        sha256: over all parts and contents, for reports.
        file: where it is stored; None where it is not.
    """

    train: NDArray[np.int64]
    calibration: NDArray[np.int64]
    selection: NDArray[np.int64]
    test: NDArray[np.int64]
    seed: int
    shares: Mapping[str, float]
    duplicates: tuple[Duplicates, ...]
    unreadable: tuple[str, ...]
    sha256: str
    file: Path | None

    @property
    def sizes(self) -> dict[str, int]:
        """Samples by part."""
        return {name: len(getattr(self, name)) for name in SHARES}

    def of_labelled(self, samples: Samples) -> Split:
        """Without the samples of classes that a model does not have, whose label is -1."""
        labels = samples.labels
        if labels is None:
            return self
        parts = {name: getattr(self, name) for name in SHARES}
        return replace(self, **{name: part[labels[part] >= 0] for name, part in parts.items()})

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of."""
        across = sum(d.across for d in self.duplicates)
        odd = sum(len(set(d.labels)) > 1 for d in self.duplicates)
        lines = []
        if self.duplicates:
            extra = sum(len(d.names) - 1 for d in self.duplicates)
            lines.append(
                f"{extra} samples have the content of another and were left out; "
                f"{across} of {len(self.duplicates)} such groups lay in several parts of the data, "
                f"{odd} have different labels (e.g. {', '.join(self.duplicates[0].names[:2])})"
            )
        if self.unreadable:
            lines.append(
                f"{len(self.unreadable)} samples cannot be read: {self.unreadable[0]}, ..."
            )
        return tuple(lines)


def split_samples(
    samples: Samples,
    *,
    seed: int = 0,
    shares: Mapping[str, float] = SHARES,
    store: Path | None = None,
) -> Split:
    """Divides samples, or finds how they were divided before.

    Stratified: within a class each part gets its share to within one sample, and so do all
    classes together, however small they are.

    Args:
        samples: as opened, after filters.
        seed: of the division.
        shares: by part, each at least 0, their sum 1.
        store: folder that keeps divisions.

    Raises:
        UsageError: shares or a seed that are none.
        DataError: the stored division is of samples that have changed since.
    """
    if (
        set(shares) != set(SHARES)
        or min(shares.values()) < 0
        or abs(sum(shares.values()) - 1) > 1e-6
    ):
        raise UsageError(
            f"shares of {', '.join(SHARES)} that sum to 1",
            ", ".join(f"{name}={value:g}" for name, value in shares.items()),
            "leave them out to have " + ", ".join(f"{n}={v:g}" for n, v in SHARES.items()),
        )
    if seed < 0:
        raise UsageError("a division's seed from 0 up", f"seed={seed}", "leave it out to have 0")
    file = None if store is None else store / f"{_key(samples, seed, shares)}.json"
    stored = None if file is None or not file.is_file() else json.loads(file.read_text())
    if stored is not None and stored["stamp"] == samples.stamp:
        return _restore(stored, samples, file)
    digests = _digests(samples)
    if stored is not None:
        _check_unchanged(stored, samples, digests, file)
    record = _divide(samples, digests, seed, shares)
    if file is not None:
        write_whole(file, json.dumps(record, indent=1).encode())
    return _restore(record, samples, file)


def _key(samples: Samples, seed: int, shares: Mapping[str, float]) -> str:
    """What a division is of: a data set's names and classes, the seed, the shares."""
    labels = _classes(samples).tolist()
    facts = [_FORMAT, str(samples.path.absolute()), samples.names, labels, seed, dict(shares)]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"{samples.path.stem}-{seed}-{digest[:12]}"


def _digests(samples: Samples) -> list[str | None]:
    found: list[str | None] = []
    for index in range(len(samples)):
        try:
            found.append(samples.digest(index))
        except DataError:
            found.append(None)
    return found


def _divide(
    samples: Samples, digests: list[str | None], seed: int, shares: Mapping[str, float]
) -> dict[str, object]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, digest in enumerate(digests):
        if digest is not None:
            groups[digest].append(index)
    order = {"test": 0, "selection": 1, "train": 2, "": 3}  # of equal ones, the held-back one stays
    first = {min(g, key=lambda i: (order[samples.parts[i]], i)): g for g in groups.values()}
    roles = _assign(samples, sorted(first), np.random.default_rng(seed), shares)
    twins = [sorted(g, key=lambda i: (i != one, i)) for one, g in first.items() if len(g) > 1]
    return {
        "format": _FORMAT,
        "data": str(samples.path),
        "seed": seed,
        "shares": dict(shares),
        "stamp": samples.stamp,
        "samples": [
            {"name": name, "part": roles.get(index), "sha256": digests[index]}
            for index, name in enumerate(samples.names)
        ],
        "duplicates": twins,
    }


def _assign(
    samples: Samples, chosen: list[int], rng: np.random.Generator, shares: Mapping[str, float]
) -> dict[int, str]:
    """Sample number -> part; parts that the data itself has stay what they are."""
    roles: dict[int, str] = {}
    given = {samples.parts[i] for i in chosen}
    for part in ("test", "selection"):
        roles |= {i: part for i in chosen if samples.parts[i] == part}
    left = {name: share for name, share in shares.items() if name not in given or name == "train"}
    free = [i for i in chosen if i not in roles]
    classes = _classes(samples)[np.array(free, np.int64)]
    sequence = _stratified_order(np.array(free, np.int64), classes, rng)
    total = sum(left.values()) or 1.0
    quota = {name: share / total for name, share in left.items()}
    count = dict.fromkeys(quota, 0)
    for position, index in enumerate(sequence, 1):
        part = max(quota, key=lambda name: quota[name] * position - count[name])
        count[part] += 1
        roles[int(index)] = part
    return roles


def _classes(samples: Samples) -> NDArray[np.int64]:
    """Classes numbered as they first appear: the same with a labels file as without one."""
    if samples.labels is None:
        return np.zeros(len(samples), np.int64)
    _, first, number = np.unique(samples.labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[number], np.int64)


def _stratified_order(
    numbers: NDArray[np.int64], labels: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Class after class, classes and the samples of each in random order.

    Parts dealt out along this order have their share of every class, and of all classes together
    where a class has fewer samples than there are parts.
    """
    rank = rng.permutation(int(labels.max(initial=0)) + 1)
    return numbers[np.lexsort((rng.random(len(numbers)), rank[labels]))]


def _restore(record: dict[str, object], samples: Samples, file: Path | None) -> Split:
    rows: list[dict[str, str]] = record["samples"]  # type: ignore[assignment]
    twins: list[list[int]] = record["duplicates"]  # type: ignore[assignment]
    parts = {
        name: np.array([i for i, row in enumerate(rows) if row["part"] == name], np.int64)
        for name in SHARES
    }
    text = json.dumps([(row["part"], row["sha256"]) for row in rows])
    return Split(
        **parts,
        seed=record["seed"],  # type: ignore[arg-type]
        shares=record["shares"],  # type: ignore[arg-type]
        duplicates=tuple(_describe(group, samples) for group in twins),
        unreadable=tuple(row["name"] for row in rows if row["sha256"] is None),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        file=file,
    )


def _describe(group: list[int], samples: Samples) -> Duplicates:
    return Duplicates(
        names=tuple(samples.names[i] for i in group),
        labels=() if samples.labels is None else tuple(int(samples.labels[i]) for i in group),
        parts=tuple(samples.parts[i] for i in group),
    )


def _check_unchanged(
    stored: dict[str, object], samples: Samples, digests: list[str | None], file: Path | None
) -> None:
    rows: list[dict[str, str]] = stored["samples"]  # type: ignore[assignment]
    changed = [row["name"] for row, d in zip(rows, digests, strict=True) if row["sha256"] != d]
    if changed:
        raise DataError(
            f"{samples.path} as it was when it was divided into parts",
            f"{len(changed)} of {len(rows)} samples have another content now",
            f"put them back, or divide it anew: remove {file}",
            details=tuple(changed[:5]),
        )
