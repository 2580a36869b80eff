"""What an ESP-IDF build leaves for a chip's flash: bootloader, partition table and app."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from tinybench.errors import BuildError

TABLE_OFFSET = 0x8000  # CONFIG_PARTITION_TABLE_OFFSET, ESP-IDF's default
_ROW = struct.Struct("<2sBBII16sI")  # esp_partition_info_t, esp_flash_partitions.h
_ROW_MAGIC = b"\xaa\x50"
_APP = 0  # PART_TYPE_APP
_IMAGE_MAGIC = 0xE9


@dataclass(frozen=True)
class ChipFacts:
    """What an image for a chip must have.

    Attributes:
        image_id: in the header of every image (esp_chip_id_t in esp_app_format.h).
        bootloader: where the ROM looks for the bootloader (BOOTLOADER_FLASH_OFFSET in esptool).
        title: as esptool says it.
    """

    image_id: int
    bootloader: int
    title: str


CHIPS = {
    "esp32": ChipFacts(0, 0x1000, "ESP32"),
    "esp32s3": ChipFacts(9, 0x0, "ESP32-S3"),
    "esp32c3": ChipFacts(5, 0x0, "ESP32-C3"),
}


@dataclass(frozen=True)
class Part:
    """A file and where in flash it goes.

    Attributes:
        name: "bootloader", "partitions", "firmware".
        offset: bytes from the start of flash.
        file: its content.
    """

    name: str
    offset: int
    file: Path


def find_parts(folder: Path, chip: str) -> list[Part]:
    """The parts that PlatformIO left in a build folder.

    Args:
        folder: .pio/build/BOARD of a built project.
        chip: a key of CHIPS.

    Raises:
        BuildError: a file is missing, is for another chip, or the app does not fit its partition.
    """
    table = _read(folder / "partitions.bin")
    app_offset, app_bytes = _app_partition(table, folder)
    parts = [
        Part("bootloader", CHIPS[chip].bootloader, folder / "bootloader.bin"),
        Part("partitions", TABLE_OFFSET, folder / "partitions.bin"),
        Part("firmware", app_offset, folder / "firmware.bin"),
    ]
    for part in (parts[0], parts[2]):
        _check_chip(part, chip)
    size = len(_read(parts[2].file))
    if size > app_bytes:
        raise BuildError(
            f"an app within its partition of {app_bytes:,} B",
            f"{parts[2].file.name} has {size:,} B, {size - app_bytes:,} B too many",
            "a smaller model, or a partition table with more room for the app",
        )
    return parts


def _app_partition(table: bytes, folder: Path) -> tuple[int, int]:
    """Offset and size of the first app partition."""
    for at in range(0, len(table) - _ROW.size + 1, _ROW.size):
        magic, kind, _, offset, size, _, _ = _ROW.unpack_from(table, at)
        if magic == _ROW_MAGIC and kind == _APP:
            return offset, size
    raise BuildError(
        "a partition table with an app in it",
        f"none in {folder / 'partitions.bin'}",
        "`tinybench build` makes it of the table that build.partitions of the board's file names",
    )


def _check_chip(part: Part, chip: str) -> None:
    """An image's header names the chip that it is for: magic first, the id 12 bytes on."""
    header = _read(part.file)[:24]
    if len(header) < 24 or header[0] != _IMAGE_MAGIC:
        wanted = f"an image for a chip in {part.file}"
        raise BuildError(wanted, "it does not begin as one", "tinybench build")
    found = int.from_bytes(header[12:14], "little")
    if found != CHIPS[chip].image_id:
        names = {facts.image_id: facts.title for facts in CHIPS.values()}
        seen = names.get(found, f"chip id {found}")
        todo = "`tinybench build` for the board that is to be flashed"
        raise BuildError(f"{part.file.name} for {CHIPS[chip].title}", f"it is for {seen}", todo)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BuildError(
            "find what the build made for the chip's flash",
            f"{file}: {error.strerror}",
            "tinybench build",
        ) from error
