"""boards/*.toml -> Board: facts with units, one file per board, no inheritance.

A board file never names a function; adding a board is adding a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Chip:
    """What computes.

    Attributes:
        name: what the firmware's hello must say ("virt-rv32imc", "esp32c3").
        isa: "rv32imc", "xtensa-lx6", "host".
        clock_hz: CPU clock; 0 where there is none (virtual boards).
    """

    name: str
    isa: str
    clock_hz: int


@dataclass(frozen=True)
class Memory:
    """Sizes in bytes, enforced by the linker script on virtual boards.

    Attributes:
        flash_bytes: room for code and constants.
        ram_bytes: room for .data + .bss + stack.
        stack_bytes: what of it is the stack.
        ram_origin, flash_origin: addresses.
    """

    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    flash_origin: int
    ram_origin: int


@dataclass(frozen=True)
class LinkFacts:
    """How the host reaches the board.

    Attributes:
        kind: "qemu" (emulator started on a flashed ELF), "process" (host program), "serial".
        machine: QEMU's -M, "" elsewhere.
        emulator: the program, e.g. "qemu-system-riscv32"; "" elsewhere.
        arguments: further arguments of the emulator.
        baud: 0 where the link has no baud rate.
        reply_timeout_s: longest a single reply may take; an inference included.
    """

    kind: Literal["qemu", "process", "serial"]
    machine: str
    emulator: str
    arguments: tuple[str, ...]
    baud: int
    reply_timeout_s: float


@dataclass(frozen=True)
class Counter:
    """What the firmware's latency counter counts.

    Attributes:
        unit: "instructions", "cycles" or "nanoseconds".
        method: one sentence for the reports.
    """

    unit: str
    method: str


@dataclass(frozen=True)
class BuildFacts:
    """How PlatformIO builds for the board.

    Attributes:
        platform: folder below firmware/ holding the local platform, or a registry spec.
        port: folder below firmware/ with the board's port.
        toolchain: prefix of the compiler's programs ("riscv64-unknown-elf-", "" for the host).
        flags: compiler flags for this board's ISA (no optimization flags).
    """

    platform: str
    port: str
    toolchain: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """One board, as its file states it."""

    name: str
    title: str
    kind: Literal["virtual", "hardware"]
    chip: Chip
    memory: Memory
    link: LinkFacts
    counter: Counter
    build: BuildFacts
    source: str
    notes: str
