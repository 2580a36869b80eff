"""`flash --image` from the command line to the hello; every refusal before a byte is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from support.cli import tinybench
from support.fake_device import FakeDevice
from support.mock_chip import mock_chip
from support.standin_images import APP_OFFSET, standin_parts
from tinybench.bench.device import Device, Expected
from tinybench.boards import load_board
from tinybench.build.cache import Build
from tinybench.build.driver import Artifact
from tinybench.build.elf import Sizes
from tinybench.build.ingredients import Ingredients
from tinybench.errors import (
    BuildError,
    DeviceSilent,
    Interrupted,
    LinkError,
    TinybenchError,
    UsageError,
    WrongFirmware,
)
from tinybench.flash.image import Image, read_image, write_manifest
from tinybench.project import Project
from tinybench.wire.messages import Hello
from tinybench.workflow import Built, Compiled, flash_image, merge_build
from tinybench.workflow.plugged import check_flashed

MODEL_SHA, BUILD_ID = "ab" * 32, "cd" * 16
Images = Callable[[str], Image]


class Firmware(FakeDevice):
    """Answers as the firmware in the image does, or as another one."""

    def __init__(self, board: str, chip: str, **other: Any) -> None:
        super().__init__()
        self._facts = {
            "board": board,
            "chip": chip,
            "model_sha256": bytes.fromhex(MODEL_SHA),
            "build_id": bytes.fromhex(BUILD_ID),
        } | other

    def hello(self, session: int) -> Hello:
        return replace(super().hello(session), **self._facts)


class Silent(FakeDevice):
    """Says what a chip says, and nothing else."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def read(self, timeout_s: float) -> bytes:
        words, self._words = self._words, ""
        return words.encode()


def built(board_name: str, folder: Path) -> Built:
    """A build whose firmware is a stand-in."""
    board = load_board(board_name)
    standin_parts(board.chip.name, folder)
    elf = folder / "firmware.elf"
    ingredients = Ingredients(board.name, "aot", {"model": MODEL_SHA})
    artifact = Artifact(
        elf, Sizes(1, 1, 1, 1), BUILD_ID, board.name, "aot", MODEL_SHA, folder / "log"
    )
    program: Any = None
    compiled = Compiled(Path("bird.tflite"), b"", program, program, board, None)
    return Built(compiled, Build(folder, ingredients, artifact, "0" * 64))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    """An image per board, made by merge_build() on first use."""

    def make(board: str) -> Image:
        folder = tmp_path_factory.mktemp(board)
        return merge_build(Project(folder), built(board, folder))

    return cache(make)


@pytest.mark.parametrize(
    ("chip", "board"),
    [
        ("esp32", "esp32cam"),
        pytest.param("esp32s3", "xiao-s3-sense", marks=pytest.mark.slow),
        pytest.param("esp32c3", "xiao-c3", marks=pytest.mark.slow),
    ],
)
def test_an_image_is_written_and_its_firmware_answers(
    chip: str, board: str, images: Images, tmp_path: Path
) -> None:
    image = images(board)
    assert image.path.name == f"bird-{board}-aot.bin"
    megabytes = load_board(board).memory.flash_bytes >> 20
    with mock_chip(chip, firmware=Firmware(board, chip), flash_mb=megabytes) as mock:
        said = tinybench("flash", "--image", image.path, "--port", mock.port, cwd=tmp_path)
        assert said.status == 0, said.err
        data = image.path.read_bytes()
        assert mock.flash.data[: len(data)] == data
        assert mock.booted == 1
    assert f"{board} answers: aot, bird.tflite, model {MODEL_SHA[:12]}" in said.err
    assert "Hash of data verified." in (tmp_path / ".tinybench/logs/flash.log").read_text()


def test_the_manifest_says_what_is_in_the_image(images: Images) -> None:
    record = json.loads(images("esp32cam").manifest_path.read_text())
    assert (record["board"], record["chip"], record["engine"]) == ("esp32cam", "esp32", "aot")
    assert (record["model"], record["model_sha256"]) == ("bird.tflite", MODEL_SHA)
    assert [part["offset"] for part in record["parts"]] == [0x1000, 0x8000, APP_OFFSET]


def flash(
    image: Image | Path, port: str, folder: Path, mac: str | None = None, **more: Any
) -> None:
    path = image.path if isinstance(image, Image) else image
    flash_image(path, Project(folder, port=port, mac=mac), **more)


def test_another_firmware_that_answers_is_named(images: Images, tmp_path: Path) -> None:
    firmware = Firmware("esp32dev", "esp32", engine="tflm", model_sha256=bytes(32))
    with mock_chip("esp32", firmware=firmware) as mock, pytest.raises(WrongFirmware) as caught:
        flash(images("esp32cam"), mock.port, tmp_path)
    for said in ("board='esp32dev', wanted 'esp32cam'", "engine='tflm'", "model_sha256='000"):
        assert said in caught.value.seen


