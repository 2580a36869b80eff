"""The board itself: whether it can be reached, and the device that answers there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tinybench.boards import Board
from tinybench.project import Project

if TYPE_CHECKING:
    from tinybench.bench.device import Device, Expected
    from tinybench.flash.slot import Flashed


def check_reach(project: Project, board: Board) -> None:
    """Makes sure that the board can be reached, before time is spent on building.

    Raises:
        UsageError: the cable that is to be put in is none.
        ToolMissing: as find_emulator(); not where a port is named.
    """
    from tinybench.link.cable import parse_cable

    if project.cable:
        parse_cable(project.cable)
    if project.port is None:
        find_emulator(board)


def find_emulator(board: Board) -> None:
    """Makes sure that a virtual board can be started, before time is spent on building.

    Raises:
        ToolMissing: with the command that installs the emulator.
    """
    from tinybench.link.child import find_program

    if board.link.emulator:
        find_program(board.link.emulator, board.link.packages)


def open_device(project: Project, flashed: Flashed, board: Board, logs: Path) -> Device:
    """Starts a virtual board on what is flashed, or opens the port that the project names.

    Args:
        project: its port, and the bad cable if one is to be put in.
        flashed: the firmware.
        board: its board.
        logs: folder for device.log and emulator.log.

    Raises:
        ToolMissing: the emulator is not installed.
        LinkError: it does not start; the port cannot be opened, or none is named.
        UsageError: the cable is none.
    """
    from tinybench.bench.device import Device
    from tinybench.link import open_link
    from tinybench.link.cable import CableLink, parse_cable
    from tinybench.link.emulator import board_url
    from tinybench.report.folder import DEVICE_LOG, EMULATOR_LOG

    cable = parse_cable(project.cable) if project.cable else None
    url = project.port or board_url(board, flashed.elf)
    link = open_link(url, log=logs / EMULATOR_LOG, wiring=board.link.reset)
    if cable:
        link = CableLink(link, cable)
    return Device(link, log=logs / DEVICE_LOG, reply_timeout_s=board.link.reply_timeout_s)


def expected(flashed: Flashed, board: Board) -> Expected:
    """What the device's hello must say."""
    from tinybench.bench.device import Expected

    return Expected(
        board=board.name,
        chip=board.chip.name,
        engine=flashed.engine,
        model_sha256=flashed.model_sha256,
        build_id=flashed.build_id,
    )
