"""A link behind a bad cable."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tinybench.link.base import Link
from tinybench.link.cable.damage import Damage, Direction, ResetDevice, Stall
from tinybench.link.cable.line import Line
from tinybench.link.cable.spec import CableSpec

_READ_S = 0.05
"""Bytes that were set aside to come later come after so long without others."""


@dataclass(frozen=True)
class CableCounts:
    """What has passed through a cable so far.

    Attributes:
        bytes_to_device, bytes_to_host: that went in at either end.
        faults: how often each kind was put in, both directions together.
    """

    bytes_to_device: int
    bytes_to_host: int
    faults: dict[str, int]


class CableLink:
    """Puts a bad cable before a link. Owns it; two threads carry the bytes.

    Args:
        inner: the way to the device.
        spec: how bad the cable is.
        far_baud: the rate that the device's end has; None where that does not matter.
    """

    def __init__(
        self, inner: Link, spec: CableSpec, far_baud: Callable[[], int | None] = lambda: None
    ) -> None:
        self.spec = spec
        self._inner = inner
        self._far_baud = far_baud
        self._noise = random.Random(f"{spec.seed} noise")
        latency_s = spec.latency / 1000
        self._lines: dict[Direction, Line] = {
            "to_device": Line(spec.baud, latency_s),
            "to_host": Line(spec.baud, latency_s),
        }
        self._damage: dict[Direction, Damage] = {d: Damage(spec, d) for d in self._lines}
        self._locks = {d: threading.Lock() for d in self._lines}
        self._problem: str | None = None
        self._closed = threading.Event()
        self._out = self._carry(self._carry_out)
        self._in = self._carry(self._carry_in)

    @property
    def runs_device(self) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.runs_device

    @property
    def baud(self) -> int | None:
        """See :class:`~tinybench.link.base.Link`. Without a far end that has one, of the line."""
        return self._lines["to_device"].baud or None

    @property
    def inner(self) -> Link:
        """The link behind the cable."""
        return self._inner

    def counts(self) -> CableCounts:
        """What has passed, and what was done to it."""
        out, back = self._damage["to_device"], self._damage["to_host"]
        faults = dict(sorted((out.faults + back.faults).items()))
        return CableCounts(out.passed, back.passed, faults)

    def read(self, timeout_s: float) -> bytes:
        """See :class:`~tinybench.link.base.Link`."""
        return self._lines["to_host"].pull(0.0 if self._is_over() else max(timeout_s, 0.0))

    def write(self, data: bytes) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        self._push("to_device", data)

    def set_baud(self, baud: int) -> bool:
        """See :class:`~tinybench.link.base.Link`. Only where the device's end has a rate too."""
        if self._far_baud() is None:
            return False
        for line in self._lines.values():
            line.baud = baud
        return True

    def reset(self) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.reset()

    def reopen(self) -> bool:
        """See :class:`~tinybench.link.base.Link`."""
        if self._problem is None or not self._inner.reopen():
            return False
        self._in.join()
        self._problem = None
        self._in = self._carry(self._carry_in)
        return True

    def problem(self) -> str | None:
        """See :class:`~tinybench.link.base.Link`."""
        return self._problem if self._is_over() else None

    def evidence(self) -> tuple[str, ...]:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.evidence()

    def where(self, address: int) -> str:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inner.where(address)

    def close(self) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        self._closed.set()
        for line in self._lines.values():
            line.close()
        self._out.join()
        self._in.join()
        self._inner.close()

    def _carry(self, what: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=what, daemon=True, name=f"cable{what.__name__}")
        thread.start()
        return thread

    def _is_over(self) -> bool:
        """The other side is gone, and all that it said has come."""
        return self._problem is not None and self._lines["to_host"].is_empty()

    def _carry_out(self) -> None:
        """What the host says, to the device."""
        while not self._closed.is_set():
            data = self._lines["to_device"].pull(_READ_S)
            if data:
                self._inner.write(self._at_its_rate(data))
            else:
                self._release("to_device")

    def _carry_in(self) -> None:
        """What the device says, to the host."""
        while not self._closed.is_set():
            data = self._inner.read(_READ_S)
            if data:
                self._push("to_host", self._at_its_rate(data))
            elif (problem := self._inner.problem()) is not None:
                self._problem = problem
                self._lines["to_host"].wake()
                return
            else:
                self._release("to_host")

    def _push(self, direction: Direction, data: bytes) -> None:
        line = self._lines[direction]
        with self._locks[direction]:
            outcomes = list(self._damage[direction].through(data))
        for outcome in outcomes:
            if isinstance(outcome, Stall):
                line.hold(outcome.ms / 1000)
            elif isinstance(outcome, ResetDevice):
                self._inner.reset()
            else:
                line.push(outcome)

    def _release(self, direction: Direction) -> None:
        with self._locks[direction]:
            late = self._damage[direction].release()
        if late:
            self._lines[direction].push(late)

    def _at_its_rate(self, data: bytes) -> bytes:
        """Noise, where the two ends do not agree on a rate, or the cable cannot carry it."""
        near, far = self._lines["to_device"].baud, self._far_baud()
        too_fast = self.spec.max_baud and near > self.spec.max_baud
        return self._noise.randbytes(len(data)) if too_fast or far not in (None, near) else data
