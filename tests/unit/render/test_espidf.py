"""Projects for real boards: against PlatformIO's own reading of them, and ESP-IDF's own tables."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tinybench import resources
from tinybench.boards import Board, list_boards, load_board
from tinybench.boards.check import _FLASH_MB
from tinybench.boards.partitions import app_bytes, partitions
from tinybench.boards.room import Placement
from tinybench.errors import ConfigError
from tinybench.link import open_link
from tinybench.render.project import Identity, write_project
from tinybench.render.sources import load_sources

MODEL = {"model.cc": "int x;\n", "labels.h": ""}
INTERNAL, EXTERNAL = Placement("internal RAM", "flash"), Placement("PSRAM", "flash")
TABLE = json.loads((Path(__file__).parents[2] / "golden" / "espidf.json").read_text())
ENGINES = tuple(load_sources().engines)
HARDWARE = pytest.mark.parametrize("board", list_boards("hardware"), ids=lambda b: b.name)
STALE = "; if ESP-IDF has it, make the table anew: tools/espidf --help"
READ = """
import json, sys
from platformio.project.config import ProjectConfig
for path in sys.argv[1:]:
    lint = ProjectConfig.lint(path)
    print(json.dumps([path, lint["errors"], lint["warnings"], ProjectConfig(path).as_tuple()]))
