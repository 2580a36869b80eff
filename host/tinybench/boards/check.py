"""Whether a board file's facts agree with one another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tinybench import resources
from tinybench.boards.facts import Board, Camera, Psram
from tinybench.boards.partitions import check_partitions
from tinybench.errors import ConfigError
from tinybench.machine import check_machine

_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_EXACT = re.compile(r"[\w./:-]+@\d+\.\d+\.\d+")
_FLASH_MB = (2, 4, 8, 16, 32)
_FLASH_MHZ = (20, 26, 40, 80)
_FASTEST = 5_000_000  # bit/s, of these chips' UARTs

# Facts that only the chip decides: ISA, fastest clock, GPIO numbers, what the camera driver can.
# From ESP-IDF v5.5.3, components/soc/*/include/soc/soc_caps.h and esp32-camera's README.
CHIPS = {
    "esp32": ("xtensa-lx6", 240_000_000, 39, True, ("uart",)),
    "esp32s3": ("xtensa-lx7", 240_000_000, 48, True, ("uart", "usb-serial-jtag")),
    "esp32c3": ("rv32imc", 160_000_000, 21, False, ("uart", "usb-serial-jtag")),
}


# GPIOs that a camera cannot have: from soc_caps.h and spi_pins.h there, and for PSRAM from the
# modules' data sheets.
_NONE = {"esp32": (24, *range(28, 32)), "esp32s3": tuple(range(22, 26))}
_FLASH = {"esp32": tuple(range(6, 12)), "esp32s3": tuple(range(26, 33))}
_PSRAM = {("esp32", "quad"): (16, 17), ("esp32s3", "octal"): tuple(range(33, 38))}
_UART0 = {"esp32": (1, 3), "esp32s3": (43, 44)}
_INPUT_ONLY = {"esp32": tuple(range(34, 40))}


def check_facts(board: Board, path: Path) -> None:
    """Refuses a board whose facts cannot all be true.

    Raises:
        ConfigError: naming the key.
    """
    _check_memory(board, path)
    _check_port(board, path)
    if board.kind == "hardware" and board.link.kind != "serial":
        raise ConfigError(
            f"{path}: kind = 'virtual' with link.kind={board.link.kind!r}",
            "kind='hardware'",
            "reports keep what ran in an emulator or on this computer apart from real boards",
        )
    if board.link.reply_timeout_s <= 0:
        raise ConfigError(
            f"{path}: link.reply_timeout_s above 0",
            f"{board.link.reply_timeout_s}",
            "the seconds that the longest inference may take, such as 30.0",
        )
    if board.link.kind == "qemu":
        for key in ("emulator", "machine"):
            if not getattr(board.link, key):
                raise ConfigError(
                    f"{path}: link.{key} of an emulated board",
                    "it is missing",
                    "emulator = 'qemu-system-riscv32', machine = 'virt' is what virt-c3 has",
                )
        check_machine(board.link.machine, board.memory, board.link.arguments, path)
    if board.kind == "hardware":
        _check_hardware(board, path)


def _check_memory(board: Board, path: Path) -> None:
    memory = board.memory
    for key in ("flash_bytes", "ram_bytes", "stack_bytes"):
        if getattr(memory, key) <= 0:
            seen = f"{getattr(memory, key)}"
            raise ConfigError(f"{path}: memory.{key} above 0", seen, "write the size in bytes")
    if memory.stack_bytes >= memory.ram_bytes:
        raise ConfigError(
            f"{path}: memory.stack_bytes below memory.ram_bytes ({memory.ram_bytes})",
            f"stack_bytes={memory.stack_bytes}",
            "the stack is a part of RAM: 16_384 does for every ESP32",
        )
    if not 0 <= memory.arena_bytes <= memory.ram_bytes - memory.stack_bytes:
        room = memory.ram_bytes - memory.stack_bytes
        raise ConfigError(
            f"{path}: memory.arena_bytes within RAM less stack ({room})",
            f"arena_bytes={memory.arena_bytes}",
            "make it smaller; 0 means all but the stack",
        )


def _check_port(board: Board, path: Path) -> None:
    firmware = resources.firmware()
    for key, folder in [("port", board.build.port), *(("shared", f) for f in board.build.shared)]:
        if not folder or not (firmware / folder).is_dir():
            raise ConfigError(
                f"{path}: build.{key}, a folder below {firmware}",
                repr(folder),
                "see boards/README.md",
            )


def _check_hardware(board: Board, path: Path) -> None:
    if board.chip.name not in CHIPS:
        known = ", ".join(CHIPS)
        raise ConfigError(
            f"{path}: chip.name one of {known}",
            f"{board.chip.name!r}",
            "choose one of them: firmware/esp32 runs on no other chip",
        )
    isa, clock_hz, _, _, transports = CHIPS[board.chip.name]
    rules = (
        ("chip.isa", board.chip.isa, board.chip.isa == isa, f"{isa!r}"),
        (
            "chip.clock_hz",
            board.chip.clock_hz,
            board.chip.clock_hz in (80_000_000, 160_000_000, clock_hz),
            f"80, 160 or {clock_hz // 1_000_000} MHz",
        ),
        (
            "memory.flash_bytes",
            board.memory.flash_bytes,
            board.memory.flash_bytes in {size << 20 for size in _FLASH_MB},
            f"{', '.join(map(str, _FLASH_MB))} MiB",
        ),
        (
            "memory.flash_hz",
            board.memory.flash_hz,
            board.memory.flash_hz in {mhz * 1_000_000 for mhz in _FLASH_MHZ},
            f"{', '.join(map(str, _FLASH_MHZ))} MHz",
        ),
        ("memory.flash_mode", board.memory.flash_mode, board.memory.flash_mode != "", "dio or qio"),
        (
            "link.transport",
            board.link.transport,
            board.link.transport in transports,
            f"{' or '.join(map(repr, transports))} on {board.chip.name}",
        ),
        ("link.reset", board.link.reset, board.link.reset != "", "what DTR and RTS do"),
        ("link.upload_baud", board.link.upload_baud, board.link.upload_baud > 0, "above 0"),
        (
            "build.platform",
            board.build.platform,
            _EXACT.fullmatch(board.build.platform) is not None,
            "a platform with its exact version (owner/name@1.2.3)",
        ),
        ("build.board_id", board.build.board_id, board.build.board_id != "", "PlatformIO's name"),
        ("build.partitions", board.build.partitions, board.build.partitions != "", "a file's name"),
    )
    for key, seen, good, wanted in rules:
        if not good:
            raise ConfigError(f"{path}: {key}: {wanted}", repr(seen), "see boards/README.md")
    _check_link(board, path)
    check_partitions(board)
    if board.psram is not None:
        _check_psram(board.psram, board, path)
    if board.camera is not None:
        _check_camera(board.camera, board, path)


def _check_psram(psram: Psram, board: Board, path: Path) -> None:
    if not 0 < psram.mapped_bytes <= psram.fitted_bytes:
        raise ConfigError(
            f"{path}: psram.mapped_bytes above 0 and within psram.fitted_bytes "
            f"({psram.fitted_bytes})",
            f"mapped_bytes={psram.mapped_bytes}",
            "write fitted_bytes here too; an ESP32 maps 0x400000 of a larger chip",
        )
    kinds = {"esp32": ("quad",), "esp32s3": ("quad", "octal")}.get(board.chip.name, ())
    if psram.kind not in kinds:
        known = " or ".join(map(repr, kinds)) or "none"
        todo = "the module's data sheet says how it is wired" if kinds else "leave [psram] out"
        wanted = f"{path}: psram.kind of an {board.chip.name}: {known}"
        raise ConfigError(wanted, repr(psram.kind), todo)
    if psram.clock_hz != 80_000_000:
        todo = "firmware/esp32/sdkconfig/psram.conf sets 80 MHz and no other"
        raise ConfigError(f"{path}: psram.clock_hz: 80 MHz", f"{psram.clock_hz}", todo)
    if board.chip.name == "esp32" and board.memory.flash_hz != psram.clock_hz:
        raise ConfigError(
            f"{path}: memory.flash_hz: 80 MHz, as an ESP32's PSRAM at 80 MHz wants it",
            f"{board.memory.flash_hz}",
            "see ESP-IDF's components/esp_psram/esp32/Kconfig.spiram",
        )


def _check_link(board: Board, path: Path) -> None:
    link = board.link
    for usb_id in link.usb_ids:
        if not _USB_ID.fullmatch(usb_id):
            raise ConfigError(
                f"{path}: link.usb_ids as 'VID:PID', lower-case hex", f"{usb_id!r}", "'1a86:7523'"
            )
    if link.transport == "uart" and link.baud <= 0:
        todo = "460_800 suits most USB bridges"
        raise ConfigError(f"{path}: link.baud above 0 for a UART", f"{link.baud}", todo)
    for key in ("baud", "upload_baud"):
        if getattr(link, key) > _FASTEST:
            todo = "these chips' UARTs do no more: 460_800 suits most USB bridges"
            seen = f"{getattr(link, key)}"
            raise ConfigError(f"{path}: link.{key} up to {_FASTEST:,}", seen, todo)
    for key in ("baud", "upload_baud") if link.bauds else ():
        if getattr(link, key) not in link.bauds:
            raise ConfigError(
                f"{path}: link.{key} among link.bauds {list(link.bauds)}",
                f"{getattr(link, key)}",
                f"write one of them, or add {getattr(link, key)} if the bridge does it",
            )


def _check_camera(camera: Camera, board: Board, path: Path) -> None:
    _, _, last, can, _ = CHIPS[board.chip.name]
    if not can:
        raise ConfigError(
            f"{path}: a camera on a chip that esp32-camera supports",
            f"chip.name={board.chip.name!r}",
            "leave [camera] out",
        )
    if len(camera.data) != 8:
        raise ConfigError(
            f"{path}: camera.data, the pins D0 to D7",
            f"{list(camera.data)}",
            "write eight GPIO numbers, D0 first; esp32-camera calls them Y2 to Y9",
        )
    for pin in camera.pins:
        if pin > last:
            raise ConfigError(
                f"{path}: camera pins up to GPIO{last}",
                _users(camera, [pin]),
                "write the chip's GPIO number, not that of the module's pin",
            )
    for key in ("xclk", "sda", "scl", "vsync", "href", "pclk"):
        if getattr(camera, key) < 0:
            raise ConfigError(
                f"{path}: camera.{key}, a GPIO",
                f"{getattr(camera, key)}",
                "write its number: only power_down and reset may be -1, not connected",
            )
    _check_free(camera, board, path)
    twice = sorted({pin for pin in camera.pins if camera.pins.count(pin) > 1})
    if twice:
        raise ConfigError(f"{path}: each camera pin once", _users(camera, twice), _SCHEMATIC)


_SCHEMATIC = "compare these keys with the board's schematic"


def _users(camera: Camera, pins: Sequence[int]) -> str:
    """Pins, each with the keys that name it."""
    keys = [(pin, f"D{at}") for at, pin in enumerate(camera.data)]
    keys += [(pin, key) for key, pin in vars(camera).items() if isinstance(pin, int)]
    users = {pin: " and ".join(key for own, key in keys if own == pin) for pin in pins}
    return ", ".join(f"GPIO{pin} ({words})" for pin, words in users.items())


def _check_free(camera: Camera, board: Board, path: Path) -> None:
    """No pin that something else has, and no output where the chip has none."""
    chip, psram = board.chip.name, board.psram
    taken = {
        "the chip lacks it": _NONE[chip],
        "the flash has it": _FLASH[chip],
        "the PSRAM has it": _PSRAM.get((chip, psram.kind), ()) if psram else (),
        "the serial line has it": _UART0[chip] if board.link.transport == "uart" else (),
    }
    for why, pins in taken.items():
        if shared := sorted(set(pins) & set(camera.pins)):
            seen = f"{_users(camera, shared)}: {why}"
            raise ConfigError(f"{path}: camera pins that are free", seen, _SCHEMATIC)
    for key in ("xclk", "sda", "scl", "power_down", "reset"):
        pin = getattr(camera, key)
        if pin in _INPUT_ONLY.get(chip, ()):
            raise ConfigError(
                f"{path}: camera.{key}, an output", f"GPIO{pin} can only be read", _SCHEMATIC
            )
