"""Names for addresses in a firmware."""

from __future__ import annotations

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection


def locate(elf: Path, address: int) -> str:
    """The function that holds an address ("in tb_main+0x1c"), or "" if none is known."""
    try:
        with elf.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            if not isinstance(table, SymbolTableSection):
                return ""
            for symbol in table.iter_symbols():
                offset = address - symbol["st_value"]
                if symbol["st_info"]["type"] == "STT_FUNC" and 0 <= offset < symbol["st_size"]:
                    return f"in {symbol.name}+{offset:#x}"
    except (OSError, ELFError):
        pass
    return ""
