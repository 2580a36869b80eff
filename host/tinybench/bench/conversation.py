"""A conversation with a device: who answers, and anything that it may be asked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tinybench.bench import trouble
from tinybench.bench.device_log import DeviceLog
from tinybench.bench.exchange import Exchange, Refused
from tinybench.bench.identity import Expected, check_identity, describe
from tinybench.errors import DeviceError
from tinybench.link import Link
from tinybench.wire.layout import Message
from tinybench.wire.messages import PROTOCOL, ErrorCode, Greet, Hello, Reset

M = TypeVar("M", bound=Message)

_ATTEMPTS = 5


class Conversation:
    """Owns the link; closes it.

    Args:
        link: an open way to the device.
        log: file for all that the device says besides answers; None keeps only the tail.
        reply_timeout_s: longest wait for a single answer.
        patience_s: wait for an answer before its request is sent again; doubles each time.

    Attributes:
        exchange: requests and answers.
    """

    def __init__(
        self, link: Link, *, log: Path | None, reply_timeout_s: float, patience_s: float
    ) -> None:
        self.link = link
        self.log = DeviceLog(log)
        self.patience_s = patience_s
        self.exchange = Exchange(link, self.log, reply_timeout_s)
        self._hello: Hello | None = None

    def hello(self, timeout_s: float | None = None) -> Hello:
        """Greet the device; its answer. It forgets what it computed before.

        Args:
            timeout_s: wait no longer than this, if not as long as for any answer.

        Raises:
            WrongFirmware: it speaks another protocol.
            DeviceError: as :meth:`ask`.
        """
        wanted = "greet the device"
        greet = Greet(PROTOCOL, random.getrandbits(32))
        self.exchange.greeted = False
        while True:
            hello = self.ask_all([greet], Hello, wanted, timeout_s)[0]
            if hello.session == greet.session:  # else one that an earlier host asked for
                break
        self.exchange.greeted = True
        self.exchange.credits = max(1, hello.credits)
        self._hello = hello
        self.log.forget_tail()
        self.log.add("host", f"greeted {describe(hello)}")
        return hello

    def check(self, expected: Expected) -> Hello:
        """Greet the device and refuse it unless it is the one asked for, and ready.

        Raises:
            WrongFirmware: naming all that differs.
            DeviceError: the engine could not be set up; or as :meth:`ask`.
        """
        hello = self.hello()
        check_identity(hello, expected)
        if hello.engine_status != 0:
            detail = hello.engine_status & 0xFFFFFFFF
            raise trouble.refused("ready the engine", ErrorCode.ENGINE_FAILED, detail, self.log)
        return hello

    def reset(self) -> Hello:
        """Start the device over, and greet it.

        Raises:
            DeviceError: it does not come back, or not as new.
        """
        before = self.known_hello()
        for _ in range(_ATTEMPTS):
            self.exchange.send(Reset())
            after = self.hello()
            if after.boot_id != before.boot_id:
                return after
        raise DeviceError(
            "reset the device",
            f"boot_id={before.boot_id:#010x} stays the same",
            "start it anew: by its reset button, its supply, or `tinybench flash`",
        )

    def close(self) -> None:
        """Close the link and the log."""
        self.link.close()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def known_hello(self) -> Hello:
        """The last answer to a greeting; greets where there is none."""
        return self._hello or self.hello()

    def ask(self, request: Message, answer: type[M], wanted: str) -> M:
        """One request of any kind, and its answer.

        Raises:
            DeviceSilent: no answer in time.
            DeviceCrashed: it trapped, ended or was reset.
            DeviceError: the device refuses.
        """
        return self.ask_all([request], answer, wanted, None)[0]

    def ask_all(
        self, requests: Sequence[Message], answer: type[M], wanted: str, timeout_s: float | None
    ) -> list[M]:
        """Requests that do not depend on each other, and their answers; raises as :meth:`ask`."""
        try:
            return self.exchange.ask_all(
                requests, answer, wanted=wanted, patience_s=self.patience_s, timeout_s=timeout_s
            )
        except Refused as no:
            raise trouble.refused(wanted, no.code, no.detail, self.log) from None