@pytest.mark.parametrize(
    ("words", "kind", "seen", "todo"),
    [
        ("Brownout detector was triggered\r\n", LinkError, "brown-out", "feed 5 V"),
        (
            "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n"
            "waiting for download\r\n",
            LinkError,
            "waits in its bootloader",
            "part GPIO0 from GND",
        ),
        ("hello\r\n", DeviceSilent, "no answer in 0.5 s", "flash the board"),
    ],
)
def test_a_board_that_does_not_answer_is_believed_what_it_says(
    words: str, kind: type[TinybenchError], seen: str, todo: str
) -> None:
    board = load_board("esp32cam")
    wanted = Expected(board.name, "esp32", "aot", MODEL_SHA, BUILD_ID)
    with (
        Device(Silent(words), reply_timeout_s=0.5) as device,
        pytest.raises(kind, match=seen) as caught,
    ):
        check_flashed(device, wanted, board, "/dev/ttyUSB0")
    assert todo in caught.value.todo


def test_ctrl_c_in_the_middle_says_how_to_recover(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tinybench.flash.esptool.write", write)
    with mock_chip("esp32") as mock, pytest.raises(Interrupted) as caught:
        flash(images("esp32cam"), mock.port, tmp_path)
    assert "run the same command again" in caught.value.todo


Bend = Callable[[Image], None]


def _flip(image: Image) -> None:
    data = bytearray(image.path.read_bytes())
    data[APP_OFFSET + 100] ^= 1
    image.path.write_bytes(data)


def _for_16_mb(image: Image) -> None:
    write_manifest(replace(image.manifest, flash_bytes=16 << 20), image.path)


@pytest.mark.parametrize(
    ("chip", "bend", "options", "kind", "said"),
    [
        ("esp32", _flip, {}, UsageError, "what differs: firmware"),
        ("esp32", None, {"board": "esp32dev"}, UsageError, "another one: board='esp32cam'"),
        ("esp32", None, {"board": "xiao-c3"}, UsageError, "board='esp32cam', chip='esp32'"),
        ("esp32", None, {"board": "esp32-cam"}, TinybenchError, "did you mean 'esp32cam'"),
        ("esp32", _for_16_mb, {}, UsageError, "it is made for 16,777,216 B"),
        ("esp32s3", None, {}, BuildError, "the chip is ESP32-S3, the firmware is for ESP32"),
        ("esp32", None, {"mac": "24:0a:c4:00:00:00"}, LinkError, "none of these has it"),
    ],
)
def test_what_must_not_be_written_is_not(
    chip: str,
    bend: Bend | None,
    options: dict[str, Any],
    kind: type[TinybenchError],
    said: str,
    images: Images,
    tmp_path: Path,
) -> None:
    copytree(images("esp32cam").path.parent, tmp_path / "copy")
    image = read_image(tmp_path / "copy" / images("esp32cam").path.name)
    if bend:
        bend(image)
    with mock_chip(chip) as mock:
        with pytest.raises(kind, match=said):
            flash(image, mock.port, tmp_path, **options)
        assert set(mock.flash.data) == {0xFF}


def test_too_small_a_flash_is_refused_before_a_byte_is_written(
    images: Images, tmp_path: Path
) -> None:
    image = images("xiao-s3-sense")  # 8 MB; the mock's chips have 4
    with mock_chip("esp32s3") as mock:
        with pytest.raises(BuildError, match="has 4,194,304 B; nothing was written"):
            flash(image, mock.port, tmp_path)
        assert set(mock.flash.data) == {0xFF}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--image", "none.bin"], 2, "no none.json beside it"),
        (["--image", "none.bin", "model.tflite"], 2, "--image alone"),
        (["--image", "none.bin", "--engine", "aot"], 2, "--engine beside it"),
    ],
)
def test_bad_words_are_explained(words: list[str], status: int, said: str, tmp_path: Path) -> None:
    done = tinybench("flash", *words, cwd=tmp_path)
    assert done.status == status
    assert said in done.err


@pytest.mark.parametrize(
    ("environment", "status", "said"),
    [
        ({"ESPPORT": "/dev/no-such-port"}, 3, "ESPPORT='/dev/no-such-port'"),
        ({"ESPPORT": "socket://127.0.0.1:1", "ESPBAUD": "fast"}, 2, "ESPBAUD='fast'"),
    ],
)
def test_esptools_variables_are_heard(
    environment: dict[str, str], status: int, said: str, images: Images, tmp_path: Path
) -> None:
    path = images("esp32cam").path
    done = tinybench("flash", "--image", path, cwd=tmp_path, **environment)
    assert done.status == status, done.err
    assert said in done.err


def test_a_virtual_board_has_no_image(tmp_path: Path) -> None:
    done = tinybench("build", "--merged", "--board", "virt-c3", cwd=tmp_path)
    assert done.status == 2
    assert "virt-c3 is virtual" in done.err
