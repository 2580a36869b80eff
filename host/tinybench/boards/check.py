"""Whether a board file's facts agree with one another."""

from __future__ import annotations

import re
from pathlib import Path

from tinybench.boards.facts import Board, Camera
from tinybench.errors import ConfigError
from tinybench.machine import check_machine

_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_EXACT = re.compile(r"[\w./:-]+@\d+\.\d+\.\d+")
_FLASH_MB = (2, 4, 8, 16, 32)
_FLASH_MHZ = (20, 26, 40, 80)

# Facts that only the chip decides: ISA, fastest clock, GPIO numbers, what the camera driver can.
# From ESP-IDF v5.5.3, components/soc/*/include/soc/soc_caps.h and esp32-camera's README.
CHIPS = {
    "esp32": ("xtensa-lx6", 240_000_000, 39, True, ("uart",)),
    "esp32s3": ("xtensa-lx7", 240_000_000, 48, True, ("uart", "usb-serial-jtag")),
    "esp32c3": ("rv32imc", 160_000_000, 21, False, ("uart", "usb-serial-jtag")),
}


def check_facts(board: Board, path: Path) -> None:
    """Refuses a board whose facts cannot all be true.

    Raises:
        ConfigError: naming the key.
    """
    _check_memory(board, path)
    if board.kind == "hardware" and board.link.kind != "serial":
        raise ConfigError(
            f"{path}: kind = 'virtual' with link.kind={board.link.kind!r}",
            "kind='hardware'",
            "reports keep what ran in an emulator or on this computer apart from real boards",
        )
    if board.link.reply_timeout_s <= 0:
        raise ConfigError(f"{path}: link.reply_timeout_s above 0", f"{board.link.reply_timeout_s}")
    if board.link.kind == "qemu":
        for key in ("emulator", "machine"):
            if not getattr(board.link, key):
                raise ConfigError(f"{path}: link.{key} of an emulated board", "it is missing")
        check_machine(board.link.machine, board.memory, board.link.arguments, path)
    if board.kind == "hardware":
        _check_hardware(board, path)


def _check_memory(board: Board, path: Path) -> None:
    memory = board.memory
    for key in ("flash_bytes", "ram_bytes", "stack_bytes"):
        if getattr(memory, key) <= 0:
            raise ConfigError(f"{path}: memory.{key} above 0", f"{getattr(memory, key)}")
    if memory.stack_bytes >= memory.ram_bytes:
        raise ConfigError(
            f"{path}: memory.stack_bytes below memory.ram_bytes ({memory.ram_bytes})",
            f"stack_bytes={memory.stack_bytes}",
        )
    if not 0 <= memory.arena_bytes <= memory.ram_bytes - memory.stack_bytes:
        room = memory.ram_bytes - memory.stack_bytes
        raise ConfigError(
            f"{path}: memory.arena_bytes within RAM less stack ({room})",
            f"arena_bytes={memory.arena_bytes}",
        )


def _check_hardware(board: Board, path: Path) -> None:
    if board.chip.name not in CHIPS:
        known = ", ".join(CHIPS)
        raise ConfigError(f"{path}: chip.name one of {known}", f"{board.chip.name!r}")
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
    if board.psram is not None and board.psram.mapped_bytes > board.psram.fitted_bytes:
        raise ConfigError(
            f"{path}: psram.mapped_bytes within psram.fitted_bytes ({board.psram.fitted_bytes})",
            f"mapped_bytes={board.psram.mapped_bytes}",
        )
    if board.camera is not None:
        _check_camera(board.camera, board, path)


def _check_link(board: Board, path: Path) -> None:
    link = board.link
    for usb_id in link.usb_ids:
        if not _USB_ID.fullmatch(usb_id):
            raise ConfigError(
                f"{path}: link.usb_ids as 'VID:PID', lower-case hex", f"{usb_id!r}", "'1a86:7523'"
            )
    if link.transport == "uart" and link.baud <= 0:
        raise ConfigError(f"{path}: link.baud above 0 for a UART", f"{link.baud}")
    for key in ("baud", "upload_baud") if link.bauds else ():
        if getattr(link, key) not in link.bauds:
            raise ConfigError(
                f"{path}: link.{key} among link.bauds {list(link.bauds)}", f"{getattr(link, key)}"
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
        raise ConfigError(f"{path}: camera.data, the pins D0 to D7", f"{list(camera.data)}")
    for pin in camera.pins:
        if pin > last:
            raise ConfigError(f"{path}: camera pins up to GPIO{last}", f"GPIO{pin}")
    for key in ("xclk", "sda", "scl", "vsync", "href", "pclk"):
        if getattr(camera, key) < 0:
            raise ConfigError(f"{path}: camera.{key}, a GPIO", f"{getattr(camera, key)}")
    twice = sorted({pin for pin in camera.pins if camera.pins.count(pin) > 1})
    if twice:
        raise ConfigError(
            f"{path}: each camera pin once", f"GPIO{', GPIO'.join(map(str, twice))} twice"
        )
