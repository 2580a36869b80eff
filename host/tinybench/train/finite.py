"""Weights must be numbers: one check for models of every kind."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError


def check_finite(weights: Iterable[tuple[str, NDArray[np.generic]]]) -> None:
    """Refuses weights that are not finite, naming them.

    Args:
        weights: by name.

    Raises:
        ModelError: with the names of the first ten.
    """
    seen = [(name, bool(np.isfinite(value).all())) for name, value in weights]
    wrong = [name for name, finite in seen if not finite]
    if wrong:
        raise ModelError(
            "weights that are finite numbers",
            f"NaN or infinity in {len(wrong)} of {len(seen)} weight tensors",
            "the training diverged: train again with a lower learning rate",
            details=tuple(wrong[:10]),
        )
