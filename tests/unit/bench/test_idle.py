"""Throughput mode on a line that takes its time, by a clock that only the simulation moves."""

from __future__ import annotations

from collections import deque

import pytest

from support.cabled_device import StillClock
from support.fake_device import SIZE, FakeDevice
from tinybench.bench import clock as waiting
from tinybench.bench.device import Device
from tinybench.bench.pipeline import Pipeline
from tinybench.wire import codec
from tinybench.wire.frame import Frame
from tinybench.wire.messages import Run

BAUD = 921_600
COUNT = 40


class TimedDevice(FakeDevice):
    """Takes requests in order as they arrive, and computes; a byte is ten bits on the line.

    Args:
        clock: the host's.
        compute_s: of a Run.
        credits: frames that its receive buffer holds.

    Attributes:
        idle_s: from the end of each Run to the begin of the next.
    """

    def __init__(self, clock: StillClock, compute_s: float, credits: int) -> None:
        super().__init__()
        self.credits = credits  # type: ignore[misc]
        self.idle_s = self.computed_s = 0.0
        self._clock, self._compute_s = clock, compute_s
        self._heard = self._ran = self._free = self._said = 0.0
        self._answers: deque[tuple[float, bytes]] = deque()

    def write(self, data: bytes) -> None:
        """All that follows from it: nothing that the host does later changes that."""
        for part in data.split(b"\0"):
            self._heard = max(self._heard, self._clock.now) + _line_s(len(part) + (part != b""))
            for item in self._unframer.feed(part + b"\0"):
                assert isinstance(item, Frame)
                self._work(item)

    def _work(self, frame: Frame) -> None:
        started = max(self._heard, self._free)
        request = codec.decode(frame.type, frame.payload)
        self._free = started
        if isinstance(request, Run):
            self.idle_s += started - self._ran if self.computed_s else 0.0
            self.computed_s += self._compute_s
            self._free = self._ran = started + self._compute_s
        self.answer_frame(frame)
        data, self._out = bytes(self._out), bytearray()
        self._said = max(self._said, self._free) + _line_s(len(data))
        self._answers.append((self._said, data))

    def read(self, timeout_s: float) -> bytes:
        """The next answer, when its last byte has come."""
        until = self._clock.now + timeout_s
        due, data = self._answers[0] if self._answers else (until + 1, b"")
        self._clock.now = max(self._clock.now, min(due, until))
        if due > until:
            return b""
        self._answers.popleft()
        return data


def _line_s(count: int) -> float:
    return count * 10 / BAUD


def idle_share(
    monkeypatch: pytest.MonkeyPatch, *, compute_s: float, credits: int, stream: bool
) -> float:
    """Of the time from the first Run to the last, how much the device waits."""
    clock = StillClock()
    monkeypatch.setattr(waiting, "time", clock)
    timed = TimedDevice(clock, compute_s, credits)
    samples = [(sample, [bytes([sample]) * SIZE]) for sample in range(COUNT)]
    with Device(timed, patience_s=60, reply_timeout_s=60) as device:
        if stream:
            answers = list(Pipeline(device).run(iter(samples)))
        else:
            answers = [device.infer(*sample) for sample in samples]
        assert device.stats().resends == 0
    assert [answer.outputs for answer in answers] == [inputs for _, inputs in samples]
    share = timed.idle_s / (timed.idle_s + timed.computed_s)
    print(f"{compute_s * 1e3:g} ms, {credits} credits, stream={stream}: idle {share:.4f}")
    return share


def test_no_device_is_idle_when_computing_is_the_bottleneck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """3,000 bytes are 33 ms each way; the receive buffer holds a whole sample."""
    assert idle_share(monkeypatch, compute_s=0.1, credits=4, stream=True) < 0.005
    assert idle_share(monkeypatch, compute_s=0.1, credits=4, stream=False) > 0.3


def test_what_the_receive_buffer_does_not_hold_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    share = idle_share(monkeypatch, compute_s=0.1, credits=2, stream=True)
    assert 0.1 < share < 0.4
