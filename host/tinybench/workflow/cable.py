"""A board behind a bad cable, for whoever connects."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tinybench.boards import load_board
from tinybench.errors import UsageError
from tinybench.project import load_project, overlay
from tinybench.workflow.reach import find_emulator

if TYPE_CHECKING:
    from tinybench.link import Link
    from tinybench.link.cable.proxy import Outlet, Proxy


@contextlib.contextmanager
def open_cable(
    spec: str,
    *,
    folder: Path = Path(),
    board: str | None = None,
    port: str | None = None,
    listen: str = "127.0.0.1:0",
    pty: bool = False,
) -> Iterator[Proxy]:
    """A proxy that waits to be run; its device and its cable end with the block.

    Args:
        spec: how bad the cable is; "": not at all.
        folder: the project; its port or its virtual board is meant where none is named.
        board: a virtual board, started on what is flashed.
        port: any pyserial URL.
        listen: HOST:PORT; port 0: any that is free.
        pty: be a serial port of this computer instead.

    Raises:
        UsageError: the cable or the address is none, or no device is named.
        StaleBuild: nothing is flashed on the virtual board.
        DeviceError: the device cannot be reached, or nobody can listen there.
    """
    from tinybench.link.cable import CableLink, parse_cable
    from tinybench.link.cable.proxy import Proxy

    cable = parse_cable(spec)
    host, number = _address(listen)
    with contextlib.ExitStack() as stack:
        link = CableLink(_open_device(folder, board, port), cable)
        stack.callback(link.close)
        outlet = _outlet(host, number, pty)
        stack.callback(outlet.close)
        yield Proxy(outlet, link)


def _open_device(folder: Path, board: str | None, port: str | None) -> Link:
    from tinybench.flash.slot import read_slot
    from tinybench.link import open_link
    from tinybench.link.emulator import board_url
    from tinybench.report.folder import EMULATOR_LOG

    project = overlay(load_project(folder), board=board, port=port)
    log = project.state / "logs" / f"cable-{EMULATOR_LOG}"
    if project.port is not None and (port is not None or board is None):
        wiring = load_board(project.board).link.reset if project.board else ""
        return open_link(project.port, log=log, wiring=wiring)
    if project.board is None:
        raise UsageError("a device", "none is named", "--port URL, or --board with a virtual one")
    named = load_board(project.board)
    find_emulator(named)
    flashed = read_slot(named, project.state / "flashed")
    return open_link(board_url(named, flashed.elf), log=log)


def _outlet(host: str, port: int, pty: bool) -> Outlet:
    from tinybench.link.cable.proxy import PtyOutlet, TcpOutlet

    return PtyOutlet() if pty else TcpOutlet(host, port)


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 0xFFFF:
        raise UsageError("an address HOST:PORT", f"{listen!r}", "--listen 127.0.0.1:0")
    return host, int(port)
