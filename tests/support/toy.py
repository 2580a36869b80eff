"""Firmwares around tests/firmware/toy_engine.c, built by the compiler alone, without PlatformIO.

output = (first input, second input) reversed, plus one.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from tinybench import resources
from tinybench.boards import Board, load_board
from tinybench.render.files import render_template
from tinybench.render.project import TRAP_STACK_BYTES, LinkerContext

ENGINE = Path(__file__).resolve().parents[1] / "firmware" / "toy_engine.c"
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FIRST_BYTES = 300
SECOND_BYTES = 5


def toy_inputs(sample: int, size: int = FIRST_BYTES) -> list[bytes]:
    """Inputs that differ between samples in every byte, zeros among them, no fault asked for."""
    first = bytearray((sample * 7 + i * 3) & 0xFF for i in range(size))
    first[0] = 0
    return [bytes(first), bytes((sample + i) & 0xFF for i in range(SECOND_BYTES))]


def toy_outputs(inputs: Sequence[bytes]) -> list[bytes]:
    """What the toy makes of them."""
    return [bytes((byte + 1) & 0xFF for byte in reversed(b"".join(inputs)))]


def fault_inputs(how: int) -> list[bytes]:
    """Inputs on which a firmware built with TOY_FAULTS misbehaves; see toy_engine.c."""
    return [bytes([how]) + bytes(FIRST_BYTES - 1), bytes(SECOND_BYTES)]


@functools.cache
def build_native(*flags: str, sanitize: bool = True) -> Path:
    """The toy as a host process."""
    extra = SANITIZERS if sanitize else ()
    command = ["gcc", "-std=gnu99", "-O1", "-g", *WARNINGS, *extra, *flags]
    return _compile([*command, *_sources("virtual/native")])


@functools.cache
def build_virtual(*flags: str) -> Path:
    """The toy for virt-c3."""
    board = load_board("virt-c3")
    script = _scratch() / "memory.ld"
    script.write_text(_linker_script(board), encoding="utf-8")
    gcc = board.build.toolchain + "gcc"
    library = _toolchain().find_library(gcc, list(board.build.flags))
    command = [
        *(gcc, *board.build.flags, "-std=gnu99", "-O2", "-g", *WARNINGS),
        *(f"-isystem{folder}" for folder in library.includes),
        *('-DTB_BOARD_NAME="virt-c3"', '-DTB_CHIP_NAME="virt-rv32imc"', "-DTB_CLOCK_HZ=0"),
        *("-nostdlib", "-ffunction-sections", "-Wl,--gc-sections", "-T", str(script), *flags),
    ]
    libraries = [*(f"-L{folder}" for folder in library.folders), "-lc", "-lgcc"]
    return _compile([*command, *_sources("virtual/riscv32"), *libraries])


@functools.cache
def build_wire_echo() -> Path:
    """tests/firmware/wire_echo.c, sanitized."""
    core = resources.firmware() / "core"
    sources = [core / "tb_bytes.c", core / "tb_frame.c", ENGINE.with_name("wire_echo.c")]
    command = ["gcc", "-std=c99", "-O1", "-g", *WARNINGS, *SANITIZERS, f"-I{core}"]
    return _compile([*command, *map(str, sources)])


def _linker_script(board: Board) -> str:
    facts = {key: value for key, value in asdict(board.memory).items()}
    context = LinkerContext(board=board.name, trap_stack_bytes=TRAP_STACK_BYTES, **facts)
    return render_template("virt.ld.j2", context)


@functools.cache
def _toolchain() -> ModuleType:
    """The platform's own module; it lies where PlatformIO looks, not in a package."""
    path = resources.firmware() / "virtual/platform/builder/toolchain.py"
    spec = importlib.util.spec_from_file_location("toolchain", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["toolchain"] = module
    spec.loader.exec_module(module)
    return module


def _sources(port: str) -> list[str]:
    folders = (resources.firmware() / "core", resources.firmware() / port)
    found = [p for f in folders for p in sorted([*f.glob("*.c"), *f.glob("*.S")])]
    return [*(f"-I{folder}" for folder in folders), str(ENGINE), *map(str, found)]


def _compile(command: Sequence[str]) -> Path:
    elf = _scratch() / "firmware.elf"
    subprocess.run([*command, "-o", str(elf)], check=True)
    return elf


def _scratch() -> Path:
    """A folder of this test run's own."""
    folder = Path(tempfile.mkdtemp(prefix="tinybench-toy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
