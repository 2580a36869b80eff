"""What the ops' strategies share: scales, zero points, shapes, fills."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

FUSED = st.sampled_from(["NONE", "RELU", "RELU_N1_TO_1", "RELU6"])

# Round multipliers take a path of their own; real scales are anything but round.
_ROUND_SCALES = [1.0, 0.5, 1 / 128, 1 / 255, 1 / 256, 6 / 255]


def scales(low: float = 2.0**-10, high: float = 4.0) -> st.SearchStrategy[float]:
    """Scales as float32 has them, spread evenly over the exponents."""
    exponents = st.floats(float(np.log2(low)), float(np.log2(high)))
    spread = exponents.map(lambda e: float(np.float32(2.0**e)))
    round_ones = [float(np.float32(s)) for s in _ROUND_SCALES if low <= s <= high]
    return st.one_of(spread, st.sampled_from(round_ones)) if round_ones else spread


def zero_points() -> st.SearchStrategy[int]:
    """int8 zero points, often at an end or in the middle."""
    return st.one_of(st.sampled_from([-128, 0, 127]), st.integers(-128, 127))


def fills() -> st.SearchStrategy[str]:
    """How constants are filled; mostly at random."""
    return st.sampled_from(["random", "random", "random", "low", "high", "ends"])


def seeds() -> st.SearchStrategy[int]:
    """Seeds of random constants."""
    return st.integers(0, 2**16)


def ratios(low: float, high: float) -> st.SearchStrategy[float]:
    """Factors between accumulator and output, spread evenly over the exponents."""
    return st.floats(float(np.log2(low)), float(np.log2(high))).map(lambda e: float(2.0**e))


def images(max_channels: int = 6) -> st.SearchStrategy[tuple[int, int, int, int]]:
    """NHWC shapes with batch 1."""
    side = st.integers(1, 9)
    return st.tuples(st.just(1), side, side, st.integers(1, max_channels))


def shapes(min_rank: int = 1, max_rank: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of a few elements per axis."""
    return st.lists(st.integers(1, 6), min_size=min_rank, max_size=max_rank).map(tuple)


def window_size(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int:
    """Output positions of a sliding window along one axis; below 1 where it does not fit."""
    if padding == "SAME":
        return -(-size // stride)
    return (size - ((kernel - 1) * dilation + 1)) // stride + 1


def drawn(draw: Callable[[st.SearchStrategy[int]], int], low: int, high: int) -> int:
    """An integer in [low, high]."""
    return draw(st.integers(low, high))
