"""What two runs of the same images can say about each other, and how sure a share is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 4999
SEED = 20261123  # the same runs give the same interval


@dataclass(frozen=True)
class Interval:
    """Ends of a confidence interval."""

    low: float
    high: float


def share_interval(right: int, n: int, confidence: float = 0.95) -> Interval:
    """Where the true share lies that gave ``right`` of ``n``.

    Wilson's score interval (Wilson, JASA 22, 1927), by scipy.stats.binomtest.
    """
    from scipy.stats import binomtest

    ends = binomtest(right, n).proportion_ci(confidence, method="wilson")
    return Interval(float(ends.low), float(ends.high))


def mcnemar(only_base: int, only_new: int) -> float:
    """Exact p, two-sided, that samples which only one of two runs has right fall either way alike.

    McNemar's test by the binomial distribution (McNemar, Psychometrika 12, 1947).

    Args:
        only_base: samples that the base has right and the new run wrong.
        only_new: the other way round.
    """
    from scipy.stats import binomtest

    n = only_base + only_new
    return float(binomtest(only_base, n, 0.5).pvalue) if n else 1.0


def median(values: Any, axis: int = -1) -> Any:
    """By nearest rank, the lower of two: a value that was measured."""
    middle = (np.shape(values)[axis] - 1) // 2
    return np.take(np.partition(values, middle, axis=axis), middle, axis=axis)


def median_change(base: Sequence[int], new: Sequence[int], confidence: float) -> Interval:
    """Interval of (median of new - median of base), by resampling pairs.

    A percentile bootstrap (Efron, Annals of Statistics 7, 1979), by scipy.stats.bootstrap; seeded.

    Args:
        base, new: values of the same samples, in the same order; at least two.
        confidence: e.g. 0.975.
    """
    from scipy.stats import bootstrap

    def change(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.asarray(median(y, axis) - median(x, axis))

    a, b = np.asarray(base, np.float64), np.asarray(new, np.float64)
    ends = bootstrap(
        (a, b),
        change,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=500,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return Interval(float(ends.low), float(ends.high))


def share_change(only_base: int, only_new: int, n: int, confidence: float = 0.95) -> Interval:
    """Where the true (share of new - share of base) lies, both counted on the same samples.

    The adjusted Wald interval for paired shares (Bonett and Price, Statistics in Medicine 31,
    2012): half a sample is added to each of the four cells.

    Args:
        only_base: samples that the base has right and the new one wrong.
        only_new: the other way round.
        n: all samples.
        confidence: e.g. 0.95.
    """
    from scipy.stats import norm

    p, q, total = only_base + 1, only_new + 1, n + 2
    middle = (q - p) / total
    half = float(norm.ppf(0.5 + confidence / 2)) * (((p + q) / total - middle**2) / total) ** 0.5
    return Interval(max(-1.0, middle - half), min(1.0, middle + half))
