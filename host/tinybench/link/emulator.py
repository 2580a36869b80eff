"""A virtual board: QEMU on a flashed ELF, its serial port a socket pair."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from tinybench.boards import Board
from tinybench.errors import LinkError
from tinybench.link.child import Child, find_program
from tinybench.link.monitor import Monitor
from tinybench.link.process import ProcessLink, Started
from tinybench.link.symbols import locate


@dataclass(frozen=True)
class EmulatorPlan:
    """What a ``qemu:`` URL says.

    Attributes:
        elf: the firmware.
        emulator: the program, e.g. "qemu-system-riscv32".
        machine: its -M.
        arguments: further arguments.
        packages: Debian packages that bring the program.
        console: "chardev" or "stdio", see :class:`~tinybench.boards.LinkFacts`.
    """

    elf: Path
    emulator: str
    machine: str
    arguments: tuple[str, ...]
    packages: tuple[str, ...]
    console: str


def board_url(board: Board, elf: Path) -> str:
    """The URL by which :func:`tinybench.link.open_link` starts a virtual board on this firmware.

    Raises:
        LinkError: the board is not virtual; its URL is the port that it is plugged into.
    """
    path = quote(os.fsencode(elf.absolute()))  # as bytes: not every path is Unicode
    if board.link.kind == "process":
        return f"process:{path}"
    if board.link.kind != "qemu":
        raise LinkError(
            f"start the board {board.name}",
            f"it is reached by link.kind={board.link.kind!r}, not by an emulator",
            "name its serial port; tinybench ports lists them",
        )
    facts = [("emulator", board.link.emulator), ("machine", board.link.machine)]
    facts += [("console", board.link.console)]
    facts += [("argument", value) for value in board.link.arguments]
    facts += [("package", value) for value in board.link.packages]
    return f"qemu:{path}?{urlencode(facts)}"


def url_path(quoted: str) -> Path:
    """The path of a file as a URL of ours has it."""
    return Path(os.fsdecode(unquote_to_bytes(quoted)))


def parse_qemu_url(url: str) -> EmulatorPlan:
    """The other way round.

    Raises:
        LinkError: emulator or machine is missing.
    """
    parts = urlsplit(url)
    facts = parse_qsl(parts.query, keep_blank_values=True)
    values = {key: [v for k, v in facts if k == key] for key, _ in facts}
    if "emulator" not in values or "machine" not in values:
        raise LinkError(
            "a URL as board_url() makes it, with emulator and machine",
            f"url={url!r}",
            "leave the port out: a virtual board's emulator is started for it",
        )
    return EmulatorPlan(
        elf=url_path(parts.path),
        emulator=values["emulator"][0],
        machine=values["machine"][0],
        arguments=tuple(values.get("argument", ())),
        packages=tuple(values.get("package", ())),
        console=values.get("console", ["chardev"])[0],
    )


def open_emulator(plan: EmulatorPlan, log: Path) -> ProcessLink:
    """Start the emulator; its guest runs at once.

    Args:
        plan: what to start.
        log: gets the emulator's own words.

    Raises:
        ToolMissing: the emulator is not installed.
        LinkError: the firmware is not there, or no process can be started.
    """
    program = find_program(plan.emulator, plan.packages)
    if not plan.elf.is_file():
        raise LinkError("start the emulator", f"no file {plan.elf}", "tinybench flash")
    return ProcessLink(lambda again: _start(program, plan, log, again))


def _start(program: str, plan: EmulatorPlan, log: Path, again: bool) -> Started:
    serial, their_serial = socket.socketpair()
    control, their_control = socket.socketpair()
    with their_serial, their_control:
        stdio = their_serial.fileno() if plan.console == "stdio" else None
        command = [program, *_arguments(plan, their_serial.fileno(), their_control.fileno())]
        fds = [their_serial.fileno(), their_control.fileno()]
        try:
            child = Child("the emulator", command, fds, log, stdio=stdio, again=again)
        except BaseException:
            serial.close()
            control.close()
            raise
    return Started(child, serial, _CpuInspector(plan.elf, Monitor(control)))


def _arguments(plan: EmulatorPlan, serial_fd: int, control_fd: int) -> list[str]:
    serial = ("-chardev", f"socket,id=tb-serial,fd={serial_fd}")
    return [
        *("-M", plan.machine, *plan.arguments),
        *(serial if plan.console == "chardev" else ()),
        *("-chardev", f"socket,id=tb-control,fd={control_fd}"),
        *("-mon", "chardev=tb-control,mode=control"),
        *("-kernel", str(plan.elf)),
    ]


@dataclass(frozen=True)
class _CpuInspector:
    """Says where a silent guest's CPU is."""

    elf: Path
    monitor: Monitor

    def look(self) -> tuple[str, ...]:
        pc = self.monitor.program_counter()
        return () if pc is None else (f"CPU at pc={pc:#010x} {self.where(pc)}".rstrip(),)

    def where(self, address: int) -> str:
        return locate(self.elf, address)

    def close(self) -> None:
        self.monitor.close()
