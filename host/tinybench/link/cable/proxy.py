"""A device behind a cable, for whoever connects: at a TCP port, or at a pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tinybench.errors import LinkError, LinkLost
from tinybench.link.cable.link import CableLink

_POLL_S = 0.2
_READ_BYTES = 4096


class Outlet(Protocol):
    """Where somebody can plug in."""

    @property
    def url(self) -> str:
        """What they open, in pyserial's notation."""
        ...

    def accept(self) -> int | None:
        """A file descriptor to talk to whoever is plugged in, or None: nobody, for a while."""
        ...

    def hang_up(self) -> None:
        """They have gone, or are to go."""
        ...

    def close(self) -> None:
        """Nobody can plug in any more."""
        ...


class TcpOutlet:
    """``socket://host:port``; one at a time.

    Args:
        host, port: where to listen; port 0: any that is free.

    Raises:
        LinkError: it cannot listen there.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._server = socket.create_server((host, port))
        except OSError as error:
            todo = "choose another --listen"
            raise LinkError(f"listen at {host}:{port}", str(error), todo) from error
        self._server.settimeout(_POLL_S)
        self._client: socket.socket | None = None

    @property
    def url(self) -> str:
        """See :class:`Outlet`."""
        host, port = self._server.getsockname()[:2]
        return f"socket://{host}:{port}"

    def accept(self) -> int | None:
        """See :class:`Outlet`."""
        try:
            self._client, _ = self._server.accept()
        except TimeoutError:
            return None
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._client.fileno()

    def hang_up(self) -> None:
        """See :class:`Outlet`."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError):  # it wakes whoever waits for it, or it has gone
                client.shutdown(socket.SHUT_RDWR)
            client.close()

    def close(self) -> None:
        """See :class:`Outlet`."""
        self.hang_up()
        self._server.close()


class PtyOutlet:
    """A pseudo-terminal, as a serial port of this computer. Somebody is always plugged in."""

    def __init__(self) -> None:
        import tty

        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)

    @property
    def url(self) -> str:
        """See :class:`Outlet`."""
        return os.ttyname(self._theirs)

    def accept(self) -> int | None:
        """See :class:`Outlet`."""
        return self._ours

    def hang_up(self) -> None:
        """See :class:`Outlet`. Our end of theirs stays open, so that a port can be closed."""

    def close(self) -> None:
        """See :class:`Outlet`."""
        os.close(self._ours)
        os.close(self._theirs)


@dataclass
class Proxy:
    """Carries bytes between an outlet and a cable until it is stopped.

    Attributes:
        on_change: told who has come or gone, in words.
    """

    outlet: Outlet
    cable: CableLink
    on_change: Callable[[str], None] = lambda words: None

    def __post_init__(self) -> None:
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serves one after the other; the device stays as it is between them.

        Raises:
            LinkLost: the device has gone, and does not come back.
        """
        while not self._stopped.is_set():
            there = self.outlet.accept()
            if there is None:
                self._check()
                continue
            self.on_change("connected")
            with contextlib.suppress(OSError):
                self._carry(there)
            self.outlet.hang_up()
            self.on_change("disconnected")

    def stop(self) -> None:
        """From another thread: run() returns soon."""
        self._stopped.set()

    def _carry(self, there: int) -> None:
        gone = threading.Event()
        back = threading.Thread(target=self._carry_back, args=(there, gone), daemon=True)
        back.start()
        try:
            while not (self._stopped.is_set() or gone.is_set()):
                if not select.select([there], [], [], _POLL_S)[0]:
                    self._check()
                    continue
                data = os.read(there, _READ_BYTES)
                if not data:
                    return
                self.cable.write(data)
        finally:
            gone.set()
            back.join()

    def _carry_back(self, there: int, gone: threading.Event) -> None:
        while not gone.is_set():
            data = memoryview(self.cable.read(_POLL_S))
            try:
                while data:
                    data = data[os.write(there, data) :]
            except OSError:
                gone.set()

    def _check(self) -> None:
        problem = self.cable.problem()
        if problem is not None and not self.cable.reopen():
            raise LinkLost("carry bytes to the device", problem, "plug it in, start this again")
