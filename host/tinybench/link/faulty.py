"""A link that damages what passes through it, where and as it is told. For tests and rehearsals."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tinybench.link.base import Link

Direction = Literal["to_device", "to_host"]
Harm = Literal["flip", "drop", "duplicate", "insert", "cut", "delay"]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        direction: which way the byte travels.
        at: its index in that direction, counted since the link was opened.
        harm: "flip" changes the bits of ``value``; "drop" loses it; "duplicate" sends
            it twice; "insert" puts ``value`` before
            it; "cut" loses it and the ``value`` bytes after it; "delay" holds back it and all that
            follows for ``value`` milliseconds.
        value: see there; 1 .. 255.
    """

    direction: Direction
    at: int
    harm: Harm
    value: int = 1


class _Stream:
    """One direction."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = {fault.at: fault for fault in faults}
        self._at = 0
        self._cutting = 0
        self._held = bytearray()
        self._release_at = 0.0

    def push(self, data: bytes) -> bytes:
        """What comes out at the other end for what goes in."""
        for byte in data:
            self._held += self._pass(byte)
        return self.pull()

    def pull(self) -> bytes:
        """What was held back, once its time is over."""
        if self.held_s() > 0:
            return b""
        out = bytes(self._held)
        self._held.clear()
        return out

    def held_s(self) -> float:
        """How long bytes are still held back; 0 or less: none are."""
        return self._release_at - time.monotonic() if self._held else 0.0

    def _pass(self, byte: int) -> bytes:
        fault = self._faults.get(self._at)
        self._at += 1
        if self._cutting > 0:
            self._cutting -= 1
            return b""
        if fault is None:
            return bytes([byte])
        if fault.harm == "flip":
            return bytes([byte ^ fault.value])
        if fault.harm == "duplicate":
            return bytes([byte, byte])
        if fault.harm == "insert":
            return bytes([fault.value, byte])
        if fault.harm == "delay":
            self._release_at = time.monotonic() + fault.value / 1000
            return bytes([byte])
        self._cutting = fault.value if fault.harm == "cut" else 0
        return b""


class FaultyLink:
    """Wraps a link.

    Args:
        inner: the link that works.
        faults: what goes wrong; at most one for each byte and direction.
    """

    def __init__(self, inner: Link, faults: Iterable[Fault]) -> None:
        listed = list(faults)
        self._inner = inner
        self._to_device = _Stream(f for f in listed if f.direction == "to_device")
        self._to_host = _Stream(f for f in listed if f.direction == "to_host")

    @property
    def runs_device(self) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.runs_device

    @property
    def baud(self) -> int | None:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.baud

    def read(self, timeout_s: float) -> bytes:
        """See :class:`~tinybench.link.base.Link`."""
        for stream in (self._to_device, self._to_host):
            if stream.held_s() > 0:
                timeout_s = min(timeout_s, stream.held_s())
        data = self._to_host.push(self._inner.read(timeout_s))
        late = self._to_device.pull()
        if late:
            self._inner.write(late)
        return data

    def write(self, data: bytes) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        self._inner.write(self._to_device.push(data))

    def set_baud(self, baud: int) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.set_baud(baud)

    def reset(self) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.reset()

    def reopen(self) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.reopen()

    def problem(self) -> str | None:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.problem()

    def evidence(self) -> tuple[str, ...]:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.evidence()

    def where(self, address: int) -> str:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.where(address)

    def close(self) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        self._inner.close()