"""


def write(board: Board, out: Path, placement: Placement = INTERNAL, engine: str = "aot") -> Path:
    identity = Identity("ab" * 16, board.name, engine, "cd" * 32)
    return write_project(MODEL, board, identity, out=out, placement=placement, options="a b")


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def sdkconfig(project: Path) -> dict[str, str]:
    lines = (project / "sdkconfig.defaults").read_text().splitlines()
    rows = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert len({name for name, _, _ in rows}) == len(rows), "a line stands twice"
    return {name: value for name, _, value in rows}


@pytest.fixture(scope="module")
def read_by_platformio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What PlatformIO makes of every board's platformio.ini, and of one with a mistake."""
    folder = tmp_path_factory.mktemp("ini")
    files = [
        str(write(board, folder / f"{board.name}-{engine}", engine=engine) / "platformio.ini")
        for board in list_boards("hardware")
        for engine in ENGINES
    ]
    planted = folder / "planted.ini"
    planted.write_text(Path(files[0]).read_text() + "uplod_speed = 1\n")
    command = [sys.executable, "-P", "-c", READ, *files, str(planted)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    yield {Path(p).parent.name if Path(p) != planted else "planted": row for p, *row in rows}


@HARDWARE
def test_equal_input_gives_equal_bytes_and_names_no_place(board: Board, tmp_path: Path) -> None:
    first = write(board, tmp_path / "a")
    times = {p: p.stat().st_mtime_ns for p in first.rglob("*")}
    write(board, tmp_path / "a")
    assert {p: p.stat().st_mtime_ns for p in first.rglob("*")} == times
    assert contents(write(board, tmp_path / "b")) == contents(first)
    for name, content in contents(first).items():
        assert str(tmp_path).encode() not in content, name
        assert str(resources.firmware()).encode() not in content, name


@pytest.mark.parametrize("engine", ENGINES)
@HARDWARE
def test_platformio_knows_every_option(
    board: Board, engine: str, read_by_platformio: dict[str, Any]
) -> None:
    errors, warnings, sections = read_by_platformio[f"{board.name}-{engine}"]
    assert (errors, warnings) == ([], [])
    values = dict(dict(sections)[f"env:{board.name}"])
    assert values["platform"] == ["platformio/espressif32@6.13.0"] or values["platform"] == (
        "platformio/espressif32@6.13.0"
    )
    assert values["board"] == board.build.board_id


def test_platformio_would_have_complained(read_by_platformio: dict[str, Any]) -> None:
    errors, warnings, _ = read_by_platformio["planted"]
    assert "uplod_speed" in json.dumps([errors, warnings])


def test_the_command_line_reads_it_too(tmp_path: Path) -> None:
    project = write(load_board("esp32cam"), tmp_path / "p")
    command = [sys.executable, "-P", "-m", "platformio", "project", "config", "-d", str(project)]
    done = subprocess.run([*command, "--lint"], capture_output=True, text=True, check=True)
    assert "free from linting errors" in done.stdout, done.stdout


@HARDWARE
def test_platformio_has_the_board_with_this_chip_and_flash(board: Board) -> None:
    theirs = TABLE["boards"].get(board.build.board_id)
    assert theirs is not None, f"no PlatformIO board {board.build.board_id}{STALE}"
    assert theirs["mcu"] == board.chip.name
    assert theirs["flash_size"] == f"{board.memory.flash_bytes >> 20}MB"


@pytest.mark.parametrize("placement", [INTERNAL, EXTERNAL], ids=["internal", "psram"])
@HARDWARE
def test_esp_idf_knows_every_line(board: Board, placement: Placement, tmp_path: Path) -> None:
    names = TABLE["sdkconfig"][board.chip.name]
    form = {"bool": r"y|n", "int": r"\d+", "hex": r"0x[0-9a-f]+", "string": r'"[^"]*"'}
    for name, value in sdkconfig(write(board, tmp_path, placement)).items():
        assert name in names, f"{name} on {board.chip.name}{STALE}"
        assert re.fullmatch(form[names[name]], value), f"{name}={value}"


@HARDWARE
def test_header_and_sdkconfig_say_the_same_of_the_flash(board: Board, tmp_path: Path) -> None:
    project = write(board, tmp_path)
    ini, config = (project / "platformio.ini").read_text(), sdkconfig(project)
    mhz = board.memory.flash_hz // 1_000_000
    assert f"board_build.f_flash = {mhz}000000L\n" in ini
    assert config[f"CONFIG_ESPTOOLPY_FLASHFREQ_{mhz}M"] == "y"
    assert f"board_build.flash_mode = {board.memory.flash_mode}\n" in ini
    assert config[f"CONFIG_ESPTOOLPY_FLASHMODE_{board.memory.flash_mode.upper()}"] == "y"
    size = board.memory.flash_bytes >> 20
    assert f"board_upload.flash_size = {size}MB\n" in ini
    assert config[f"CONFIG_ESPTOOLPY_FLASHSIZE_{size}MB"] == "y"


@HARDWARE
def test_partitions_lie_one_behind_another_within_the_flash(board: Board) -> None:
    end = 0x9000  # bootloader and the table itself
    for kind, offset, size in sorted(partitions(board), key=lambda row: row[1]):
        assert offset >= end
        assert offset % (0x10000 if kind == "app" else 0x1000) == 0
        end = offset + size
    assert end <= board.memory.flash_bytes
    assert app_bytes(board) > board.memory.flash_bytes * 0.9


@pytest.mark.parametrize("megabytes", _FLASH_MB)
def test_every_size_of_flash_has_a_table_that_fills_it(megabytes: int) -> None:
    board = load_board("esp32cam")
    board = dataclasses.replace(
        board, build=dataclasses.replace(board.build, partitions=f"{megabytes}mb.csv")
    )
    _, offset, size = partitions(board)[-1]
    assert (offset, offset + size) == (0x10000, megabytes << 20)
    assert app_bytes(board) == size


def test_psram_is_set_up_only_for_an_arena_that_lies_there(tmp_path: Path) -> None:
    board = load_board("esp32cam")
    inside, outside = write(board, tmp_path / "a"), write(board, tmp_path / "b", EXTERNAL)
    assert "CONFIG_SPIRAM" not in sdkconfig(inside)
    assert "-mfix-esp32-psram-cache-issue" in (inside / "platformio.ini").read_text()
    assert sdkconfig(outside)["CONFIG_SPIRAM_ALLOW_BSS_SEG_EXTERNAL_MEMORY"] == "y"
    assert "build_unflags" not in (outside / "platformio.ini").read_text()
    octal = write(load_board("xiao-s3-sense"), tmp_path / "c", EXTERNAL)
    assert sdkconfig(octal)["CONFIG_SPIRAM_MODE_OCT"] == "y"


def test_each_way_to_the_host_has_its_own_source(tmp_path: Path) -> None:
    uart = write(load_board("esp32cam"), tmp_path / "a") / "main/port/link.c"
    usb = write(load_board("xiao-c3"), tmp_path / "b") / "main/port/link.c"
    assert "uart_driver_install" in uart.read_text()
    assert "usb_serial_jtag_driver_install" in usb.read_text()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo terminals here")
def test_firmware_and_host_begin_at_one_rate(tmp_path: Path) -> None:
    master, slave = os.openpty()
    with contextlib.closing(open_link(os.ttyname(slave), log=tmp_path / "log")) as link:
        opened = link.baud
    os.close(master)
    os.close(slave)
    for name, wanted in (("esp32cam", opened), ("m5timercam", opened), ("xiao-c3", 0)):
        project = write(load_board(name), tmp_path / name)
        header = (project / "main/tb_board.h").read_text()
        assert f"#define TB_BAUD {wanted}\n" in header
        assert f"monitor_speed = {opened}\n" in (project / "platformio.ini").read_text()


def test_the_watchdog_bites_before_the_host_gives_up(tmp_path: Path) -> None:
    for board in list_boards("hardware"):
        lines = sdkconfig(write(board, tmp_path / board.name))
        assert int(lines["CONFIG_ESP_TASK_WDT_TIMEOUT_S"]) < board.link.reply_timeout_s


@pytest.mark.parametrize("engine", ENGINES)
def test_cmake_names_every_source_and_header_folder(engine: str, tmp_path: Path) -> None:
    project = write(load_board("esp32cam"), tmp_path, engine=engine)
    cmake = (project / "main/CMakeLists.txt").read_text()
    sources = {p.relative_to(project / "main").as_posix() for p in (project / "main").rglob("*.c*")}
    named = set(re.findall(r'"([\w/.-]+\.cc?)"', cmake.partition("INCLUDE_DIRS")[0]))
    assert named == sources
    assert "-Werror" not in cmake, "a user's build must not fail on a new compiler's warning"
    flags = re.findall(r'COMPILE_OPTIONS "([^"]+)"', cmake)
    assert all("-O2" in text for text in flags)
    assert sum("-fno-schedule-insns" in text for text in flags) == (engine == "aot")
    assert "==5.5.3" in (project / "main/idf_component.yml").read_text()
    assert '#define TB_BUILD_OPTIONS "a b"\n' in (project / "main/tb_board.h").read_text()


def test_a_partition_table_that_does_not_exist_is_answered_with_those_that_do() -> None:
    board = load_board("esp32cam")
    lost = dataclasses.replace(board, build=dataclasses.replace(board.build, partitions="5mb.csv"))
    with pytest.raises(
        ConfigError, match=r"one of 16mb\.csv, 2mb\.csv, 32mb\.csv, 4mb\.csv, 8mb\.csv"
    ):
        app_bytes(lost)
