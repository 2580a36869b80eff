"""The memory of an emulated machine, from the arguments that start it, and what must lie in it."""

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
_DEFAULT_BYTES = 128 * 2**20  # of QEMU's machine "virt"
_ADDRESSES = 2**32


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


def check_machine(memory: Memory, arguments: Sequence[str], path: Path) -> None:
    """Beyond the machine's memory a firmware would hang, and nothing would say why.

    Raises:
        ConfigError: flash or RAM lies there, or ``-m`` cannot be read.
    """
    there = machine_bytes(arguments)
    if there is None:
        raise ConfigError(f"{path}: link.arguments with a size after '-m'", "none", '"-m", "16M"')
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
