"""URL -> link."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tinybench.boards.facts import FIRST_BAUD
from tinybench.link.base import Link
from tinybench.link.emulator import open_emulator, parse_qemu_url, url_path
from tinybench.link.labgrid import LabgridLink, parse_labgrid_url
from tinybench.link.process import open_process
from tinybench.link.serial import SerialLink


def open_link(url: str, *, log: Path, baud: int = 0, wiring: str = "") -> Link:
    """Reach a device.

    Args:
        url: ``qemu:ELF?...`` or ``process:PROGRAM`` as :func:`~tinybench.link.emulator.board_url`
            makes them; ``labgrid:PLACE``; anything else goes to pyserial (``/dev/ttyUSB0``,
            ``socket://host:port``).
        log: file for what the emulator or process itself says; unused for serial ports.
        baud: of a serial port; 0: the usual.
        wiring: what DTR and RTS do on the board behind a serial port: its ``link.reset``.

    Raises:
        LinkError: it cannot be opened.
        ToolMissing: the emulator is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme == "qemu":
        return open_emulator(parse_qemu_url(url), log)
    if parts.scheme == "process":
        arguments = [value for key, value in parse_qsl(parts.query) if key == "argument"]
        return open_process(url_path(parts.path), arguments, log)
    if parts.scheme == "labgrid":
        return LabgridLink(parse_labgrid_url(url), wiring)
    return SerialLink(url, baud or FIRST_BAUD, wiring)
