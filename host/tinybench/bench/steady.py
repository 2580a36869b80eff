"""A device that goes away in the middle and comes back: greeted anew, its sample measured again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from tinybench.bench import trouble
from tinybench.bench.device import Device, Expected
from tinybench.bench.inference import Inference
from tinybench.bench.link_stats import LinkStats
from tinybench.bench.pipeline import Pipeline, Sample, again
from tinybench.bench.rate import raise_rate, return_to
from tinybench.errors import DeviceReset, DeviceSilent, LinkLost
from tinybench.link.cable import CableLink
from tinybench.wire.messages import Hello, ResetReason

T = TypeVar("T")

COMEBACK_S = 30.0
"""So long a port may be away: a board plugged in again, a lab server that starts over."""

_FIRST_GREETING_S = 3.0
_POLL_S = 0.2


class SteadyDevice:
    """What :func:`tinybench.bench.run.run` measures with.

    Args:
        device: greeted and checked again whenever it has come back.
        expected: the firmware that must answer, then too.
        comeback_s: how long its port may be away.
        rates: of the line to try, the highest first.

    Attributes:
        resets: how often another boot of it has answered.
        reconnects: how often its port was lost and found.
        on_state: told what keeps it from measuring, and "" when that is over.
    """

    def __init__(
        self,
        device: Device,
        expected: Expected,
        comeback_s: float = COMEBACK_S,
        rates: Sequence[int] = (),
    ) -> None:
        self.device = device
        self.resets = 0
        self.reconnects = 0
        self.on_state: Callable[[str], None] = lambda state: None
        self._expected = expected
        self._rates = rates
        self._first_rate: int | None = None  # where another is in use
        self._comeback_s = comeback_s
        self._hello: Hello | None = None
        self._pipeline = Pipeline(device)

    def check(self) -> Hello:
        """See :meth:`tinybench.bench.device.Device.check`; raises as :meth:`infer` besides."""
        return self._last(self._greet)

    def infer(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        """See :meth:`tinybench.bench.device.Device.infer`.

        Raises:
            DeviceCrashed: it started over and over and did not get this sample done.
            LinkLost: its port does not come back.
            WrongFirmware: another firmware came back.
        """
        return self._last(lambda: self.device.infer(sample, inputs))

    def measure_memory(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        """See :meth:`tinybench.bench.device.Device.measure_memory`; raises as :meth:`infer`."""
        return self._last(lambda: self.device.measure_memory(sample, inputs))

    def stream(self, samples: Iterator[Sample]) -> Iterator[Inference]:
        """See :meth:`tinybench.bench.pipeline.Pipeline.run`; raises as :meth:`infer`."""
        waiting: deque[Sample] = deque()
        while True:
            try:
                for inference in self._pipeline.run(again(waiting, samples)):
                    waiting.popleft()
                    yield inference
                return
            except (LinkLost, DeviceReset, DeviceSilent):  # met again at once, dealt with there
                yield self.infer(*waiting[0])
                waiting.popleft()

    @property
    def bytes_sent(self) -> int:
        """To the device, since the start."""
        return self.device.stats().bytes_to_device

    def stats(self) -> LinkStats:
        """What the link went through."""
        link = self.device.link
        counted = replace(
            self.device.stats(),
            resets=self.resets,
            reconnects=self.reconnects,
            baud=link.baud,
        )
        if not isinstance(link, CableLink):
            return counted
        return replace(counted, cable=link.spec.words(), faults=link.counts().faults)

    def _last(self, work: Callable[[], T]) -> T:
        """Does a piece of work, again each time that the device has come back."""
        away, silences = False, 0
        for remaining in reversed(range(trouble.LOOP_STARTS)):
            try:
                if away:
                    self._greet()
                    self.on_state("")
                return work()
            except DeviceSilent:
                silences += 1
                self.on_state("silent")
                if not remaining or not self._may_answer_yet(silences):
                    raise
            except LinkLost as lost:
                if not remaining:
                    raise
                self.on_state("its port is gone")
                self._find_again(lost)
            except DeviceReset as reset:
                if not remaining:
                    raise self._give_up(reset) from reset
                self.on_state("was reset")
            away = True
        raise AssertionError("the last try returns or raises")

    def _may_answer_yet(self, silences: int) -> bool:
        """It may have returned to its first rate; or it hangs, and is reset once, where we can."""
        slower = self._first_rate is not None
        if silences == 1 + slower and self._hello is not None and self.device.link.reset():
            self.device.log.add("host", "silent: reset by its line")
            return True
        return slower

    def _greet(self) -> Hello:
        if self._first_rate is not None:  # a boot brings the first rate back
            return_to(self.device, self._first_rate)
        elif self._hello is None and self.device.link.baud is not None:
            self._call(self.device.link.baud)
        before, self._hello = self._hello, self.device.check(self._expected)
        first = self.device.link.baud
        self._first_rate = first if raise_rate(self.device, self._rates) != first else None
        if before is not None and before.boot_id != self._hello.boot_id:
            self.resets += 1
        return self._hello

    def _call(self, first: int) -> None:
        """A host before may have left the device at another rate, and ended."""
        try:
            self.device.hello(_FIRST_GREETING_S)
        except DeviceSilent:
            return_to(self.device, first)

    def _find_again(self, lost: LinkLost) -> None:
        deadline = time.monotonic() + self._comeback_s
        while not self.device.link.reopen():
            if time.monotonic() > deadline:
                seen = f"{lost.seen}; not back after {self._comeback_s:g} s"
                raise LinkLost(lost.wanted, seen, lost.todo, details=lost.details) from lost
            time.sleep(_POLL_S)
        self.reconnects += 1

    def _give_up(self, reset: DeviceReset) -> Exception:
        reason = ResetReason.words(self._hello.reset_reason) if self._hello else "unknown"
        return trouble.keeps_resetting(
            reset.wanted, trouble.LOOP_STARTS, reason, self.device.link, self.device.log, reset
        )
