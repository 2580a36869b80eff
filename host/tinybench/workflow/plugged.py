"""Boards on a cable: which port, what is put on them, and what it means if nothing answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tinybench.boards import Board
from tinybench.errors import DeviceCrashed, DeviceSilent, Interrupted, UsageError, system_error
from tinybench.project import Project
from tinybench.workflow.watch import Watch

if TYPE_CHECKING:
    from tinybench.bench.device import Device, Expected
    from tinybench.build.cache import Build
    from tinybench.flash.diagnose import Scene
    from tinybench.flash.esptool import Connection
    from tinybench.flash.ports import Port
    from tinybench.flash.program import Said
    from tinybench.flash.slot import Flashed
    from tinybench.wire.messages import Hello

Choose = Callable[[Sequence["Port"]], "Port"]
"""Asks which of several ports it is."""

FLASH_LOG = "flash.log"
_MAC_LOG = "read-mac.log"
_START = dict.fromkeys(
    ("manual", "unguarded"),
    " (on a plain serial adapter: part GPIO0 from GND and press RST now)",
)
_HALF_WRITTEN = (
    "the board now holds half a firmware; its bootloader in ROM cannot be lost: "
    "run the same command again"
)


def with_port(project: Project, board: Board, choose: Choose | None = None) -> Project:
    """The project with its board's port settled; a virtual board has only one that is named.

    The port that is named wins; then, unless a MAC is, ESPPORT; then what USB tells.

    Args:
        project: names a port and a MAC, or not.
        board: says the USB ids.
        choose: asks which of several ports it is; None: that is an error.

    Raises:
        LinkError: the board is not plugged in, or the port that is named is not there.
        UsageError: several could be meant.
    """
    from tinybench.flash.ports import Wanted, find_port, list_ports, named_port

    if board.kind == "virtual":
        if project.port is None:
            return project
        return replace(project, port=named_port(project.port, "port", list_ports()))
    named = project.port or (None if project.mac else os.environ.get("ESPPORT") or None)
    said_by = "port" if project.port else "ESPPORT"
    wanted = Wanted(board.name, board.link.usb_ids, named, project.mac, said_by)

    def read_mac(port: Port) -> str | None:
        from tinybench.flash.esptool import Connection, look
        from tinybench.link.labgrid import reachable

        log = project.state / "logs" / _MAC_LOG
        with reachable(port.device) as device:
            _, seen = look(Connection(device, board.chip.name, 0, log), stay=False)
        return seen.mac if seen else None

    port = find_port(wanted, list_ports(), choose=choose, read_mac=read_mac)
    return replace(project, port=port)


def upload_baud(board: Board) -> int:
    """Bits per second for flashing: ESPBAUD, or what the board's file says.

    Raises:
        UsageError: ESPBAUD is not a rate.
    """
    text = os.environ.get("ESPBAUD")
    if not text:
        return board.link.upload_baud
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000_000:
        raise UsageError("ESPBAUD as bits per second", f"ESPBAUD={text!r}", "e.g. ESPBAUD=115200")
    return int(text)


def put_on_board(
    project: Project, build: Build, board: Board, slots: Path, watch: Watch
) -> Flashed:
    """A build onto its board: a virtual one's slot, or by PlatformIO through the project's port.

    Args:
        project: its port settled, and where the logs go.
        build: the build.
        board: its board.
        slots: the folder that remembers what is on which board.
        watch: told of the steps.

    Raises:
        BuildError, DeviceError: flashing failed; why, and what to do.
    """
    from tinybench.flash.slot import flash_slot, forget_slot

    if board.kind == "hardware":
        forget_slot(board, slots)
        _upload(project, build, board, watch)
    return flash_slot(build, slots)


def check_flashed(device: Device, wanted: Expected, board: Board, port: str | None) -> Hello:
    """What answers on a board that was just flashed, if it is what was flashed.

    Raises:
        WrongFirmware: another firmware answers; naming all that differs.
        DeviceError: nothing does; if the board's own words tell why, that is said.
    """
    from tinybench.bench.steady import SteadyDevice
    from tinybench.flash.diagnose import explain, find_cause

    try:
        return SteadyDevice(device, wanted).check()  # its port may come and go once more
    except (DeviceSilent, DeviceCrashed) as silent:
        text = "\n".join(line.partition(": ")[2] for line in device.log.lines())
        if port is None or not find_cause(text):
            raise
        raise explain(text, scene_of(board, port, device.log.path), silent.seen) from silent


def await_start(board: Board, port: str, watch: Watch) -> None:
    """Until a board that was just flashed can answer; tells what it may need for that."""
    from tinybench.flash.ports import await_port

    hint = _START.get(board.link.reset, "")
    watch.phase(f"written and compared; waiting for the firmware to answer{hint}")
    await_port(port)


def scene_of(board: Board, port: str, log: Path | None) -> Scene:
    """Where a flash may fail."""
    from tinybench.flash.diagnose import Scene

    return Scene(
        board=board.name,
        chip=board.chip.name,
        platform=board.build.platform,
        reset=board.link.reset,
        port=port,
        log=str(log),
    )


def fresh_log(project: Project) -> Path:
    """An empty log of the flash that begins.

    Raises:
        UsageError: it cannot be written.
    """
    log = project.state / "logs" / FLASH_LOG
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
    except OSError as error:
        raise system_error(f"write {log}", error) from error
    return log


def half_written(board: Board) -> Interrupted:
    """Ctrl-C while the flash was being written."""
    return Interrupted(f"flash {board.name}", "interrupted while writing", _HALF_WRITTEN)


def _upload(project: Project, build: Build, board: Board, watch: Watch) -> None:
    from tinybench.flash.diagnose import explain
    from tinybench.flash.esptool import Connection
    from tinybench.link.labgrid import reachable

    baud, log = upload_baud(board), fresh_log(project)
    watch.phase(f"flashing {board.name} on {project.port}")
    with reachable(project.port or "") as port:
        try:
            said = _write(build, board, Connection(port, board.chip.name, baud, log))
        except KeyboardInterrupt:
            raise half_written(board) from None
        if said.status != 0:
            raise explain(said.text, scene_of(board, port, log))
    await_start(board, port, watch)


def _write(build: Build, board: Board, connection: Connection) -> Said:
    from tinybench.build.place import is_plain
    from tinybench.flash.upload import upload

    folder = (build.folder / "project").resolve()
    if is_plain(folder, blanks=False):
        return upload(folder, board.name, connection.port, connection.baud, connection.log)
    # it was built in a copy that is gone: here ESP-IDF could not even look at it
    return _write_merged(build, board, connection)


def _write_merged(build: Build, board: Board, connection: Connection) -> Said:
    """The same bytes by esptool alone."""
    from tinybench.flash.esptool import write
    from tinybench.flash.merge import merge_image, recipe_of

    recipe = recipe_of(build.artifact, board, "")
    return write(connection, merge_image(recipe, build.folder / "merged.bin", connection.log).path)
