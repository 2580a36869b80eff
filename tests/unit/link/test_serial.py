"""Any pyserial URL: here a socket with a native firmware behind it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from support.toy import build_native, toy_inputs, toy_outputs
from tinybench.bench.device import Device
from tinybench.errors import LinkError
from tinybench.link import open_link


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
