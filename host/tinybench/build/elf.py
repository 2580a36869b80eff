"""Sizes read from an ELF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.errors import BuildError

WEIGHT_PREFIX = "tb_w_"  # in the name, mangled or not, of every constant of a model

_BUILD_ANEW = "build it again: something else has written to the build folder"

LARGEST = 20  # symbols that are named

_WRITE, _ALLOC, _EXECUTE = 1, 2, 4  # section flags of the ELF format
_UNINITIALIZED = {".stack", ".noinit"}
# ESP-IDF's: variables in PSRAM, and placeholders for what is elsewhere in the same memory.
_ELSEWHERE = (".ext_ram", ".flash_rodata_dummy", ".dram0.dummy", ".rtc")


@dataclass(frozen=True)
class Sizes:
    """What a firmware takes, in bytes.

    Attributes:
        flash_total: all that is stored: code, constants, initial values of variables.
        weights: of it, the model's constants (symbols named ``tb_w_*``, mangled or not).
        code: of it, executable sections.
        ram_static: variables, the arena included (.data and .bss); without the stack.
        largest: (name, bytes) of the functions and constants that take most of the flash.
    """

    flash_total: int
    weights: int
    code: int
    ram_static: int
    largest: tuple[tuple[str, int], ...] = ()


def read_sizes(path: Path) -> Sizes:
    """Sizes of a linked firmware.

    Raises:
        BuildError: not an ELF.
    """
    with path.open("rb") as file:
        elf = _open(file, path)
        sections = [s.header for s in elf.iter_sections() if s.header.sh_flags & _ALLOC]
        stored = [s for s in sections if s.sh_type != "SHT_NOBITS"]
        symbols = _symbols(elf, [(s.sh_addr, s.sh_addr + s.sh_size) for s in stored])
        return Sizes(
            flash_total=sum(s.sh_size for s in stored),
            weights=sum(size for name, size in symbols if WEIGHT_PREFIX in name),
            code=sum(s.sh_size for s in stored if s.sh_flags & _EXECUTE),
            ram_static=sum(
                s.header.sh_size
                for s in elf.iter_sections()
                if s.header.sh_flags & _ALLOC
                and s.header.sh_flags & _WRITE
                and s.name not in _UNINITIALIZED
                and not s.name.startswith(_ELSEWHERE)
            ),
            largest=tuple(sorted(symbols, key=lambda s: (-s[1], s[0]))[:LARGEST]),
        )


def _symbols(elf: Any, stored: list[tuple[int, int]]) -> list[tuple[str, int]]:
    """Name and size of every function and constant in these address ranges, each address once."""
    table = elf.get_section_by_name(".symtab")
    found = {
        symbol.entry.st_value: (_plain(symbol.name), symbol.entry.st_size)
        for symbol in (table.iter_symbols() if table else ())
        if symbol.entry.st_info.type in ("STT_OBJECT", "STT_FUNC")
        and any(first <= symbol.entry.st_value < end for first, end in stored)
    }
    return list(found.values())


def _plain(name: str) -> str:
    """What the source calls it, without what g++ puts around a file's own names."""
    match = re.fullmatch(r"_ZL\d+(\w+)|_ZN12_GLOBAL__N_1L?\d+(\w+)E\w*", name)
    return match[1] or match[2] if match else name


def with_word(path: Path, symbol: str, value: int) -> bytes:
    """A linked firmware's bytes with another value in a 32-bit constant of its.

    Raises:
        BuildError: not an ELF, or it has no such symbol.
    """
    with path.open("rb") as file:
        elf = _open(file, path)
        found = elf.get_section_by_name(".symtab").get_symbol_by_name(symbol)
        if not found:
            raise BuildError(f"a firmware with {symbol}", f"{path} has none", _BUILD_ANEW)
        section = elf.get_section(found[0].entry.st_shndx).header
        at = section.sh_offset + found[0].entry.st_value - section.sh_addr
    data = bytearray(path.read_bytes())
    data[at : at + 4] = value.to_bytes(4, "little")
    return bytes(data)


def _open(file: Any, path: Path) -> Any:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        return ELFFile(file)
    except ELFError as error:
        raise BuildError("read the firmware as an ELF", f"{path}: {error}", _BUILD_ANEW) from error
