"""What comes from the device, sorted: answers to the caller, everything else to the log."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tinybench.bench.device_log import DeviceLog
from tinybench.errors import WrongFirmware
from tinybench.link import Link
from tinybench.wire import codec
from tinybench.wire.frame import Frame, Stray, Unframer
from tinybench.wire.layout import Message
from tinybench.wire.messages import PROTOCOL, Booted, Error, ErrorCode, Hello, Log, LogLevel


@dataclass(frozen=True)
class Arrival:
    """A message and the sequence number that it came under."""

    seq: int
    message: Message


@dataclass(frozen=True)
class Damage:
    """Something arrived that may have been a frame."""


@dataclass(frozen=True)
class Mark:
    """How much had come at some time: bytes, intact frames, damaged ones."""

    bytes: int
    frames: int
    damaged: int


@dataclass(frozen=True)
class Heard:
    """What came instead of an answer, and what to do about it."""

    words: str
    todo: str


_HANGS = "it hangs, or another firmware runs: reset the board or flash it again"
_NOISE = "another baud rate, or another program runs there: check both, or flash the board"


class Inbox:
    """Reads a link.

    Attributes:
        bytes_heard: since the start.
        frames_heard: intact ones, since the start.
        damaged: strays that were no text, since the start.
        refused: frames that the device says it has found damaged, since the start.
    """

    def __init__(self, link: Link, log: DeviceLog) -> None:
        self._link = link
        self._log = log
        self._unframer = Unframer()
        self.bytes_heard = 0
        self.frames_heard = 0
        self.damaged = self.refused = 0

    def receive(self, timeout_s: float) -> list[Arrival | Damage]:
        """What has arrived, in order; waits for it.

        Raises:
            WrongFirmware: a device of another protocol version greets us.
        """
        data = self._link.read(timeout_s)
        self.bytes_heard += len(data)
        self._log.rom.feed(data)
        sorted_out = [self._sort(item) for item in self._unframer.feed(data)]
        return [item for item in sorted_out if item is not None]

    def flush(self) -> None:
        """What waits for a delimiter goes to the log: nothing more will come."""
        self.damaged += self._log.add_stray(self._unframer.flush().data)

    def mark(self) -> Mark:
        """What has come so far, for :meth:`heard_since`."""
        return Mark(self.bytes_heard, self.frames_heard, self.damaged)

    def heard_since(self, before: Mark) -> Heard:
        """What came since then, in words, and what to do about it."""
        frames = self.frames_heard - before.frames
        count = self.bytes_heard - before.bytes
        if frames:
            return Heard(f"though {frames} other frames came", _HANGS)
        if not count:
            return Heard("nothing came back", _HANGS)
        if self.damaged == before.damaged:
            return Heard(f"only text, {count} bytes", "another program runs there: flash the board")
        return Heard(f"only {count} bytes that are no frame", _NOISE)

    def _sort(self, item: Frame | Stray) -> Arrival | Damage | None:
        if isinstance(item, Stray):
            if not self._log.add_stray(item.data):
                return None
            self.damaged += 1
            return Damage()
        self.frames_heard += 1
        if item.type == Hello.number:
            _check_protocol(item.payload)
        try:
            message = codec.decode(item.type, item.payload)
        except codec.CodecError as error:
            self._log.add("noise", f"frame type {item.type:#04x} seq {item.seq}: {error}")
            return None
        if isinstance(message, Log):
            line = message.line.decode(errors="replace")
            self._log.add("device", f"{LogLevel.words(message.level)}: {line}")
            return None
        if isinstance(message, Error) and message.code == ErrorCode.DAMAGED:
            self.refused += 1
        if not isinstance(message, Booted):
            self._log.rom.reasons.clear()  # it gets on: no loop
        return Arrival(item.seq, message)


def _check_protocol(hello: bytes) -> None:
    """A Hello's first field is the same in all versions."""
    version = struct.unpack_from("<H", hello)[0] if len(hello) >= 2 else None
    if version != PROTOCOL:
        raise WrongFirmware(
            f"a device that speaks protocol {PROTOCOL}",
            f"protocol={version}",
            "build and flash the firmware with this version of tinybench",
        )
