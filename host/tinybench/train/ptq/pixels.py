"""Which real values pixels stand for: what a float model was trained on and does not say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.preprocess import PIXEL_RANGES
from tinybench.errors import DataError
from tinybench.train.data import to_reals
from tinybench.train.ptq.score import answer

TRIED = 100
"""Samples that the ranges are tried on."""

_USUAL = ("0:1", "0:255", "-1:1")


def find_pixel_range(
    base: bytes, pixels: NDArray[np.uint8], labels: NDArray[np.int64] | None
) -> tuple[str, str]:
    """The range at which the float model has most of some labelled samples right.

    Args:
        base: the float .tflite.
        pixels: uint8, samples first; none of the test part.
        labels: their classes.

    Returns:
        A key of :data:`~tinybench.bench.preprocess.PIXEL_RANGES`, and the evidence.

    Raises:
        DataError: there are no labels.
    """
    if labels is None:
        raise _unsettled("the data has no labels to try them with")
    right = {}
    for name in PIXEL_RANGES:
        found = answer(base, to_reals(pixels, name), labels).right
        right[name] = 0 if found is None else int(found.sum())
    tried = ", ".join(f"{name} {count}" for name, count in right.items())
    evidence = f"right of {len(pixels)} calibration samples: {tried}"
    best = max(right.values())
    winners = [name for name, count in right.items() if count == best]
    if len(winners) > 1:  # it makes no difference to the model: the usual one
        return next(name for name in _USUAL if name in winners), f"{evidence}: a tie"
    return winners[0], evidence


def _unsettled(seen: str) -> DataError:
    return DataError(
        "to find out what pixels 0 and 255 were in training",
        seen,
        f"say it with --pixel-range, one of {', '.join(PIXEL_RANGES)}",
    )
