"""Requests out, answers in: credits, resends, deadlines.

The link keeps the order of bytes, so an answer shows that all that was sent before its request has
been seen: what of that is unanswered was lost and is sent again at once. The clock is needed only
when the last frame of a burst is lost.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tinybench.bench import trouble
from tinybench.bench.device_log import DeviceLog
from tinybench.bench.inbox import Arrival, Damage, Inbox
from tinybench.link import Link
from tinybench.wire import codec
from tinybench.wire.frame import ENCODED_MAX, encode_frame
from tinybench.wire.layout import Message
from tinybench.wire.messages import Booted, Error, ErrorCode, InputAck, ResetReason, Tap

R = TypeVar("R", bound=Message)

_FRAME_MAX = ENCODED_MAX + 2  # with its delimiters

HINTED_RESENDS = 16
"""Resends of one request that signs of damage can trigger; then only the clock does."""


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """The device answered with an Error that is the caller's to judge.

    Attributes:
        code: enum ErrorCode, or a number that this host does not know.
        detail: see there.
    """

    def __init__(self, code: int, detail: int) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"code={code} detail={detail:#x}")


class Disturbed(Exception):  # noqa: N818 - a stream's end, not a failure
    """Something of a stream was lost, damaged or refused."""


@dataclass
class _Flight:
    """A request on its way.

    Attributes:
        index: its place among the requests.
        frame: its bytes.
        place: when it was last sent, in a count of all frames sent.
        since: when it was sent that may still be answered: not later than ``place``. A sign of
            damage tells hardly ever whose it is, so what is sent again for it may have arrived.
        hints: resends left that a sign of damage can trigger.
    """

    index: int
    frame: bytes
    place: int
    since: int
    hints: int = HINTED_RESENDS


class Exchange:
    """One side of a conversation.

    Args:
        link: the way to the device.
        log: gets all that is not an answer.
        timeout_s: longest wait without progress.

    Attributes:
        credits: requests that may be under way unanswered.
        greeted: the device has said Hello; from then on a Booted means that it was reset.
        on_tap: gets what a tap build says of its tensors.
        resends, refused: frames sent again since the start; that the device found damaged.
        bytes_sent, frames_sent: since the start, resends included.
    """

    def __init__(self, link: Link, log: DeviceLog, timeout_s: float) -> None:
        self.inbox = Inbox(link, log)
        self.credits = 1
        self.greeted = False
        self.on_tap: Callable[[Tap], None] = lambda tap: None
        self.resends = self.refused = 0
        self.bytes_sent = self.frames_sent = 0
        self._link = link
        self._log = log
        self._timeout_s = timeout_s
        self._seq = random.randrange(0x10000)
        self._sent = 0
        self._boots = 0
        self._flights: dict[int, _Flight] = {}

    @property
    def bytes_passed(self) -> int:
        """Both ways, since the start."""
        return self.bytes_sent + self.inbox.bytes_heard

    def ask(self, request: Message, answer: type[R], *, wanted: str, patience_s: float) -> R:
        """One request, one answer; see :meth:`ask_all`."""
        return self.ask_all([request], answer, wanted=wanted, patience_s=patience_s)[0]

    def ask_all(
        self,
        requests: Sequence[Message],
        answer: type[R],
        *,
        wanted: str,
        patience_s: float,
        timeout_s: float | None = None,
    ) -> list[R]:
        """Requests that do not depend on each other, as many under way as there are credits.

        Args:
            requests: in the order in which they go out.
            answer: what each is answered by.
            wanted: what all this is for; error messages begin with it.
            patience_s: wait for progress before something is sent again; doubles each time.
            timeout_s: longest wait without progress, if not that of all exchanges.

        Returns:
            The answers, in the order of the requests.

        Raises:
            Refused: the device answered one of them with an error.
            DeviceSilent: no progress for ``timeout_s``.
            DeviceCrashed: the other side is gone, or was reset.
        """
        answers: dict[int, R] = {}
        waiting = deque(enumerate(requests))
        self._flights.clear()
        self._boots = 0
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        clock = _Clock(timeout_s, patience_s)
        before = self.inbox.mark()
        while len(answers) < len(requests):
            self._send_more(waiting)
            arrivals = self.inbox.receive(clock.wait_s())
            answered = sum(self._take(item, answer, answers, wanted) for item in arrivals)
            if answered:
                clock.restart()
            elif not arrivals and self._link.problem() is not None:
                self.inbox.flush()
                raise trouble.gone(wanted, self._link, self._log)
            elif clock.is_over():
                self.inbox.flush()
                heard = self.inbox.heard_since(before)
                raise trouble.silent(wanted, timeout_s, heard, self._link, self._log)
            elif clock.is_patience_over():
                self._resend(self._oldest())
        return [answers[index] for index in range(len(requests))]

    def pipe(
        self, requests: Iterator[Message | None], *, wanted: str, patience_s: float
    ) -> Iterator[Message]:
        """A stream of requests; their answers, in order. Nothing is sent again.

        So many are under way as the device's buffer holds: ``credits`` frames of the longest kind.

        Args:
            requests: taken as there is room; None: no more until an answer has been taken.
            wanted: what all this is for; error messages begin with it.
            patience_s: wait for progress before the stream counts as disturbed.

        Raises:
            Disturbed: an answer is missing, damaged or an error; what is under way is unknown.
            DeviceCrashed: the other side is gone, or was reset.
        """
        self._flights.clear()
        waiting: deque[tuple[int, int]] = deque()  # sequence number and bytes of each
        room, held = self.credits * _FRAME_MAX, None
        clock = _Clock(patience_s, patience_s)
        while True:
            burst = []
            while room > 0 and (request := held or next(requests, None)) is not None:
                frame = encode_frame(request.number, seq := self._peek_seq(), codec.encode(request))
                held = request if len(frame) > room else None
                if held is not None:
                    break
                self._next_seq()
                room -= len(frame)
                waiting.append((seq, len(frame)))
                burst.append(frame)
            if burst:
                self._write(burst)
            if not waiting:
                return
            arrivals = self.inbox.receive(clock.wait_s())
            if not arrivals and self._link.problem() is not None:
                self.inbox.flush()
                raise trouble.gone(wanted, self._link, self._log)
            if not arrivals and clock.is_over():
                raise Disturbed("no answer in time")
            for item in arrivals:
                if isinstance(item, Damage):
                    raise Disturbed("something arrived damaged")
                self._judge_streamed(item, wanted)
                if item.seq == waiting[0][0]:
                    room += waiting.popleft()[1]
                    clock.restart()
                    yield item.message
                elif any(seq == item.seq for seq, _ in waiting):
                    raise Disturbed("an answer is missing")
                if not waiting:
                    break

    def _judge_streamed(self, item: Arrival, wanted: str) -> None:
        message = item.message
        if isinstance(message, Booted):
            self._log.add("device", f"booted, {message}")
            raise trouble.was_reset(wanted, message, self._link, self._log)
        if isinstance(message, Error):
            self.refused += message.code == ErrorCode.DAMAGED
            if message.code == ErrorCode.NOT_GREETED:
                raise trouble.was_reset(wanted, None, self._link, self._log)
            raise Disturbed(f"the device says {ErrorCode.words(message.code)}")

    def send(self, request: Message) -> None:
        """A request that nothing answers."""
        self._write([encode_frame(request.number, self._next_seq(), codec.encode(request))])

    def _send_more(self, waiting: deque[tuple[int, Message]]) -> None:
        burst = []
        while waiting and len(self._flights) < self.credits:
            index, request = waiting.popleft()
            seq = self._next_seq()
            frame = encode_frame(request.number, seq, codec.encode(request))
            self._sent += 1
            self._flights[seq] = _Flight(index, frame, self._sent, self._sent)
            burst.append(frame)
        if burst:
            self._write(burst)

    def _write(self, frames: Sequence[bytes]) -> None:
        data = b"".join(frames)
        self.bytes_sent += len(data)
        self.frames_sent += len(frames)
        self._link.write(data)

    def _take(
        self, item: Arrival | Damage, answer: type[R], answers: dict[int, R], wanted: str
    ) -> bool:
        """Act on what has arrived. True if it shows that the device gets on."""
        if isinstance(item, Damage):
            self._resend_hinted()
            return False
        if isinstance(item.message, Tap):
            self.on_tap(item.message)
            return True
        self._judge(item, wanted)
        flight = self._flights.get(item.seq)
        if flight is None or not isinstance(item.message, answer):
            return False  # the second answer to a request that was sent twice
        del self._flights[item.seq]
        answers[flight.index] = item.message
        if isinstance(item.message, InputAck):
            self.credits = max(1, item.message.credits)
        for overtaken in [f for f in self._flights.values() if f.place < flight.since]:
            self._resend(overtaken)
            overtaken.since = overtaken.place
        return True

    def _judge(self, item: Arrival, wanted: str) -> None:
        """React to what is no answer."""
        message = item.message
        if isinstance(message, Booted):
            self._log.add("device", f"booted, {message}")
            if self.greeted:
                raise trouble.was_reset(wanted, message, self._link, self._log)
            self._boots += 1
            if self._boots >= trouble.LOOP_STARTS:
                reason = ResetReason.words(message.reset_reason)
                raise trouble.keeps_resetting(wanted, self._boots, reason, self._log)
            self._resend_hinted()  # it has not seen what was sent before
        elif isinstance(message, Error) and message.code == ErrorCode.DAMAGED:
            self._log.add("device", "received a damaged frame")
            self.refused += 1
            self._resend_hinted()
        elif isinstance(message, Error) and item.seq in self._flights:
            if message.code == ErrorCode.NOT_GREETED and self.greeted:
                raise trouble.was_reset(wanted, None, self._link, self._log)
            raise Refused(message.code, message.detail)

    def _oldest(self) -> _Flight | None:
        return min(self._flights.values(), key=lambda flight: flight.place, default=None)

    def _resend_hinted(self) -> None:
        oldest = self._oldest()
        if oldest is not None and oldest.hints > 0:
            oldest.hints -= 1
            self._resend(oldest)

    def _resend(self, flight: _Flight | None) -> None:
        if flight is not None:
            self._sent += 1
            flight.place = self._sent
            self.resends += 1
            self._write([flight.frame])

    def _peek_seq(self) -> int:
        return self._seq % 0xFFFF + 1

    def _next_seq(self) -> int:
        """1 .. 0xFFFF: 0 is for what comes unasked."""
        self._seq = self._peek_seq()
        return self._seq


class _Clock:
    """When to send again, and when to give up."""

    def __init__(self, timeout_s: float, patience_s: float) -> None:
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self.restart()

    def restart(self) -> None:
        """There was progress."""
        now = time.monotonic()
        self._deadline = now + self._timeout_s
        self._wait = self._patience_s
        self._resend_at = now + self._wait

    def wait_s(self) -> float:
        """Until the next thing to do."""
        return max(0.0, min(self._deadline, self._resend_at) - time.monotonic())

    def is_over(self) -> bool:
        """Give up."""
        return time.monotonic() >= self._deadline

    def is_patience_over(self) -> bool:
        """Send again; the next wait is twice as long."""
        if time.monotonic() < self._resend_at:
            return False
        self._wait *= 2
        self._resend_at = time.monotonic() + self._wait
        return True
