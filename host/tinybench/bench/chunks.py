"""How many tensor bytes go into a frame: fewer, the more frames arrive damaged."""

from __future__ import annotations

import math
from collections import Counter

SMALLEST = 64
_OVERHEAD = 20
"""Bytes of a frame besides the chunk: 7 of type, sequence number and CRC, 6 of Input's fields, 2
delimiters, up to 5 of COBS."""

_MEMORY = 1 << 18
"""Bytes that the estimate looks back on, about."""


class ChunkSizer:
    """Follows the errors of a link.

    Args:
        most: the largest chunk that the device takes.

    Attributes:
        used: how many pieces of each size were asked for.
    """

    def __init__(self, most: int) -> None:
        self.used: Counter[int] = Counter()
        self._most = most
        self._bytes = self._errors = 0.0

    def observe(self, passed: int, errors: int) -> None:
        """So many bytes went to and fro, and so many frames had to be sent again."""
        fade = math.exp(-passed / _MEMORY)
        self._bytes = self._bytes * fade + passed
        self._errors = self._errors * fade + errors

    def size(self) -> int:
        """The best chunk: a power of two from SMALLEST up, or the largest that the device takes.

        With p errors a byte, a frame of c + o bytes arrives with chance exp(-p (c + o)), so of each
        byte sent c / (c + o) exp(-p (c + o)) is gained. Its maximum is where c (c + o) = o / p.
        """
        if self._errors < 1:
            return self._most
        p = self._errors / max(self._bytes, 1.0)
        best = (math.sqrt(_OVERHEAD**2 + 4 * _OVERHEAD / p) - _OVERHEAD) / 2
        power = 1 << max(0, round(math.log2(max(best, 1.0))))
        return min(self._most, max(SMALLEST, power))
