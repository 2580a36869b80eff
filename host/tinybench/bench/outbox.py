"""What goes to the device: numbered, framed, counted."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tinybench.link import Link
from tinybench.wire import codec
from tinybench.wire.frame import encode_frame
from tinybench.wire.layout import Message


class Outbox:
    """Writes to a link.

    Attributes:
        bytes_sent, frames_sent: since the start.
    """

    def __init__(self, link: Link) -> None:
        self.bytes_sent = self.frames_sent = 0
        self._link = link
        self._seq = random.randrange(0x10000)

    def peek(self, request: Message) -> tuple[int, bytes]:
        """The next sequence number, and a request as a frame under it."""
        seq = self._seq % 0xFFFF + 1  # 1 .. 0xFFFF: 0 is for what comes unasked
        return seq, encode_frame(request.number, seq, codec.encode(request))

    def claim(self, seq: int) -> None:
        """What was peeked at is going to be sent: its number is taken."""
        self._seq = seq

    def frame(self, request: Message) -> tuple[int, bytes]:
        """Both."""
        seq, frame = self.peek(request)
        self.claim(seq)
        return seq, frame

    def write(self, frames: Sequence[bytes]) -> None:
        """Send all of them at once."""
        data = b"".join(frames)
        self.bytes_sent += len(data)
        self.frames_sent += len(frames)
        self._link.write(data)
