"""Any pyserial URL: here a socket with a native firmware behind it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest
import serial

from support.toy import build_native, toy_inputs, toy_outputs
from tinybench.bench.device import Device
from tinybench.errors import LinkError
from tinybench.link import open_link
from tinybench.link.serial import SerialLink


@pytest.fixture
def served() -> Generator[tuple[str, subprocess.Popen[bytes]]]:
    """A URL and the firmware process that will answer there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        firmware = subprocess.Popen(
            ["python3", "-c", _ACCEPT, str(server.fileno()), build_native()],
            pass_fds=[server.fileno()],
        )
        yield url, firmware
        firmware.kill()
        firmware.wait()


_ACCEPT = """
import os, socket, sys
connection, _ = socket.socket(fileno=int(sys.argv[1])).accept()
os.set_inheritable(connection.fileno(), True)
os.execv(sys.argv[2], [sys.argv[2], f"--fd={connection.fileno()}"])
"""


def test_a_device_behind_a_socket(
    served: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    with Device(open_link(served[0], log=tmp_path / "log")) as device:
        for sample in range(3):
            inputs = toy_inputs(sample)
            assert device.infer(sample, inputs).outputs == toy_outputs(inputs)


def test_losing_it_is_named(served: tuple[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    url, firmware = served
    with Device(open_link(url, log=tmp_path / "log"), reply_timeout_s=5) as device:
        device.hello()
        firmware.kill()
        started = time.monotonic()
        with pytest.raises(LinkError, match="was lost"):
            device.infer(1, toy_inputs(1))
        assert time.monotonic() - started < 4


@pytest.mark.parametrize("url", ["/dev/no-such-port", "socket://127.0.0.1:1", "nonsense://x"])
def test_what_cannot_be_opened_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(LinkError, match=f"open {url}") as caught:
        open_link(url, log=tmp_path / "log")
    assert caught.value.exit_code == 3


class Lines(serial.SerialBase):
    """A port whose control lines are noted, "DR" where both are asserted, in their order."""

    def __init__(self, url: str, baud: int, **_: object) -> None:
        self.seen: list[str] = []
        super().__init__(None, baud)

    def _note(self) -> None:
        state = ("D" if self._dtr_state else "") + ("R" if self._rts_state else "")
        if self.is_open and self.seen[-1:] != [state]:
            self.seen.append(state)

    _update_dtr_state = _update_rts_state = _note

    def open(self) -> None:
        self.is_open = True
        self._note()

    def close(self) -> None:
        self._note()

    def _reconfigure_port(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("wiring", "can", "lines"),
    [
        ("auto", True, ["", "R", ""]),
        ("unguarded", True, ["", "R", ""]),
        ("usb", True, ["", "R", ""]),
        ("manual", False, [""]),
        ("", True, ["", "R", ""]),
    ],
)
def test_lines_by_board(
    wiring: str, can: bool, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GPIO0 stays high: no reset ends in a boot loader, and no chip is held by both."""
    monkeypatch.setattr(serial, "serial_for_url", Lines)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    link = SerialLink("/dev/ttyUSB0", 115200, wiring)
    assert link.reset() is can
    link.close()
    assert link._port.seen == lines


def test_a_pseudo_terminal_has_no_lines() -> None:
    master, slave = os.openpty()
    link = SerialLink(os.ttyname(slave), 115200)
    assert not link.reset()
    assert link.problem() is None
    link.close()
    os.close(master)
    os.close(slave)


@pytest.mark.skipif(os.name != "posix", reason="other systems never share a port")
def test_a_port_has_one_user(tmp_path: Path) -> None:
    """Two would each get half of what the board says."""
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    try:
        with contextlib.closing(open_link(name, log=tmp_path / "log")):
            with pytest.raises(LinkError, match="exclusively lock") as caught:
                open_link(name, log=tmp_path / "log")
            assert caught.value.todo.startswith("end what has it open: a serial monitor")
        open_link(name, log=tmp_path / "log").close()
    finally:
        os.close(ours)
        os.close(theirs)


def test_who_may_not_use_a_port_is_told_of_the_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("serial.serial_for_url", forbidden)
    with pytest.raises(LinkError) as caught:
        open_link("/dev/ttyUSB0", log=tmp_path / "log")
    assert "usermod -a -G dialout" in caught.value.todo
