"""A chip's ROM bootloader, of the PyPI package esp32-mock-bootloader, in this process.

Each has a flash of its own, so that a test can look into it. Its ROM and flasher stub speak the
real protocol; nothing runs what is flashed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from esp32_mock_bootloader import server

from support.fake_device import FakeDevice

_PATIENCE_S = 0.5  # this long may esptool take for an answer while it reads flash


@dataclass
class MockChip:
    """One chip.

    Attributes:
        chip: esptool's name, "esp32s3".
        port: for esptool's --port.
        flash: what is in it; ``flash.data`` are its bytes.
        unplug_at: pull the cable for good once this address of flash is written; None: never.
        firmware: what answers who does not speak to a bootloader; None: nothing does.
        booted: how often it was asked.
    """

    chip: str
    port: str
    unplug_at: int | None = None
    firmware: FakeDevice | None = None
    booted: int = 0
    flash: Any = field(default_factory=server.FlashImage)


class _Cable(server.BootloaderConnection):
    """A connection that can break."""

    def __init__(self, mock: MockChip, pulled: threading.Event, **transport: Any) -> None:
        super().__init__(**transport)
        self._mock, self._pulled = mock, pulled

    def set_timeout(self, timeout: float) -> None:
        super().set_timeout(max(timeout, _PATIENCE_S))

    def recv(self, size: int) -> bytes:
        data: bytes = super().recv(size)
        at = self._mock.unplug_at
        if at is not None and self._mock.flash.data[at] != 0xFF:
            self._pulled.set()
            return b""
        return data


@contextmanager
def mock_chip(
    chip: str,
    *,
    unplug_at: int | None = None,
    firmware: FakeDevice | None = None,
    flash_mb: int = 4,
) -> Generator[MockChip]:
    """A chip that waits for esptool at a port of TCP; whom a firmware behind it answers later."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = f"socket://127.0.0.1:{listening.getsockname()[1]}"
        mock = MockChip(chip, port, unplug_at, firmware)
        _fit_flash(flash_mb)
        thread = threading.Thread(target=_listen, args=(listening, mock, stop), daemon=True)
        thread.start()
        try:
            yield mock
        finally:
            stop.set()
            thread.join(5)


def _fit_flash(megabytes: int) -> None:
    """The JEDEC id that every mock in this process gives from now on: its third byte is log2."""
    size = (megabytes << 20).bit_length() - 1
    server.protocol.MOCK_FLASH_ID = server.protocol.MOCK_FLASH_ID & 0xFFFF | size << 16


def _listen(listening: socket.socket, mock: MockChip, stop: threading.Event) -> None:
    listening.settimeout(0.1)
    while not stop.is_set():
        with suppress(TimeoutError):
            connection, _ = listening.accept()
            if mock.firmware is not None and not _speaks_slip(connection):
                mock.booted += 1
                _run_firmware(mock.firmware, connection, stop)
                continue
            server.handle_client(
                _Cable(mock, stop, sock=connection), stop, mock.chip, flash=mock.flash
            )
    listening.close()


def _speaks_slip(connection: socket.socket) -> bool:
    return connection.recv(1, socket.MSG_PEEK) == b"\xc0"


def _run_firmware(device: FakeDevice, connection: socket.socket, stop: threading.Event) -> None:
    connection.settimeout(0.1)
    with connection:
        while not stop.is_set():
            with suppress(TimeoutError):
                data = connection.recv(4096)
                if not data:
                    return
                device.write(data)
            while answer := device.read(0):
                connection.sendall(answer)


@contextmanager
def mock_chip_on_pty(chip: str) -> Generator[MockChip]:
    """A chip behind a pseudo terminal, which esptool reads as it reads a USB serial port."""
    stop = threading.Event()
    pty = server.PtyMasterTransport.create()
    mock = MockChip(chip, pty.client_path)

    def serve() -> None:
        while not stop.is_set():
            cable = _Cable(mock, stop, pty=pty)
            server.handle_client(cable, stop, mock.chip, flash=mock.flash)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield mock
    finally:
        stop.set()
        thread.join(5)
        with suppress(OSError):
            pty.close()
