"""A link to a child process over a socket pair that it inherits.

No port number that two test runs could both take, and the end of either side is seen by the other.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Sequence
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


class ProcessLink:
    """Speaks to a child over our end of a socket pair.

    Args:
        child: the process.
        stream: our end.
        inspector: asked about a silent device.
    """

    runs_device = True

    def __init__(
        self, child: Child, stream: socket.socket, inspector: Inspector | None = None
    ) -> None:
        self.child = child
        self._stream = stream
        self._stream.settimeout(_WRITE_TIMEOUT_S)
        self._inspector = inspector
        self._problem: str | None = None

    def read(self, timeout_s: float) -> bytes:
        """See :class:`~tinybench.link.base.Link`."""
        if self._problem is not None:
            return b""
        readable, _, _ = select.select([self._stream], [], [], max(timeout_s, 0.0))
        if not readable:
            return b""
        try:
            data = self._stream.recv(_READ_BYTES)
        except OSError:  # the peer went with bytes unread
            data = b""
        if not data:
            ending = self.child.ending(_ENDING_S)
            self._problem = ending or f"{self.child.name} closed the link, but still runs"
        return data

    def write(self, data: bytes) -> None:
        """See :class:`~tinybench.link.base.Link`. A full link counts as bytes lost."""
        with contextlib.suppress(OSError):
            self._stream.sendall(data)

    def problem(self) -> str | None:
        """See :class:`~tinybench.link.base.Link`."""
        return self._problem

    def evidence(self) -> tuple[str, ...]:
        """See :class:`~tinybench.link.base.Link`."""
        seen = self._inspector.look() if self._inspector else ()
        return (*seen, *(f"{self.child.log.name}: {t}" for t in self.child.tail()))

    def where(self, address: int) -> str:
        """See :class:`~tinybench.link.base.Link`."""
        return self._inspector.where(address) if self._inspector else ""

    def close(self) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        self._stream.close()
        if self._inspector:
            self._inspector.close()
        self.child.end()


def open_process(program: Path, arguments: Sequence[str], log: Path) -> ProcessLink:
    """Start a firmware that was built as a host program.

    Args:
        program: it is given ``--fd=N``, the socket to speak over, as its first argument.
        arguments: further arguments.
        log: gets its stdout and stderr.

    Raises:
        LinkError: it cannot be started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        command = [str(program.absolute()), f"--fd={theirs.fileno()}", *arguments]
        try:
            child = Child("the firmware's process", command, [theirs.fileno()], log)
        except BaseException:
            ours.close()
            raise
    return ProcessLink(child, ours)
