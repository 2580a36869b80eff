"""Constants in the order and form in which the convolution kernels read them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import (
    INT32_MAX,
    INT32_MIN,
    Multiplier,
    clamp8,
    multiply,
    wrap32,
)

BLOCK = 4  # output channels that tb_conv2d() computes together
LONG_WAY = 64  # TB_LONG_WAY in tb_scale.h

Int8 = NDArray[np.int8]


class OutputLimits(NamedTuple):
    """The output's zero point and the clamp of its activation."""

    zero: int
    low: int
    high: int


def pack_blocks(filters: Int8, groups: int) -> Int8:
    """[channels, taps] -> [blocks, taps, 4], each group filled up with zero channels."""
    channels, taps = filters.shape
    per_group = channels // groups
    padded = -(-per_group // BLOCK) * BLOCK
    full = np.zeros((groups, padded, taps), np.int8)
    full[:, :per_group] = filters.reshape(groups, per_group, taps)
    return full.reshape(-1, BLOCK, taps).transpose(0, 2, 1)


def fold_bias(bias: NDArray[np.int32], filters: Int8, zero: int) -> list[int]:
    """bias - zero * sum(filter) per channel, wrapping as the kernels' sums do.

    Args:
        bias: (channels,).
        filters: (channels, taps).
        zero: the input's zero point.
    """
    folded = bias.astype(np.int64) - zero * filters.astype(np.int64).sum(axis=1)
    return [wrap32(v) for v in folded.tolist()]


def pad_bias(bias: NDArray[Any], groups: int) -> NDArray[Any]:
    """(channels,) -> (blocks * 4,), as pack_blocks() orders channels."""
    per_group = bias.reshape(groups, -1)
    spare = -per_group.shape[1] % BLOCK
    return np.pad(per_group, ((0, 0), (0, spare))).reshape(-1)


def sum_range(bias: int, filters: Int8, zero: int) -> tuple[int, int]:
    """Least and largest sum of one channel over all int8 inputs, padding included.

    Args:
        bias: not folded.
        filters: (taps,).
        zero: the input's zero point.
    """
    wide = filters.astype(np.int64)
    at_least, at_most = wide * (-128 - zero), wide * (127 - zero)
    low, high = np.minimum(at_least, at_most).sum(), np.maximum(at_least, at_most).sum()
    return bias + int(low), bias + int(high)


def constant_output(reach: tuple[int, int], m: Multiplier, limits: OutputLimits) -> int | None:
    """What a channel gives for every input, where that is always the same.

    Scaling is monotonic, so equal ends mean an equal middle. Channels that died in training are
    like this, with biases up to 2^31.
    """
    if not INT32_MIN <= reach[0] <= reach[1] <= INT32_MAX or m.shift > 0:
        return None
    ends = {clamp8(multiply(s, m) + limits.zero, limits.low, limits.high) for s in reach}
    return ends.pop() if len(ends) == 1 else None


def constant_channel(value: int, limits: OutputLimits) -> tuple[int, Multiplier]:
    """Bias and multiplier of a channel without weights that gives ``value``."""
    return 4 * (value - limits.zero), Multiplier(1 << 30, -1)


def stored_shift(m: Multiplier, largest_sum: int) -> int:
    """A shift as tb_scale() wants it: the short way where that is proven exact."""
    short = -21 <= m.shift <= -1 and largest_sum < 1 << 29
    return -m.shift - 1 if short else m.shift - LONG_WAY
