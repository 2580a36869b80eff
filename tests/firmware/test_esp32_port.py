"""The ESP-IDF port: for both ISAs with every warning an error, and at work on a made-up system."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.espidf_standin import write_headers
from support.models import conv_model
from tinybench.boards import Board, list_boards, load_board
from tinybench.boards.facts import FIRST_BAUD
from tinybench.boards.room import Placement
from tinybench.compiler import compile_graph
from tinybench.model.read import parse_tflite
from tinybench.render.model_source import render_model
from tinybench.render.project import Identity, write_project

STRICT = ("-O2", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
COMPILERS = {
    "rv32imc": ("riscv64-unknown-elf", ("-march=rv32imc_zicsr", "-mabi=ilp32")),
    "xtensa-lx6": ("xtensa-lx106-elf", ()),
    "xtensa-lx7": ("xtensa-lx106-elf", ()),  # no compiler of that ISA is packaged
}


def render(board: Board, out: Path, placement: Placement) -> Path:
    program = compile_graph(parse_tflite(conv_model()))
    model = render_model(program, ("a", "b"), "ab" * 16, placement=placement)
    identity = Identity("ab" * 16, board.name, "aot", program.graph.sha256)
    return write_project(model, board, identity, out=out, placement=placement)


@pytest.mark.parametrize("arena", ["internal RAM", "PSRAM"])
@pytest.mark.parametrize("name", ["esp32cam", "xiao-s3-sense", "esp32c3-devkitm", "xiao-c3"])
def test_port_and_model_compile_without_a_warning(name: str, arena: str, tmp_path: Path) -> None:
    board = load_board(name)
    if arena == "PSRAM" and board.psram is None:
        pytest.skip("the board has none")
    placement = Placement("PSRAM" if arena == "PSRAM" else "internal RAM", "flash")
    project = render(board, tmp_path / "project", placement)
    prefix, isa = COMPILERS[board.chip.isa]
    if shutil.which(f"{prefix}-gcc") is None or shutil.which(f"{prefix}-g++") is None:
        pytest.skip(f"no {prefix}-gcc with C++ (Debian: gcc-{prefix.removesuffix('-elf')})")
    headers = write_headers(
        tmp_path / "idf", target=board.chip.name, psram=arena == "PSRAM", libc=True
    )
    folders = [headers, *(project / "main" / part for part in (".", "core", "kernels", "port"))]
    common = [*isa, *STRICT, "-ffreestanding", "-DTB_BOARD_H=1", "-c", "-o", os.devnull]
    common += [f"-I{folder}" for folder in folders]
    sources = [*(project / "main" / "port").glob("*.c"), project / "main/core/tb_session.c"]
    assert len(sources) == 4
    for source in sources:
        check([f"{prefix}-gcc", "-std=gnu17", *common, str(source)])
    cxx = ["-std=gnu++17", "-fno-exceptions", "-fno-rtti"]
    check([f"{prefix}-g++", *cxx, *common, str(project / "main/model.cc")])


def check(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The port as a program of this computer."""
    folder = tmp_path_factory.mktemp("port")
    project = render(load_board("esp32cam"), folder / "project", Placement("internal RAM", "flash"))
    headers = write_headers(folder / "idf", target="esp32")
    port = project / "main" / "port"
    sources = [*sorted(port.glob("*.c")), Path(__file__).with_name("esp32_fake.c")]
    folders = [headers, *(project / "main" / part for part in (".", "core", "port"))]
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
    check(
        ["gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", *sanitize, "-o", str(folder / "port")]
        + [f"-I{f}" for f in folders]
        + [str(source) for source in sources]
    )
    return folder / "port"


def run(program: Path, reason: int = 1, largest_block: int = 110_000) -> list[str]:
    environment = {**os.environ, "REASON": str(reason), "LARGEST_BLOCK": str(largest_block)}
    done = subprocess.run([program], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 3, done.stderr  # it ends with tb_port_reset()
    return done.stdout.splitlines()


def test_it_says_what_the_system_says(at_work: Path) -> None:
    said = run(at_work)
    assert "driver 0 32768 0 0" in said
    assert f"baud {FIRST_BAUD}" in said, "the rate at which the host opens the port"
    assert "pins 1 3 -1 -1" in said
    assert "task 16384 on core 1" in said
    assert "facts esp32cam esp32 240000000 0xb007 1 32768 115200" in said
    assert (
        "system revision 3.1, mac 24:6f:28:aa:bb:cc, ESP-IDF v5.5.3, flash 4194304 B, PSRAM 0 B, "
        "heap 200000 B free, largest 110000 B"
    ) in said
    assert "stack 16320" in said, "the kernel's guard words are not painted"
    assert "set_baud 1 0" in said


@pytest.mark.parametrize(
    ("largest_block", "held"), [(0, 4096), (8_191, 4096), (40_001, 20_000), (65_536, 32_768)]
)
def test_what_is_held_while_it_computes_is_what_the_heap_has(
    at_work: Path, largest_block: int, held: int
) -> None:
    said = run(at_work, largest_block=largest_block)
    assert f"driver 0 {held} 0 0" in said
    assert f"facts esp32cam esp32 240000000 0xb007 1 {held} 115200" in said


def test_ticks_are_exact_beyond_what_the_counter_holds(at_work: Path) -> None:
    ticks = [int(line.split()[1]) for line in run(at_work) if line.startswith("ticks ")]
    assert ticks == [1, 240, 2**32 - 1, 2**32, 2**32 + 1, 30_000_000_000]


def test_reading_waits_for_one_byte_and_takes_what_is_there(at_work: Path) -> None:
    said = run(at_work)
    assert "read 10 abcdefghij after 2 waits, watchdog fed" in said
    assert "read 2 kl" in said


@pytest.mark.parametrize(
    ("system", "wire"),
    list(enumerate((0, 1, 1, 2, 3, 4, 4, 4, 6, 5, 0, 1, 1, 0, 5, 3, 0))),
)
def test_reasons_for_a_reset(at_work: Path, system: int, wire: int) -> None:
    facts = next(line for line in run(at_work, system) if line.startswith("facts "))
    assert facts.split()[5] == str(wire)


def test_every_real_board_has_a_compiler_to_be_tried_with() -> None:
    assert {board.chip.isa for board in list_boards("hardware")} == set(COMPILERS)
