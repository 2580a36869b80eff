"""A serial port of this computer at a TCP port by RFC 2217, as lab servers offer it."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

import serial
import serial.rfc2217

_POLL_S = 0.05


class _Connection:
    """What pyserial's PortManager answers through."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock:
            self._client.sendall(data)


class LabServer:
    """Serves one client after the other, with pyserial's own side of the protocol.

    Attributes:
        hang_ups: how often a client was hung up on by :meth:`hang_up`.
    """

    def __init__(self, device: str) -> None:
        self._port = serial.serial_for_url(device, timeout=_POLL_S)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(_POLL_S)
        self._stopped = threading.Event()
        self._hang_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.getsockname()
        return f"rfc2217://{host}:{port}"

    @property
    def baudrate(self) -> int:
        """What the client has asked for last."""
        return int(self._port.baudrate)

    def hang_up(self) -> None:
        """As a server that is started anew."""
        self._hang_up.set()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._server.close()
        self._port.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with client, contextlib.suppress(OSError):
                    self._carry(client)

    def _carry(self, client: socket.socket) -> None:
        connection = _Connection(client)
        manager = serial.rfc2217.PortManager(self._port, connection)
        while not self._stopped.is_set():
            if self._hang_up.is_set():
                self._hang_up.clear()
                return
            readable, _, _ = select.select([client, self._port.fileno()], [], [], _POLL_S)
            if client in readable:
                data = client.recv(1024)
                if not data:
                    return
                self._port.write(b"".join(manager.filter(data)))
            if self._port.fileno() in readable:
                data = self._port.read(self._port.in_waiting or 1)
                connection.write(b"".join(manager.escape(data)))


@contextlib.contextmanager
def lab_server(device: str) -> Iterator[LabServer]:
    server = LabServer(device)
    try:
        yield server
    finally:
        server.close()
