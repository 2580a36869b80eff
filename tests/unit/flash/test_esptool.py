"""esptool itself against a chip's ROM bootloader: esp32-mock-bootloader, and stand-in firmware."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import copytree

import pytest

from support.mock_chip import MockChip, mock_chip, mock_chip_on_pty
from support.standin_images import APP_OFFSET, TABLE_OFFSET, partition_table, standin_parts
from tinybench.errors import BuildError
from tinybench.flash.diagnose import find_cause
from tinybench.flash.esptool import Connection, look, write
from tinybench.flash.image import Image, read_image
from tinybench.flash.merge import Recipe, merge_image
from tinybench.flash.parts import CHIPS, find_parts

FLASH = 4 << 20


def merged(chip: str, folder: Path) -> Image:
    """An image of stand-ins."""
    standin_parts(chip, folder)
    parts = find_parts(folder, chip)
    recipe = Recipe(
        f"a-{chip}", chip, "aot", "m.tflite", "a" * 64, "b" * 32, FLASH, "qio", 80_000_000, parts
    )
    return merge_image(recipe, folder / "image.bin", folder / "merge.log")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Image]:
    """An image per chip, made on first use."""
    return cache(lambda chip: merged(chip, tmp_path_factory.mktemp(chip)))


Images = Callable[[str], Image]


def connection(mock: MockChip, folder: Path) -> Connection:
    return Connection(mock.port, mock.chip, 460_800, folder / "esptool.log")


def esptool(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "esptool", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("chip", CHIPS)
def test_a_whole_image_is_flashed_and_read_back(chip: str, images: Images, tmp_path: Path) -> None:
    image = images(chip)
    data = image.path.read_bytes()
    with mock_chip_on_pty(chip) as mock:
        said, seen = look(connection(mock, tmp_path), stay=True)
        assert seen is not None, said.text
        assert seen.title.startswith(CHIPS[chip].title)
        assert seen.flash_bytes == FLASH
        assert len(seen.mac.split(":")) == 6
        said = write(connection(mock, tmp_path), image.path)
        assert said.status == 0, said.text
        back = tmp_path / "back.bin"
        read = esptool("--chip", chip, "--port", mock.port, "read-flash", "0", len(data), back)
        assert read.returncode == 0, read.stdout + read.stderr
        assert back.read_bytes() == data
        assert mock.flash.data[: len(data)] == data
        assert set(mock.flash.data[len(data) :]) == {0xFF}


@pytest.mark.parametrize("chip", CHIPS)
def test_an_image_holds_its_parts_where_the_chip_looks(
    chip: str, images: Images, tmp_path: Path
) -> None:
    image = images(chip)
    assert read_image(image.path) == image
    data, parts = image.path.read_bytes(), image.manifest.parts
    offsets = [CHIPS[chip].bootloader, TABLE_OFFSET, APP_OFFSET]
    assert [part.offset for part in parts] == offsets
    for part in parts[1:]:
        whole = (image.path.parent / f"{part.name}.bin").read_bytes()
        assert data[part.offset : part.offset + part.bytes] == whole
    boot = parts[0].offset
    # the header that the ROM and the bootloader go by: DIO, 4 MB, 80 MHz
    assert data[boot : boot + 4] == bytes([0xE9, data[boot + 1], 2, 0x2F])
    cut = tmp_path / "bootloader.bin"
    cut.write_bytes(data[boot : boot + parts[0].bytes])
    told = esptool("--chip", chip, "image-info", cut)
    assert "Validation hash" in told.stdout and "(invalid" not in told.stdout, told.stdout


def test_another_chip_is_refused_before_a_byte_is_written(images: Images, tmp_path: Path) -> None:
    image = images("esp32")
    with mock_chip("esp32s3") as mock:
        wrong = Connection(mock.port, "esp32", 460_800, tmp_path / "esptool.log")
        said, seen = look(wrong, stay=True)
        assert seen is None
        found = find_cause(said.text)
        assert found is not None and found[0].name == "wrong-chip"
        assert found[1] == {"is": "ESP32-S3", "wanted": "ESP32"}
        assert write(wrong, image.path).status != 0
        assert set(mock.flash.data) == {0xFF}


def test_a_cable_pulled_in_the_middle_is_said_and_the_next_flash_mends_it(
    images: Images, tmp_path: Path
) -> None:
    image = images("esp32c3")
    data = image.path.read_bytes()
    with mock_chip("esp32c3", unplug_at=APP_OFFSET) as mock:
        said = write(connection(mock, tmp_path), image.path)
        assert said.status != 0
        found = find_cause(said.text)
        assert found is not None and found[0].name == "interrupted", said.text
        half = bytes(mock.flash.data)
        assert half[: len(data)] != data
    with mock_chip("esp32c3") as mock:
        mock.flash.data[:] = half
        said = write(connection(mock, tmp_path), image.path)
        assert said.status == 0, said.text
        assert mock.flash.data[: len(data)] == data


@pytest.mark.parametrize(
    "chip",
    ["esp32", *(pytest.param(chip, marks=pytest.mark.slow) for chip in CHIPS if chip != "esp32")],
)
def test_platformios_command_line_writes_the_same_flash(chip: str, images: Images) -> None:
    """platform-espressif32 v6.13.0 (4ed1943), builder/main.py, upload_protocol == "esptool".

    TINYBENCH_ESPTOOL4 names a Python with esptool 4, which that version of PlatformIO brings.
    """
    image = images(chip)
    data = image.path.read_bytes()
    files = [f for p in find_parts(image.path.parent, chip) for f in (hex(p.offset), p.file)]
    python = os.environ.get("TINYBENCH_ESPTOOL4", sys.executable)
    with mock_chip(chip) as mock:
        words = [
            *("--chip", chip, "--port", mock.port, "--baud", 460_800),
            *("--before", "default_reset", "--after", "hard_reset", "write_flash", "-z"),
            *("--flash_mode", "dio", "--flash_freq", "80m", "--flash_size", "4MB", *files),
        ]
        command = [python, "-m", "esptool", *map(str, words)]
        said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
        assert mock.flash.data[: len(data)] == data


def test_a_build_for_another_chip_is_not_merged(images: Images) -> None:
    with pytest.raises(BuildError, match=r"bootloader\.bin for ESP32: it is for ESP32-S3"):
        find_parts(images("esp32s3").path.parent, "esp32")


def test_an_app_larger_than_its_partition_is_not_merged(images: Images, tmp_path: Path) -> None:
    copytree(images("esp32").path.parent, tmp_path, dirs_exist_ok=True)
    (tmp_path / "partitions.bin").write_bytes(partition_table(app_bytes=0x1000))
    with pytest.raises(BuildError, match="an app within its partition of 4,096 B"):
        find_parts(tmp_path, "esp32")


@pytest.mark.parametrize("name", ["bootloader.bin", "partitions.bin", "firmware.bin"])
def test_a_part_that_is_missing_or_no_image_is_named(
    name: str, images: Images, tmp_path: Path
) -> None:
    copytree(images("esp32").path.parent, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).write_bytes(b"\0" * 100)
    with pytest.raises(BuildError, match=name):
        find_parts(tmp_path, "esp32")
    (tmp_path / name).unlink()
    with pytest.raises(BuildError, match=name):
        find_parts(tmp_path, "esp32")


def test_what_esptool_refuses_leaves_no_half_image(images: Images, tmp_path: Path) -> None:
    copytree(images("esp32").path.parent, tmp_path, dirs_exist_ok=True)
    image = read_image(tmp_path / "image.bin")
    before = image.path.read_bytes()
    parts = find_parts(tmp_path, "esp32")
    recipe = Recipe("b", "esp32", "aot", "m", "a" * 64, "b" * 32, FLASH, "dio", 81_000_000, parts)
    with pytest.raises(BuildError, match="esptool failed"):
        merge_image(recipe, image.path, tmp_path / "merge.log")
    assert image.path.read_bytes() == before
    assert json.loads((tmp_path / "image.json").read_text())["board"] == "a-esp32"
    assert not list(tmp_path.glob(".image*")), "nothing half written"


def test_a_port_that_is_not_there_or_in_use_is_known_by_esptools_words(tmp_path: Path) -> None:
    gone = Connection(str(tmp_path / "ttyUSB9"), "esp32", 115_200, tmp_path / "log")
    said, seen = look(gone, stay=False)
    assert seen is None
    assert (found := find_cause(said.text)) is not None and found[0].name == "port-unknown"
    with mock_chip_on_pty("esp32") as mock, Path(mock.port).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)  # as pyserial does it
        said, seen = look(connection(mock, tmp_path), stay=False)
    assert seen is None
    assert (found := find_cause(said.text)) is not None and found[0].name == "port-busy", said.text
