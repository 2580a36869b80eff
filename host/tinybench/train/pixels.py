"""Which real values pixels stand for: what a float model was trained on and does not say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.preprocess import PIXEL_RANGES
from tinybench.errors import DataError
from tinybench.train.data import to_reals

TRIED = 100
"""Samples that the ranges are tried on."""

_USUAL = ("0:1", "0:255", "-1:1")
_DOUBT = 0.05


def try_ranges(
    right_of: Callable[[NDArray[np.float32]], NDArray[np.bool_]],
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64] | None,
) -> tuple[str, str]:
    """The range at which a float model has most of some labelled samples right.

    Of ranges that are not beyond doubt worse than the best (McNemar's exact test, p < 0.05) the
    usual one: to such a model it makes little difference.

    Args:
        right_of: which samples the model has right, of float32 real values.
        pixels: uint8, samples first; none of the test part.
        labels: their classes, for ``right_of``.

    Returns:
        A key of :data:`~tinybench.bench.preprocess.PIXEL_RANGES`, and the evidence.

    Raises:
        DataError: there are no labels.
    """
    if labels is None:
        raise DataError(
            "to find out what pixels 0 and 255 were in training",
            "the data has no labels to try them with",
            f"say it with --pixel-range, one of {', '.join(PIXEL_RANGES)}",
        )
    right = {name: right_of(to_reals(pixels, name)) for name in PIXEL_RANGES}
    tried = ", ".join(f"{name} {int(found.sum())}" for name, found in right.items())
    evidence = f"right of {len(pixels)} samples, none of the test part: {tried}"
    best = max(right.values(), key=lambda found: int(found.sum()))
    likely = [name for name, found in right.items() if not _surely_better(best, found)]
    if len(likely) == 1:
        return likely[0], evidence
    usual = next(name for name in _USUAL if name in likely)
    doubt = f"no sure difference between {' and '.join(likely)}, so the usual one"
    return usual, f"{evidence}: {doubt}; --pixel-range says it"


def _surely_better(best: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    from scipy.stats import binomtest

    only_best, only_other = int((best & ~other).sum()), int((other & ~best).sum())
    n = only_best + only_other
    return n > 0 and bool(binomtest(only_best, n).pvalue < _DOUBT)
