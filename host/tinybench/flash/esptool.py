"""Runs esptool 5 and reads what it says. A program beside ours, so that it can be ended."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinybench.errors import BuildError, ToolMissing
from tinybench.flash.program import Said, run_program

_MAC = re.compile(r"^MAC: +([0-9a-f]{2}(?::[0-9a-f]{2}){5})$", re.MULTILINE)
_FLASH = re.compile(r"^Detected flash size: +(\d+)(KB|MB)$", re.MULTILINE)
_CHIP = re.compile(r"^Chip type: +(.*)$", re.MULTILINE)
_ROM_BAUD = 115200
_UNITS = {"KB": 1 << 10, "MB": 1 << 20}
_VERIFIED = "Hash of data verified."


@dataclass(frozen=True)
class Connection:
    """How esptool reaches a chip.

    Attributes:
        port: a device or a pyserial URL.
        chip: "esp32", "esp32s3", "esp32c3".
        baud: bit/s once it is connected.
        log: gets all that esptool says, behind what is there.
    """

    port: str
    chip: str
    baud: int
    log: Path


@dataclass(frozen=True)
class ChipSeen:
    """The chip at the other end.

    Attributes:
        title: type and revision, as esptool says it.
        mac: six pairs of hex digits.
        flash_bytes: size of its flash chip; None if that does not say.
    """

    title: str
    mac: str
    flash_bytes: int | None


def look(connection: Connection, *, stay: bool) -> tuple[Said, ChipSeen | None]:
    """Connects and asks for the chip, its MAC and its flash.

    Args:
        connection: where it is.
        stay: leave it in the bootloader for what comes next; else let it run its program.

    Returns:
        What esptool said, and the chip; None if there is no answer to be had.
    """
    # The ROM at its own speed, no stub: so it is found again in the same state.
    after = ["--after", "no-reset" if stay else "hard-reset"]
    said = _run_on(replace(connection, baud=_ROM_BAUD), ["--no-stub", *after, "flash-id"])
    mac = _MAC.search(said.text)
    if said.status != 0 or mac is None:
        return said, None
    size, chip = _FLASH.search(said.text), _CHIP.search(said.text)
    flash_bytes = int(size.group(1)) * _UNITS[size.group(2)] if size else None
    return said, ChipSeen(chip.group(1) if chip else "", mac.group(1), flash_bytes)


def write(connection: Connection, image: Path) -> Said:
    """Writes an image at offset 0, compares, and starts what was written.

    esptool has the chip compute the MD5 of what its flash holds afterwards. A run in which it does
    not say that this agrees has a status other than 0.
    """
    # --flash-size keep: the headers in the image are as the build wants them
    words = ["--after", "hard-reset", "write-flash", "--flash-size", "keep", "0x0", str(image)]
    said = _run_on(connection, words)
    if said.status == 0 and _VERIFIED not in said.text:
        return Said(1, said.text)
    return said


def run_esptool(words: Sequence[str], log: Path) -> Said:
    """Runs esptool to its end.

    Args:
        words: its arguments.
        log: gets what it says, behind what is there.

    Raises:
        ToolMissing: it is not installed.
        BuildError: it cannot be started, or the log cannot be written.
    """
    if importlib.util.find_spec("esptool") is None:
        raise ToolMissing("find esptool", "this Python has none", "pip install 'esptool>=5,<6'")
    try:
        return run_program([sys.executable, "-P", "-m", "esptool", *words], log, _environment())
    except OSError as error:
        raise BuildError("run esptool", str(error), f"see {log}") from error


def _run_on(connection: Connection, words: Sequence[str]) -> Said:
    # default-reset does no harm where DTR and RTS reach nothing: who has put such a board into its
    # bootloader by hand finds it there.
    where = ["--chip", connection.chip, "--port", connection.port, "--baud", str(connection.baud)]
    return run_esptool([*where, "--before", "default-reset", *words], connection.log)


def _environment() -> dict[str, str]:
    """Ours, without what would give esptool other options than those that it is told."""
    apart = ("ESPTOOL_", "FORCE_COLOR")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(apart)}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
