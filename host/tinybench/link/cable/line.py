"""A line on which bytes take their time."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

BITS_PER_BYTE = 10  # start, eight, stop
_SLICE_S = 0.002


@dataclass(frozen=True)
class _Piece:
    due: float
    data: bytes


class Line:
    """A queue whose bytes come out when their time has come. For two threads, one at each end.

    Args:
        baud: bits per second; 0: at once. May be changed while nothing is under way.
        latency_s: that each byte is under way besides.
    """

    def __init__(self, baud: int, latency_s: float) -> None:
        self.baud = baud
        self._latency_s = latency_s
        self._free = 0.0  # when the last byte has left
        self._pieces: deque[_Piece] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def push(self, data: bytes) -> None:
        """Bytes go in, behind those that wait."""
        with self._changed:
            for start in range(0, len(data), step := self._slice()):
                part = data[start : start + step]
                leaves = max(self._free, time.monotonic())
                self._free = leaves + (len(part) * BITS_PER_BYTE / self.baud if self.baud else 0.0)
                self._pieces.append(_Piece(self._free + self._latency_s, part))
            self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """What goes in from now on waits for so long."""
        with self._changed:
            self._free = max(self._free, time.monotonic()) + seconds

    def pull(self, timeout_s: float) -> bytes:
        """What has come out; waits for it. Empty at the timeout, and when the line is closed."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                out = bytearray()
                while self._pieces and self._pieces[0].due <= now:
                    out += self._pieces.popleft().data
                if out:
                    return bytes(out)
                until = min(deadline, self._pieces[0].due) if self._pieces else deadline
                if now >= deadline:
                    return b""
                self._changed.wait(max(0.0, until - now))
        return b""

    def wake(self) -> None:
        """Have a pull() that waits look again."""
        with self._changed:
            self._changed.notify_all()

    def is_empty(self) -> bool:
        """Whether nothing is under way."""
        with self._changed:
            return not self._pieces

    def close(self) -> None:
        """Nothing comes out any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _slice(self) -> int:
        return max(1, int(self.baud / BITS_PER_BYTE * _SLICE_S)) if self.baud else 65536
