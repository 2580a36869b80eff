"""From pixels to the real values that a float model takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.preprocess import PIXEL_RANGES
from tinybench.errors import DataError


def to_reals(x: NDArray[Any], pixel_range: str) -> NDArray[np.float32]:
    """Samples as a float model takes them.

    Args:
        x: uint8 pixels or floating-point real values, of any shape.
        pixel_range: what pixels stand for, one of :data:`~tinybench.bench.preprocess.PIXEL_RANGES`;
            real values are left as they are.

    Returns:
        float32, the same shape.

    Raises:
        DataError: no such range, or real values that are not finite.
    """
    if x.dtype == np.uint8:
        if pixel_range not in PIXEL_RANGES:
            names = ", ".join(PIXEL_RANGES)
            raise DataError("a pixel range", f"{pixel_range!r}", f"choose one of {names}")
        low, high = PIXEL_RANGES[pixel_range]
        levels = low + np.arange(256) * ((high - low) / 255)
        return np.asarray(levels.astype(np.float32)[x])
    if not np.isfinite(x).all():
        bad = int((~np.isfinite(x).reshape(len(x), -1).all(axis=1)).sum())
        raise DataError(
            "samples of finite values", f"{bad} of {len(x)} hold NaN or infinity", "leave them out"
        )
    return x.astype(np.float32)
