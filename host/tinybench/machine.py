"""The memories of an emulated machine, and what must lie in them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinybench.errors import ConfigError

if TYPE_CHECKING:
    from tinybench.boards.facts import Memory

_SIZE = re.compile(r"(?:size=)?(?P<number>\d+)(?P<unit>[KMGT]?)(?:,.*)?", re.IGNORECASE)
_UNITS = {"K": 2**10, "": 2**20, "M": 2**20, "G": 2**30, "T": 2**40}  # QEMU's; MiB if none
_DEFAULT_BYTES = 128 * 2**20  # of QEMU's machines "virt" and "sim"
_ADDRESSES = 2**32
_SIM = "sim"
_SIM_ROM, _SIM_ROM_BYTES, _SIM_RAM = 0x50000000, 64 * 2**20, 0x60000000
"""Xtensa's machine has memories of its own for what is started and what is written; -m is the
second's size. (QEMU's hw/xtensa/sim.c and target/xtensa/overlay_tool.h)"""


def machine_bytes(arguments: Sequence[str]) -> int | None:
    """What ``-m`` says, or QEMU's default; None where it says nothing that can be read.

    Args:
        arguments: of the emulator, "-m" and its size one after the other.
    """
    sizes = [value for flag, value in itertools.pairwise(arguments) if flag == "-m"]
    if not sizes:
        return _DEFAULT_BYTES
    found = _SIZE.fullmatch(sizes[-1])
    return int(found["number"]) * _UNITS[found["unit"].upper()] if found else None


def check_machine(machine: str, memory: Memory, arguments: Sequence[str], path: Path) -> None:
    """Beyond the machine's memory a firmware would hang, and nothing would say why.

    Args:
        machine: QEMU's -M.
        memory: the board's.
        arguments: of the emulator.
        path: of the board file.

    Raises:
        ConfigError: flash or RAM lies there, or ``-m`` cannot be read.
    """
    there = machine_bytes(arguments)
    if there is None:
        raise ConfigError(f"{path}: link.arguments with a size after '-m'", "none", '"-m", "16M"')
    flash = ("flash", memory.flash_origin, memory.flash_bytes)
    ram = ("ram", memory.ram_origin, memory.ram_bytes)
    if machine == _SIM:
        _check_within(*flash, _SIM_ROM, _SIM_ROM_BYTES, path)
        _check_within(*ram, _SIM_RAM, there, path)
    else:
        _check_span(memory, there, path)


def _check_within(name: str, origin: int, nbytes: int, base: int, there: int, path: Path) -> None:
    if origin >= base and origin + nbytes <= base + there:
        return
    raise ConfigError(
        f"{path}: {name} within the emulated machine's 0x{base:x} to 0x{base + there:x}",
        f"memory.{name}_origin=0x{origin:x}, memory.{name}_bytes={nbytes:,}",
        "lower them" + (", or raise -m in link.arguments" if base == _SIM_RAM else ""),
    )


def _check_span(memory: Memory, there: int, path: Path) -> None:
    start = min(memory.flash_origin, memory.ram_origin)
    end = max(memory.flash_origin + memory.flash_bytes, memory.ram_origin + memory.ram_bytes)
    sizes = f"memory.flash_bytes={memory.flash_bytes:,}, memory.ram_bytes={memory.ram_bytes:,}"
    if end > _ADDRESSES:
        raise ConfigError(f"{path}: flash and RAM below 0x{_ADDRESSES:x}", sizes, "lower them")
    if end - start > there:
        raise ConfigError(
            f"{path}: flash and RAM within the emulated machine's {there:,} B",
            f"they take {end - start:,} B, gaps included: {sizes}",
            "lower them, or raise -m in link.arguments",
        )
