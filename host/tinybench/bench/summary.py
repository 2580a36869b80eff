"""From records to figures: counts, shares and percentiles, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from tinybench.bench.records import SampleRecord

T = TypeVar("T")

NO_SAMPLE = "no sample was measured"


@dataclass(frozen=True)
class Figure(Generic[T]):
    """A value, or the reason why it could not be had; never both, never neither."""

    value: T | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        """A failure is never a number."""
        if (self.value is None) == (not self.reason):
            raise ValueError(f"either a value or a reason: {self}")


@dataclass(frozen=True)
class Latency:
    """Percentiles by nearest rank, so that each is a latency that was measured.

    Attributes:
        n: how many inferences they rest on.
    """

    n: int
    min: int
    median: int
    p90: int
    p99: int
    max: int


def top1_share(
    records: Sequence[SampleRecord],
    top1: Callable[[SampleRecord], int | None],
    no_labels: str = "the data has no labels",
) -> Figure[float]:
    """Share of labelled samples whose top-1 class is the label.

    Args:
        records: those without a label are left out.
        top1: which answer to look at, e.g. ``lambda r: r.device_top1``.
        no_labels: the reason to give where no sample has a label.
    """
    labelled = [r for r in records if r.label is not None]
    if not records:
        return Figure(reason=NO_SAMPLE)
    if not labelled:
        return Figure(reason=no_labels)
    answers = [(r.label, top1(r)) for r in labelled]
    if any(a is None for _, a in answers):
        return Figure(reason="this runtime did not run")
    return Figure(sum(label == answer for label, answer in answers) / len(answers))


def latency(records: Sequence[SampleRecord]) -> Latency | None:
    """Latency over all records that have one, None without any."""
    values = [r.latency for r in records if r.latency is not None]
    if not values:
        return None
    ranks = np.percentile(values, [0, 50, 90, 99, 100], method="inverted_cdf")
    return Latency(len(values), *(int(v) for v in ranks))


def count(
    records: Sequence[SampleRecord], holds: Callable[[SampleRecord], bool | None]
) -> Figure[int]:
    """How many records satisfy a condition; a reason where it cannot be told."""
    verdicts = [holds(r) for r in records]
    if not verdicts:
        return Figure(reason=NO_SAMPLE)
    if any(v is None for v in verdicts):
        return Figure(reason="the oracle did not run")
    return Figure(sum(bool(v) for v in verdicts))
