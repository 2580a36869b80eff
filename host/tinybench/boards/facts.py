"""What a board file states, as frozen dataclasses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

FIRST_BAUD = 115_200
"""Bit/s of a UART when a board boots; its ROM speaks at this rate too. The host asks for more."""


@dataclass(frozen=True)
class Chip:
    """What computes.

    Attributes:
        name: what the firmware's hello must say ("virt-rv32imc", "esp32c3"); of a hardware board,
            as esptool and ESP-IDF name it.
        isa: "rv32imc", "xtensa-lx6", "xtensa-lx106", "host".
        clock_hz: CPU clock; 0 where there is none (virtual boards).
    """

    name: str
    isa: str
    clock_hz: int


@dataclass(frozen=True)
class Memory:
    """Sizes in bytes, enforced by the linker.

    Attributes:
        flash_bytes: the flash chip; of a virtual board, room for code and constants.
        ram_bytes: internal RAM for .data + .bss + stack.
        stack_bytes: what of it is the stack.
        ram_origin, flash_origin: addresses, of virtual boards.
        arena_bytes: what of RAM an arena can be planned to take, the system's own share left out;
            0: all but the stack.
        flash_mode: of the flash chip, as in the image header.
        flash_hz: its clock, in the image header; the bootloader goes by that.
    """

    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    flash_origin: int = 0
    ram_origin: int = 0
    arena_bytes: int = 0
    flash_mode: Literal["", "dio", "qio"] = ""
    flash_hz: int = 0

    @property
    def for_arena(self) -> int:
        """Most bytes of internal RAM that an arena can take."""
        return self.arena_bytes or self.ram_bytes - self.stack_bytes


@dataclass(frozen=True)
class Psram:
    """External RAM.

    Attributes:
        kind: how it is wired.
        fitted_bytes: the chip's size.
        mapped_bytes: what of it the MCU can address.
        clock_hz: its clock.
    """

    kind: Literal["quad", "octal"]
    fitted_bytes: int
    mapped_bytes: int
    clock_hz: int


@dataclass(frozen=True)
class Camera:
    """GPIO numbers of a parallel camera; -1: not connected.

    Attributes:
        sensor: what the board is sold with.
        data: D0 to D7.
        xclk, sda, scl, vsync, href, pclk, power_down, reset: as esp32-camera names them.
    """

    sensor: str
    xclk: int
    sda: int
    scl: int
    data: tuple[int, ...]
    vsync: int
    href: int
    pclk: int
    power_down: int
    reset: int

    @property
    def pins(self) -> tuple[int, ...]:
        """Every GPIO that the camera takes."""
        clocks = (self.xclk, self.sda, self.scl, self.vsync, self.href, self.pclk)
        return tuple(p for p in (*clocks, *self.data, self.power_down, self.reset) if p >= 0)


@dataclass(frozen=True)
class LinkFacts:
    """How the host reaches the board.

    Attributes:
        kind: "qemu" (emulator started on a flashed ELF), "process" (host program), "serial".
        machine: QEMU's -M, "" elsewhere.
        emulator: the program, e.g. "qemu-system-riscv32"; "" elsewhere.
        arguments: further arguments of the emulator.
        packages: Debian packages that bring the emulator, see packages.py.
        console: what of the emulator is the board's serial line: the device that its arguments
            attach to the chardev "tb-serial", or its own standard input and output.
        baud: highest of the protocol, bit/s, asked for after the board has booted at FIRST_BAUD; 0
            where the link has no baud rate.
        reply_timeout_s: longest a single reply may take; an inference included.
        transport: of a serial link, what on the chip the port is.
        bridge: the USB chip between the computer and a UART, "" for none.
        usb_ids: "VID:PID" in lower-case hex, of the port as the computer sees it.
        reset: what DTR and RTS do. "auto": EN and GPIO0 through the usual two transistors;
            "unguarded": EN and GPIO0 directly, so both asserted hold the chip in reset;
            "manual": nothing, a button or a jumper does it; "usb": the chip's own USB.
        upload_baud: for esptool, bit/s.
        bauds: the only rates that the bridge does; empty: any up to the larger of the two above.
    """

    kind: Literal["qemu", "process", "serial"]
    reply_timeout_s: float
    baud: int = 0
    machine: str = ""
    emulator: str = ""
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    console: Literal["chardev", "stdio"] = "chardev"
    transport: Literal["", "uart", "usb-serial-jtag"] = ""
    bridge: str = ""
    usb_ids: tuple[str, ...] = ()
    reset: Literal["", "auto", "unguarded", "manual", "usb"] = ""
    upload_baud: int = 0
    bauds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Counter:
    """What the firmware's latency counter counts.

    Attributes:
        unit: "instructions", "cycles", "microseconds" or "nanoseconds".
        method: one sentence for the reports.
    """

    unit: str
    method: str


@dataclass(frozen=True)
class BuildFacts:
    """How PlatformIO builds for the board.

    Attributes:
        platform: folder below firmware/ holding the local platform, or a registry spec with its
            exact version.
        port: folder below firmware/ with the board's port.
        shared: further folders there, with sources that several ports have in common.
        toolchain: prefix of the compiler's programs ("riscv64-unknown-elf-"); "" for the host's,
            or where the platform brings its own.
        flags: flags for this board's ISA, for compiler and linker (no optimization flags).
        packages: Debian packages that bring the compiler and its C library.
        board_id: PlatformIO's name of the board, or of the nearest that it has; "" for virtual.
        partitions: partition table, a file in the port's folder partitions/.
    """

    platform: str
    port: str
    shared: tuple[str, ...] = ()
    toolchain: str = ""
    flags: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    board_id: str = ""
    partitions: str = ""


@dataclass(frozen=True)
class Board:
    """One board, as its file states it.

    Attributes:
        source: the file's path.
        notes: what the board can and cannot show.
        status: whether one can still buy it.
        tried: what has been seen to work on a real board, with versions; "": nothing yet.
        wiring: how to connect it.
        quirks: what surprises people.
        facts_from: where the facts were read.
    """

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
    status: Literal["current", "end-of-life"] = "current"
    tried: str = ""
    wiring: str = ""
    quirks: tuple[str, ...] = ()
    facts_from: tuple[str, ...] = ()
    psram: Psram | None = None
    camera: Camera | None = None

    @property
    def facts_sha256(self) -> str:
        """SHA-256 of all that the file states, wherever it lies: boards of one name may differ."""
        facts = asdict(self) | {"source": ""}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
