"""A link to a child process over a socket pair that it inherits.

No port number that two test runs could both take, and the end of either side is seen by the other.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tinybench.link.child import Child

_READ_BYTES = 65536
_WRITE_TIMEOUT_S = 10.0
_ENDING_S = 2.0
"""A process whose socket has closed has this long to show its exit status."""


class Inspector(Protocol):
    """Looks at a device from outside."""

    def look(self) -> tuple[str, ...]:
        """What there is to see, one fact a line."""
        ...

    def where(self, address: int) -> str:
        """The function at an address of the firmware; "" if not known."""
        ...

    def close(self) -> None:
        """Stop looking."""
        ...


@dataclass(frozen=True)
class Started:
    """A process that runs a firmware.

    Attributes:
        stream: our end of its socket pair.
        inspector: asked about a silent device; None: nobody can tell.
    """

    child: Child
    stream: socket.socket
    inspector: Inspector | None = None

    def end(self) -> None:
        """Ends it."""
        self.stream.close()
        if self.inspector:
            self.inspector.close()
        self.child.end()


class ProcessLink:
    """Speaks to a child over our end of a socket pair.

    Args:
        start: starts the process; told whether one has run before.
    """

    runs_device = True
    baud: int | None = None

    def __init__(self, start: Callable[[bool], Started]) -> None:
        self._start = start
        self._running = start(False)
        self._running.stream.settimeout(_WRITE_TIMEOUT_S)
        self._problem: str | None = None

    @property
    def child(self) -> Child:
        """The process that runs now."""
        return self._running.child

    def read(self, timeout_s: float) -> bytes:
        """See :class:`~tinybench.link.base.Link`."""
        running = self._running
        if self._problem is not None:
            return b""
        try:
            readable, _, _ = select.select([running.stream], [], [], max(timeout_s, 0.0))
            if not readable:
                return b""
            data = running.stream.recv(_READ_BYTES)
        except (OSError, ValueError):  # the peer went with bytes unread, or a reset closed it
            data = b""
        if not data and running is self._running:
            ending = running.child.ending(_ENDING_S)
            self._problem = ending or f"{running.child.name} closed the link, but still runs"
        return data

    def write(self, data: bytes) -> None:
        """See :class:`~tinybench.link.base.Link`. A full link counts as bytes lost."""
        with contextlib.suppress(OSError):
            self._running.stream.sendall(data)

    def set_baud(self, baud: int) -> bool:
        """See :class:`~tinybench.link.base.Link`. A socket has no rate."""
        return False

    def reset(self) -> bool:
        """See :class:`~tinybench.link.base.Link`. As unplugging does: all that it knew is gone."""
        if self._problem is not None:
            return False
        before, self._running = self._running, self._start(True)
        self._running.stream.settimeout(_WRITE_TIMEOUT_S)
        before.end()
        return True

    def reopen(self) -> bool:
        """See :class:`~tinybench.link.base.Link`. A process that ended by itself has a reason."""
        return False

    def problem(self) -> str | None:
        """See :class:`~tinybench.link.base.Link`."""
        return self._problem

    def evidence(self) -> tuple[str, ...]:
        """See :class:`~tinybench.link.base.Link`."""
        inspector = self._running.inspector
        seen = inspector.look() if inspector else ()
        return (*seen, *(f"{self.child.log.name}: {t}" for t in self.child.tail()))

    def where(self, address: int) -> str:
        """See :class:`~tinybench.link.base.Link`."""
        inspector = self._running.inspector
        return inspector.where(address) if inspector else ""

    def close(self) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        self._running.end()


def open_process(program: Path, arguments: Sequence[str], log: Path) -> ProcessLink:
    """Start a firmware that was built as a host program.

    Args:
        program: it is given ``--fd=N``, the socket to speak over, as its first argument.
        arguments: further arguments.
        log: gets its stdout and stderr.

    Raises:
        LinkError: it cannot be started.
    """
    command = [str(program.absolute()), *arguments]
    return ProcessLink(lambda again: _start(command, log, again))


def _start(command: Sequence[str], log: Path, again: bool) -> Started:
    ours, theirs = socket.socketpair()
    program, *arguments = command
    with theirs:
        try:
            child = Child(
                "the firmware's process",
                [program, f"--fd={theirs.fileno()}", *arguments],
                [theirs.fileno()],
                log,
                again=again,
            )
        except BaseException:
            ours.close()
            raise
    return Started(child, ours)
