"""Requests sent ahead, answers in order; nothing is sent again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from tinybench.bench import trouble
from tinybench.bench.clock import Clock
from tinybench.bench.device_log import DeviceLog
from tinybench.bench.inbox import Arrival, Damage, Inbox
from tinybench.bench.outbox import Outbox
from tinybench.link import Link
from tinybench.wire.frame import ENCODED_MAX
from tinybench.wire.layout import Message
from tinybench.wire.messages import Booted, Error, ErrorCode

_FRAME_MAX = ENCODED_MAX + 2  # with its delimiters


class Disturbed(Exception):  # noqa: N818 - a stream's end, not a failure
    """Something of a stream was lost, damaged or refused."""


class Stream:
    """One stream through a link.

    So many requests are under way as the device's buffer holds: ``credits`` frames of the longest
    kind.

    Args:
        link: the way to the device.
        inbox, outbox: its two ends here.
        log: gets all that is not an answer.
        credits: of the device.
        wanted: what all this is for; error messages begin with it.
    """

    def __init__(
        self, link: Link, inbox: Inbox, outbox: Outbox, log: DeviceLog, credits: int, wanted: str
    ) -> None:
        self._link, self._inbox, self._outbox, self._log = link, inbox, outbox, log
        self._wanted = wanted
        self._room = credits * _FRAME_MAX
        self._waiting: deque[tuple[int, int]] = deque()  # sequence number and bytes of each
        self._held: Message | None = None  # there was no room for it

    def run(self, requests: Iterator[Message | None], patience_s: float) -> Iterator[Message]:
        """The answers, in order.

        Args:
            requests: taken as there is room; None: no more until an answer has been taken.
            patience_s: wait for progress before the stream counts as disturbed.

        Raises:
            Disturbed: an answer is missing, damaged or an error; what is under way is unknown.
            DeviceCrashed: the other side is gone, or was reset.
        """
        clock = Clock(patience_s, patience_s)
        while True:
            self._send(requests)
            if not self._waiting:
                return
            for item in self._receive(clock):
                if isinstance(item, Damage):
                    raise Disturbed("something arrived damaged")
                self._judge(item)
                if item.seq == self._waiting[0][0]:
                    self._room += self._waiting.popleft()[1]
                    clock.restart()
                    yield item.message
                elif any(seq == item.seq for seq, _ in self._waiting):
                    raise Disturbed("an answer is missing")
                if not self._waiting:
                    break

    def _send(self, requests: Iterator[Message | None]) -> None:
        """As many as there is room for."""
        burst = []
        while self._room > 0 and (request := self._held or next(requests, None)) is not None:
            seq, frame = self._outbox.peek(request)
            self._held = request if len(frame) > self._room else None
            if self._held is not None:
                break
            self._outbox.claim(seq)
            self._room -= len(frame)
            self._waiting.append((seq, len(frame)))
            burst.append(frame)
        if burst:
            self._outbox.write(burst)

    def _receive(self, clock: Clock) -> list[Arrival | Damage]:
        arrivals = self._inbox.receive(clock.wait_s())
        if not arrivals and self._link.problem() is not None:
            self._inbox.flush()
            raise trouble.gone(self._wanted, self._link, self._log)
        if not arrivals and clock.is_over():
            raise Disturbed("no answer in time")
        return arrivals

    def _judge(self, item: Arrival) -> None:
        """React to what is no answer."""
        message = item.message
        if isinstance(message, Booted):
            self._log.add("device", f"booted, {message}")
            raise trouble.was_reset(self._wanted, message, self._link, self._log)
        if isinstance(message, Error):
            if message.code == ErrorCode.NOT_GREETED:
                raise trouble.was_reset(self._wanted, None, self._link, self._log)
            raise Disturbed(f"the device says {ErrorCode.words(message.code)}")
