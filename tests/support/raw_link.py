"""Single frames to a firmware, and what comes back, without any resend."""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType

from tinybench.link import Link
from tinybench.wire import codec
from tinybench.wire.frame import Frame, Stray, Unframer, encode_frame
from tinybench.wire.layout import Message


class RawLink:
    """Asks a device without the politeness of a Device."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._unframer = Unframer()
        self._arrived: deque[Frame | Stray] = deque()

    def send(self, message: Message, seq: int) -> None:
        """One frame."""
        self.send_raw(encode_frame(message.number, seq, codec.encode(message)))

    def send_raw(self, data: bytes) -> None:
        """Any bytes."""
        self.link.write(data)

    def receive(self, timeout_s: float = 10.0) -> tuple[int, Message]:
        """The next frame's sequence number and message."""
        deadline = time.monotonic() + timeout_s
        while not self._arrived:
            assert time.monotonic() < deadline, "nothing came"
            self._arrived.extend(self._unframer.feed(self.link.read(0.1)))
        item = self._arrived.popleft()
        assert isinstance(item, Frame), item
        return item.seq, codec.decode(item.type, item.payload)

    def ask(self, message: Message, seq: int) -> Message:
        """One request, the next answer; it must be under the same number."""
        self.send(message, seq)
        answered, answer = self.receive()
        assert answered == seq, answer
        return answer

    def is_quiet(self, for_s: float = 0.2) -> bool:
        """Nothing comes for a while."""
        self._arrived.extend(self._unframer.feed(self.link.read(for_s)))
        return not self._arrived

    def __enter__(self) -> RawLink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.link.close()
