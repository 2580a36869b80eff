"""Which real values pixels stand for: recorded, tried, or in doubt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinybench.errors import DataError
from tinybench.train.pixels import try_ranges

PIXELS = np.tile(np.array([0, 255], np.uint8), 50).reshape(100, 1)
LABELS = np.zeros(100, np.int64)
ENDS = {(0.0, 255.0): "0:255", (0.0, 1.0): "0:1", (-1.0, 1.0): "-1:1"}


def right_in(**counts: Any) -> Any:
    """A model that has the first so many samples right, by range."""

    def right_of(x: Any) -> Any:
        return np.arange(100) < counts[ENDS[float(x.min()), float(x.max())]]

    return right_of


@pytest.mark.parametrize(
    ("small", "bytes_", "signed", "chosen"),
    [(38, 37, 12, "0:1"), (37, 38, 12, "0:1"), (12, 90, 60, "0:255"), (10, 10, 10, "0:1"),
     (50, 58, 60, "0:255"), (0, 5, 6, "0:255"), (0, 0, 6, "-1:1")],
)  # fmt: skip
def test_what_is_not_beyond_doubt_worse_may_be_the_usual_one(
    small: int, bytes_: int, signed: int, chosen: str
) -> None:
    counts = {"0:1": small, "0:255": bytes_, "-1:1": signed}
    found, evidence = try_ranges(right_in(**counts), PIXELS, LABELS)
    assert found == chosen
    assert f"0:255 {bytes_}, 0:1 {small}, -1:1 {signed}" in evidence
    sure = chosen == max(counts, key=lambda name: counts[name]) and max(counts.values()) == 90
    assert ("no sure difference" in evidence) == (not sure and chosen != "-1:1")


def test_without_labels_it_has_to_be_said() -> None:
    with pytest.raises(DataError, match=r"no labels(.|\n)*--pixel-range"):
        try_ranges(right_in(), PIXELS, None)
