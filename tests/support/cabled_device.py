"""A fake device behind a seeded cable, without threads or a clock: the same every time."""

from __future__ import annotations

from collections.abc import Iterator

from support.fake_device import FakeDevice
from tinybench.link.cable import CableSpec
from tinybench.link.cable.damage import Damage
from tinybench.wire.frame import Frame, Stray
from tinybench.wire.messages import Error, ErrorCode


class StillClock:
    """Time that passes only while nobody has anything to say. In place of the module ``time``."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


class CabledDevice(FakeDevice):
    """Both directions go through :class:`Damage`; what arrives damaged is refused as firmware does.

    Args:
        spec: faults other than stalls and resets.
        clock: moved on when there is nothing to read.
    """

    credits = 64

    def __init__(self, spec: CableSpec, clock: StillClock) -> None:
        super().__init__()
        self.to_device, self.to_host = Damage(spec, "to_device"), Damage(spec, "to_host")
        self._clock = clock

    def write(self, data: bytes) -> None:
        """What comes out of the cable, to the device."""
        self._hear(b"".join(_bytes(self.to_device, data)))

    def read(self, timeout_s: float) -> bytes:
        """What comes out of the cable, to the host."""
        said = b"".join(_bytes(self.to_host, super().read(timeout_s)))
        if not said and not self._to_answer:  # a silence brings what was set aside
            self._hear(self.to_device.release())
            said = self.to_host.release()
            if not said and not self._to_answer:
                self._clock.now += timeout_s
        return said

    @property
    def faults(self) -> int:
        """Put in so far, both ways."""
        return (self.to_device.faults + self.to_host.faults).total()

    def _hear(self, data: bytes) -> None:
        for item in self._unframer.feed(data):
            if isinstance(item, Frame):
                self._to_answer.append(item)
            elif isinstance(item, Stray):
                self._to_answer.append(Frame(0, 0, b""))

    def answer_frame(self, frame: Frame) -> None:
        """Damage is answered in its turn."""
        if frame.type:
            super().answer_frame(frame)
        else:
            self.say(Error(ErrorCode.DAMAGED, 0), 0)


def _bytes(damage: Damage, data: bytes) -> Iterator[bytes]:
    for outcome in damage.through(data):
        assert isinstance(outcome, bytes)
        yield outcome
