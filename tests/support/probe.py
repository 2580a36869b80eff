"""A port under test: tests/firmware/probe.c in place of the core, built by PlatformIO."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType

import pytest

from tinybench import resources
from tinybench.boards import Board
from tinybench.build.driver import build_project
from tinybench.render.project import Identity, write_project

PROBE = Path(__file__).resolve().parents[1] / "firmware" / "probe.c"
FRAME_BYTES = 4096


def build_probe(board: Board, folder: Path) -> Path:
    """The probe's ELF for a board."""
    firmware = folder / "firmware"
    shutil.copytree(resources.firmware(), firmware)
    for source in firmware.glob("core/*.c"):
        source.unlink()
    shutil.copy(PROBE, firmware / "core")
    identity = Identity("00" * 16, board.name, "aot", "00" * 32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "firmware", lambda: firmware)
        project = write_project({}, board, identity, out=folder / "project")
    return build_project(project, board, log=folder / "build.log").elf


class Probe:
    """The probe in its emulator, over a plain socket."""

    def __init__(self, board: Board, elf: Path) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(20)
        with theirs:
            stdio = theirs if board.link.console == "stdio" else None
            serial = ("-chardev", f"socket,id=tb-serial,fd={theirs.fileno()}")
            machine = (board.link.emulator, "-M", board.link.machine, *board.link.arguments)
            self._process = subprocess.Popen(
                [*machine, *(() if stdio else serial), "-kernel", str(elf)],
                pass_fds=[theirs.fileno()],
                stdin=stdio or subprocess.DEVNULL,
                stdout=stdio,
            )

    def send(self, data: bytes) -> None:
        """Any bytes."""
        self._socket.sendall(data)

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, f"the emulator ended after {data!r}"
            data += more
        return data

    def ask(self, what: bytes) -> int:
        """A number for a letter."""
        self.send(what)
        return int.from_bytes(self.read(8), "little")

    def last_words(self) -> tuple[str, int]:
        """All that still comes, and the emulator's exit status."""
        data = b""
        while more := self._socket.recv(4096):
            data += more
        return data.decode("ascii"), self._process.wait(timeout=20)

    def cpu_seconds(self) -> float:
        """Processor time that the emulator has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
