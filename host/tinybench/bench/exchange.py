"""Requests out, answers in: credits, resends, deadlines.

The link keeps the order of bytes, so an answer shows that all that was sent before its request has
been seen: what of that is unanswered was lost and is sent again at once. The clock is needed only
when the last frame of a burst is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tinybench.bench import trouble
from tinybench.bench.clock import Clock
from tinybench.bench.device_log import DeviceLog
from tinybench.bench.inbox import Arrival, Damage, Inbox
from tinybench.bench.outbox import Outbox
from tinybench.link import Link
from tinybench.wire.layout import Message
from tinybench.wire.messages import Booted, Error, ErrorCode, InputAck, ResetReason, Tap

R = TypeVar("R", bound=Message)

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
        resends: frames sent again to a device that has been greeted, since the start.
    """

    def __init__(self, link: Link, log: DeviceLog, timeout_s: float) -> None:
        self.inbox, self.outbox = Inbox(link, log), Outbox(link)
        self.credits = 1
        self.greeted = False
        self.on_tap: Callable[[Tap], None] = lambda tap: None
        self.resends = 0
        self._link = link
        self._log = log
        self._timeout_s = timeout_s
        self._sent = 0
        self._boots = 0
        self._flights: dict[int, _Flight] = {}

    @property
    def bytes_passed(self) -> int:
        """Both ways, since the start."""
        return self.outbox.bytes_sent + self.inbox.bytes_heard

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
        clock = Clock(timeout_s, patience_s)
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
            elif clock.was_impatient and trouble.is_loop(self._log):
                self.inbox.flush()
                raise trouble.rom_loop(wanted, self._link, self._log)
            elif clock.is_over():
                self.inbox.flush()
                heard = self.inbox.heard_since(before)
                raise trouble.silent(wanted, timeout_s, heard, self._link, self._log)
            elif clock.is_patience_over():
                self._resend(self._oldest())
        return [answers[index] for index in range(len(requests))]

    def send(self, request: Message) -> None:
        """A request that nothing answers."""
        self.outbox.write([self.outbox.frame(request)[1]])

    def _send_more(self, waiting: deque[tuple[int, Message]]) -> None:
        burst = []
        while waiting and len(self._flights) < self.credits:
            index, request = waiting.popleft()
            seq, frame = self.outbox.frame(request)
            self._sent += 1
            self._flights[seq] = _Flight(index, frame, self._sent, self._sent)
            burst.append(frame)
        if burst:
            self.outbox.write(burst)

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
                raise trouble.keeps_resetting(wanted, self._boots, reason, self._link, self._log)
            self._resend_hinted()  # it has not seen what was sent before
        elif isinstance(message, Error) and message.code == ErrorCode.DAMAGED:
            self._log.add("device", "received a damaged frame")
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
            self.resends += self.greeted  # before that it may just not have booted
            self.outbox.write([flight.frame])
