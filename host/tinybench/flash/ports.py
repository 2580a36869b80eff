"""Which serial port a board is plugged into."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinybench.errors import LinkError, UsageError

_COMEBACK_S = 10.0
_POLL_S = 0.1
_MAC = re.compile(r"[0-9a-f]{12}")
_URL = re.compile(r"labgrid:|[a-z][a-z0-9+.-]*://")


@dataclass(frozen=True)
class Port:
    """A serial port of this computer.

    Attributes:
        device: "/dev/ttyUSB0", "COM3".
        usb_id: "VID:PID" in lower-case hex; None where it is not on USB.
        serial_number: the USB device's; of a chip with USB of its own, the chip's MAC.
        description: the driver's words.
    """

    device: str
    usb_id: str | None
    serial_number: str | None
    description: str


@dataclass(frozen=True)
class Wanted:
    """The board that is looked for.

    Attributes:
        board: its name.
        usb_ids: of its port; empty: any port on USB.
        port: as the user names it: a device, a pyserial URL, or a USB serial number.
        mac: as the user names it.
        port_from: where the port was named.
    """

    board: str
    usb_ids: Sequence[str] = ()
    port: str | None = None
    mac: str | None = None
    port_from: str = "port"


def list_ports() -> list[Port]:
    """The serial ports of this computer, sorted by name."""
    from serial.tools.list_ports import comports

    return [
        Port(
            port.device,
            f"{port.vid:04x}:{port.pid:04x}" if port.vid is not None else None,
            port.serial_number,
            port.description,
        )
        for port in sorted(comports())
    ]


def find_port(
    wanted: Wanted,
    ports: Sequence[Port],
    *,
    choose: Callable[[Sequence[Port]], Port] | None = None,
    read_mac: Callable[[Port], str | None] | None = None,
) -> str:
    """The port of the board that is wanted.

    Args:
        wanted: the board, and what the user says about it.
        ports: those of this computer.
        choose: asks which of several it is; None: that is an error.
        read_mac: asks the chip behind a port for its MAC, which resets it; None if it does not
            answer. Only asked where USB does not tell.

    Returns:
        A device, a pyserial URL or a place of a lab.

    Raises:
        LinkError: there is no such port.
        UsageError: several could be meant, or the MAC is not one.
    """
    mac = None if wanted.mac is None else _check_mac(wanted.mac)
    if wanted.port is not None:
        device = named_port(wanted.port, wanted.port_from, ports)
        if mac is not None:
            known = [port for port in ports if port.device == device]
            _with_mac(wanted, mac, known or [Port(device, None, None, "")], read_mac)
        return device
    found = _candidates(wanted, ports)
    if mac is not None:
        return _with_mac(wanted, mac, found, read_mac)
    if len(found) == 1:
        return found[0].device
    if choose is not None:
        return choose(found).device
    raise _several(f"one port for {wanted.board}", found)


def await_port(port: str, patience_s: float = _COMEBACK_S) -> None:
    """Waits until a port is there: a chip with USB of its own takes it along when it is reset.

    Args:
        port: a device, or a pyserial URL, for which there is nothing to wait.
        patience_s: no longer; whoever opens it then says what is wrong.
    """
    deadline = time.monotonic() + patience_s
    while not _URL.match(port) and time.monotonic() < deadline:
        if Path(port).exists() or any(found.device == port for found in list_ports()):
            return
        time.sleep(_POLL_S)


def describe_port(port: Port) -> str:
    """One line."""
    facts = (port.usb_id, port.serial_number and f"serial number {port.serial_number}")
    return f"{port.device}  {', '.join(filter(None, (*facts, port.description)))}"


def named_port(name: str, said_by: str, ports: Sequence[Port]) -> str:
    """The port that a user names: a device, a pyserial URL, or a USB serial number.

    Raises:
        LinkError: there is none of that name.
        UsageError: several have that serial number.
    """
    if _URL.match(name) or any(port.device == name for port in ports) or Path(name).exists():
        return name
    same = [port for port in ports if port.serial_number == name]
    if len(same) == 1:
        return same[0].device
    if same:
        raise _several(f"one port with serial number {name}", same)
    known = [port.device for port in ports]
    on_usb = [port.device for port in ports if port.usb_id]
    near = difflib.get_close_matches(name, on_usb, n=1, cutoff=0.6)
    raise LinkError(
        "a serial port, a pyserial URL or a USB serial number",
        f"{said_by}={name!r}; there is {', '.join(known) or 'no serial port at all'}",
        f"did you mean {near[0]!r}?" if near else "`tinybench ports` lists the ports",
    )


def _candidates(wanted: Wanted, ports: Sequence[Port]) -> list[Port]:
    """Ports that can be the board's."""
    ids = {usb_id.lower() for usb_id in wanted.usb_ids}
    found = [port for port in ports if port.usb_id in ids or (not ids and port.usb_id)]
    if found:
        return found
    how = f"USB id {' or '.join(wanted.usb_ids)}" if ids else "a USB id"
    raise LinkError(
        f"a serial port with {how}, as {wanted.board} has",
        "none" if ports else "this computer has no serial port",
        "plug the board in, with a cable that carries data; if it is on another adapter, name its "
        "port with --port",
        details=tuple(describe_port(port) for port in ports),
    )


def _tidy(mac: str | None) -> str:
    return re.sub("[:.-]", "", mac or "").lower()


def _check_mac(mac: str) -> str:
    tidy = _tidy(mac)
    if not _MAC.fullmatch(tidy):
        raise UsageError(
            "a MAC of six pairs of hex digits (24:0a:c4:12:34:56)",
            f"mac={mac!r}",
            "esptool --port PORT read-mac says a board's own",
        )
    return tidy


def _with_mac(
    wanted: Wanted,
    mac: str,
    found: Sequence[Port],
    read_mac: Callable[[Port], str | None] | None,
) -> str:
    macs = {port.device: _tidy(port.serial_number) for port in found}
    if mac not in macs.values() and read_mac is not None:
        for port in found:
            macs[port.device] = _tidy(read_mac(port))
    same = [port for port in found if macs[port.device] == mac]
    if len(same) == 1:
        return same[0].device
    if same:
        raise _several(f"one board with MAC {wanted.mac}", same)
    raise LinkError(
        f"a board with MAC {wanted.mac}",
        "none of these has it",
        "plug it in; a board that does not answer must be put into its bootloader by hand",
        details=tuple(
            f"{describe_port(port)}: MAC {macs[port.device] or 'unknown'}" for port in found
        ),
    )


def _several(what: str, found: Sequence[Port]) -> UsageError:
    return UsageError(
        what,
        f"{len(found)} could be it",
        "name one with --port (or ESPPORT); on Linux /dev/serial/by-path tells sockets apart",
        details=tuple(describe_port(port) for port in found),
    )
