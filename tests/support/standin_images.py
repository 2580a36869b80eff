"""Stand-ins for what an ESP-IDF build leaves: ELFs of the right layout without a program in them.

No Espressif toolchain is needed for the way from an ELF to a flashed chip: esptool reads an ELF's
header and sections, and knows the chip's address ranges. So these ELFs have sections where the
chip's linker script would put them, filled with seeded noise. esptool makes images of them that it
and the ROM accept as well formed; no chip could run them.
"""

from __future__ import annotations

import hashlib
import random
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tinybench.flash.parts import Part

_XTENSA, _RISCV = 94, 243  # e_machine


@dataclass(frozen=True)
class Layout:
    """Where a chip's programs lie, from ESP-IDF v5.5.3.

    Sources: components/esp_system/ld/CHIP/memory.ld.in (app: IRAM, DRAM, flash text and rodata),
    components/bootloader/subproject/main/ld/CHIP/bootloader.ld.in (second-stage bootloader).
    """

    machine: int
    bootloader_offset: int
    app: tuple[tuple[str, int], ...]
    bootloader: tuple[tuple[str, int], ...]


LAYOUTS = {
    "esp32": Layout(
        _XTENSA,
        0x1000,
        (
            (".flash.rodata", 0x3F400020),
            (".dram0.data", 0x3FFB0000),
            (".iram0.text", 0x40080000),
            (".flash.text", 0x400D0020),
        ),
        ((".dram0.data", 0x3FFF0000), (".iram.text", 0x40078000)),
    ),
    "esp32s3": Layout(
        _XTENSA,
        0x0,
        (
            (".flash.rodata", 0x3C000020),
            (".dram0.data", 0x3FC88000),
            (".iram0.text", 0x40374000),
            (".flash.text", 0x42010020),
        ),
        ((".dram0.data", 0x3FCD0000), (".iram.text", 0x403C9700)),
    ),
    "esp32c3": Layout(
        _RISCV,
        0x0,
        (
            (".flash.rodata", 0x3C000020),
            (".dram0.data", 0x3FC84000),
            (".iram0.text", 0x40380000),
            (".flash.text", 0x42010020),
        ),
        ((".dram0.data", 0x3FCD5820), (".iram.text", 0x403CC710)),
    ),
}
APP_OFFSET, TABLE_OFFSET = 0x10000, 0x8000


def standin_elf(machine: int, sections: tuple[tuple[str, int], ...], size: int, seed: int) -> bytes:
    """A 32-bit little-endian ELF whose sections hold ``size`` seeded bytes each."""
    noise = random.Random(seed)
    names = b"\0" + b"".join(name.encode() + b"\0" for name, _ in sections) + b".shstrtab\0"
    headers, data, at = [bytes(40)], b"", 52
    for name, address in sections:
        flags = 6 if "text" in name else 3  # SHF_ALLOC with EXECINSTR or WRITE
        body = noise.randbytes(size)
        where = names.index(b"\0" + name.encode() + b"\0") + 1
        headers.append(struct.pack("<10I", where, 1, flags, address, at, size, 0, 0, 16, 0))
        data, at = data + body, at + size
    where = names.index(b".shstrtab")
    headers.append(struct.pack("<10I", where, 3, 0, 0, at, len(names), 0, 0, 1, 0))
    entry = next(address for name, address in sections if name.startswith(".iram"))
    identity = b"\x7fELF\x01\x01\x01" + bytes(9)
    numbers = (2, machine, 1, entry, 0, at + len(names), 0, 52, 0, 0, 40, len(headers))
    header = identity + struct.pack("<HHIIIIIHHHHHH", *numbers, len(headers) - 1)
    return header + data + names + b"".join(headers)


def partition_table(app_bytes: int = 0x1C0000) -> bytes:
    """NVS, PHY data and a factory app, as gen_esp32part.py writes them (MD5 row included)."""
    rows = [
        ("nvs", 1, 2, 0x9000, 0x6000),
        ("phy_init", 1, 1, 0xF000, 0x1000),
        ("factory", 0, 0, APP_OFFSET, app_bytes),
    ]
    table = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, offset, size, name.encode(), 0)
        for name, kind, sub, offset, size in rows
    )
    table += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table).digest()
    return table.ljust(0xC00, b"\xff")


def standin_parts(chip: str, folder: Path, *, seed: int = 1, size: int = 1000) -> list[Part]:
    """bootloader.bin, partitions.bin and firmware.bin, the images by esptool's elf2image."""
    layout = LAYOUTS[chip]
    made = {}
    for name, sections, factor in (
        ("bootloader", layout.bootloader, 1),
        ("firmware", layout.app, 8),
    ):
        elf = folder / f"standin-{name}.elf"
        elf.write_bytes(standin_elf(layout.machine, sections, size * factor, seed))
        made[name] = folder / f"{name}.bin"
        subprocess.run(
            [
                *(sys.executable, "-m", "esptool", "--chip", chip, "elf2image"),
                *("--flash-mode", "dio", "--flash-freq", "80m", "--flash-size", "4MB"),
                *("-o", made[name], elf),
            ],
            check=True,
            capture_output=True,
        )
        seed += 1
    table = folder / "partitions.bin"
    table.write_bytes(partition_table())
    return [
        Part("bootloader", layout.bootloader_offset, made["bootloader"]),
        Part("partitions", TABLE_OFFSET, table),
        Part("firmware", APP_OFFSET, made["firmware"]),
    ]
