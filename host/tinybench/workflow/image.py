"""Whole images: made of a build, and written to a board without PlatformIO."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tinybench.boards import Board, load_board
from tinybench.errors import BuildError, LinkError, UsageError
from tinybench.project import Project
from tinybench.workflow.plugged import (
    Choose,
    await_start,
    check_flashed,
    fresh_log,
    half_written,
    scene_of,
    upload_baud,
    with_port,
)
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.bench.device import Device, Expected
    from tinybench.flash.esptool import ChipSeen, Connection
    from tinybench.flash.image import Image, Manifest
    from tinybench.wire.messages import Hello
    from tinybench.workflow.firmware import Built


def merge_build(project: Project, built: Built, out: Path | None = None) -> Image:
    """One image of a build for a real board, and its manifest.

    Args:
        project: says where it goes if nothing else does.
        built: the build.
        out: the .bin. [default: .tinybench/images/MODEL-BOARD-ENGINE.bin]

    Raises:
        UsageError: the board is virtual, or the file cannot be written.
        ToolMissing, BuildError: no esptool, or the build's parts are not as they should be.
    """
    from tinybench.flash.merge import merge_image, recipe_of

    board, artifact = built.compiled.board, built.build.artifact
    check_real(board)
    name = f"{built.compiled.model.stem}-{board.name}-{artifact.engine}.bin"
    recipe = recipe_of(artifact, board, built.compiled.model.name)
    return merge_image(
        recipe, out or project.state / "images" / name, project.state / "logs" / "merge.log"
    )


def check_real(board: Board) -> None:
    """Refuses a virtual board.

    Raises:
        UsageError: it has no flash chip.
    """
    if board.kind == "virtual":
        raise UsageError(
            "a real board: only those have images", f"{board.name} is virtual", "tinybench boards"
        )


def flash_image(
    path: Path,
    project: Project,
    board: str | None = None,
    *,
    watch: Watch | None = None,
    choose: Choose | None = None,
) -> tuple[Manifest, Hello]:
    """Writes an image with esptool alone and has the board answer.

    Args:
        path: the .bin; its manifest lies beside it.
        project: its port and MAC (no board with another one is written), and where the logs go.
        board: a name or a board file, to be checked against the manifest's; None: that one.
        watch: told of the steps.
        choose: asks which of several ports it is.

    Raises:
        UsageError: the image is damaged or for another board; nothing was written.
        BuildError: another chip, or too small a flash; nothing was written.
        DeviceError: the port, the cable, the board; or what answers is not what was flashed.
    """
    from tinybench.flash.esptool import Connection
    from tinybench.flash.image import read_image
    from tinybench.link.labgrid import reachable

    watch = watch or Silent()
    image = read_image(path)
    facts = _board_of(image.manifest, board)
    port = with_port(project, facts, choose).port or ""
    log = fresh_log(project)
    with reachable(port) as device:
        connection = Connection(device, facts.chip.name, upload_baud(facts), log)
        watch.phase(f"looking at the chip on {port}")
        seen = _look(connection, facts)
        _check_flash(seen, image.manifest)
        watch.phase(f"writing {image.manifest.bytes:,} B to {seen.title}, MAC {seen.mac}")
        _write(connection, image, facts)
    await_start(facts, port, watch)
    with _open_port(port, facts, log.parent) as board_there:
        wanted = _expected(image.manifest)
        return image.manifest, check_flashed(board_there, wanted, facts, port)


def _board_of(manifest: Manifest, named: str | None) -> Board:
    board = load_board(named or manifest.board)
    asked = {"board": board.name, "chip": board.chip.name}
    there = {"board": manifest.board, "chip": manifest.chip}
    if wrong := [name for name in asked if asked[name] != there[name]]:
        seen = ", ".join(f"{name}={there[name]!r}" for name in wrong)
        raise UsageError(
            f"an image for {board.name} ({board.chip.name})",
            f"it is for another one: {seen}",
            f"`tinybench build --merged --board {board.name}` makes one for this board",
        )
    if manifest.flash_bytes > board.memory.flash_bytes:
        raise UsageError(
            f"an image for {board.name}'s flash of {board.memory.flash_bytes:,} B",
            f"it is made for {manifest.flash_bytes:,} B",
            "make it anew with this board file",
        )
    return board


def _look(connection: Connection, board: Board) -> ChipSeen:
    from tinybench.flash.diagnose import explain
    from tinybench.flash.esptool import look

    said, seen = look(connection, stay=True)
    if seen is None:
        raise explain(said.text, scene_of(board, connection.port, connection.log))
    return seen


def _check_flash(seen: ChipSeen, manifest: Manifest) -> None:
    if seen.flash_bytes is None:
        raise LinkError(
            "the size of the chip's flash",
            "the flash does not answer",
            "take out an SD card and whatever is on the strapping pins, then flash again",
        )
    if seen.flash_bytes < manifest.flash_bytes:
        raise BuildError(
            f"a flash of {manifest.flash_bytes:,} B, as {manifest.board} has",
            f"this board's has {seen.flash_bytes:,} B; nothing was written",
            "a board file of your own with the flash that it has (memory.flash_bytes and "
            "build.partitions), and an image made with that: see boards/README.md",
        )


def _write(connection: Connection, image: Image, board: Board) -> None:
    from tinybench.flash.diagnose import explain
    from tinybench.flash.esptool import write

    try:
        said = write(connection, image.path)
    except KeyboardInterrupt:
        raise half_written(board) from None
    if said.status != 0:
        raise explain(said.text, scene_of(board, connection.port, connection.log))


def _open_port(port: str, board: Board, logs: Path) -> Device:
    from tinybench.bench.device import Device
    from tinybench.link import open_link
    from tinybench.report.folder import DEVICE_LOG, EMULATOR_LOG

    link = open_link(port, log=logs / EMULATOR_LOG, wiring=board.link.reset)
    return Device(link, log=logs / DEVICE_LOG, reply_timeout_s=board.link.reply_timeout_s)


def _expected(manifest: Manifest) -> Expected:
    from tinybench.bench.device import Expected

    return Expected(
        board=manifest.board,
        chip=manifest.chip,
        engine=manifest.engine,
        model_sha256=manifest.model_sha256,
        build_id=manifest.build_id,
    )
