"""Sizes read from an ELF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.errors import BuildError

WEIGHT_PREFIX = "tb_w_"  # in the name, mangled or not, of every constant of a model

_WRITE, _ALLOC, _EXECUTE = 1, 2, 4  # section flags of the ELF format
_UNINITIALIZED = {".stack", ".noinit"}


@dataclass(frozen=True)
class Sizes:
    """What a firmware takes, in bytes.

    Attributes:
        flash_total: all that is stored: code, constants, initial values of variables.
        weights: of it, the model's constants (symbols named ``tb_w_*``, mangled or not).
        code: of it, executable sections.
        ram_static: variables, the arena included (.data and .bss); without the stack.
    """

    flash_total: int
    weights: int
    code: int
    ram_static: int


def read_sizes(path: Path) -> Sizes:
    """Sizes of a linked firmware.

    Raises:
        BuildError: not an ELF.
    """
    with path.open("rb") as file:
        elf = _open(file, path)
        sections = [s.header for s in elf.iter_sections() if s.header.sh_flags & _ALLOC]
        stored = [s for s in sections if s.sh_type != "SHT_NOBITS"]
        return Sizes(
            flash_total=sum(s.sh_size for s in stored),
            weights=sum(size for name, size in _objects(elf) if WEIGHT_PREFIX in name),
            code=sum(s.sh_size for s in stored if s.sh_flags & _EXECUTE),
            ram_static=sum(
                s.header.sh_size
                for s in elf.iter_sections()
                if s.header.sh_flags & _ALLOC
                and s.header.sh_flags & _WRITE
                and s.name not in _UNINITIALIZED
            ),
        )


def _objects(elf: Any) -> list[tuple[str, int]]:
    """Name and size of every data object, each address once."""
    table = elf.get_section_by_name(".symtab")
    found = {
        symbol.entry.st_value: (symbol.name, symbol.entry.st_size)
        for symbol in (table.iter_symbols() if table else ())
        if symbol.entry.st_info.type == "STT_OBJECT"
    }
    return list(found.values())


def _open(file: Any, path: Path) -> Any:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        return ELFFile(file)
    except ELFError as error:
        raise BuildError("read the firmware as an ELF", f"{path}: {error}") from error
