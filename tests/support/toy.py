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
from pathlib import Path
from types import ModuleType

from tinybench import resources
from tinybench.boards import Board, load_board
from tinybench.render.files import render_template
from tinybench.render.project import linker_context
from tinybench.render.sources import load_sources

ENGINE = Path(__file__).resolve().parents[1] / "firmware" / "toy_engine.c"
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
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
    """The toy as a host process; flags are for the engine's source."""
    board = load_board("native")
    isa = board.build.flags if sanitize else ()
    elf = _scratch() / "firmware.elf"
    objects = [*_firmware_objects("native", isa), _engine_object("gcc", isa, flags)]
    _run("gcc", *isa, *objects, "-o", elf)
    return elf


@functools.cache
def build_virtual(*flags: str, name: str = "virt-c3") -> Path:
    """The toy for a virtual board; flags are for the engine's source."""
    board = load_board(name)
    gcc, isa = board.build.toolchain + "gcc", board.build.flags
    library = _toolchain().find_library(gcc, list(isa))
    headers = tuple(f"-isystem{folder}" for folder in library.includes)
    objects = [*_firmware_objects(board.name, isa + headers)]
    objects.append(_engine_object(gcc, isa + headers, flags))
    folder = _scratch()
    script = render_template("virt.ld.j2", linker_context(board))
    (folder / "memory.ld").write_text(script, encoding="utf-8")
    link = ("-nostdlib", "-Wl,--gc-sections", "-T", folder / "memory.ld")
    libraries = [*(f"-L{folder}" for folder in library.folders), "-lc", "-lgcc"]
    _run(gcc, *isa, *link, *objects, *libraries, "-o", folder / "firmware.elf")
    return folder / "firmware.elf"


@functools.cache
def build_wire_echo() -> Path:
    """tests/firmware/wire_echo.c, sanitized."""
    core = resources.firmware() / "core"
    sources = [core / "tb_bytes.c", core / "tb_frame.c", ENGINE.with_name("wire_echo.c")]
    program = _scratch() / "wire_echo"
    flags = ("-std=c99", "-O1", "-g", *WARNINGS, *load_board("native").build.flags)
    _run("gcc", *flags, f"-I{core}", *sources, "-o", program)
    return program


@functools.cache
def _firmware_objects(board_name: str, flags: tuple[str, ...]) -> list[Path]:
    """Core and port, compiled as firmware/sources.toml says."""
    board = load_board(board_name)
    folder = _scratch()
    defines = (f'-DTB_BOARD_NAME="{board.name}"', f'-DTB_CHIP_NAME="{board.chip.name}"')
    objects = []
    for source in load_sources().collect(board, "aot"):
        if source.flags is None or source.path.parent.name == "kernels":
            continue
        objects.append(folder / (source.path.name + ".o"))
        own = (*source.flags, *flags, *defines, "-DTB_CLOCK_HZ=0", *_include_flags(board))
        _run(board.build.toolchain + "gcc", *own, "-c", source.origin, "-o", objects[-1])
    return objects


def _engine_object(gcc: str, isa: tuple[str, ...], flags: tuple[str, ...]) -> Path:
    out = _scratch() / "engine.o"
    core = f"-I{resources.firmware() / 'core'}"
    _run(gcc, *isa, "-std=gnu99", "-O1", "-g", *WARNINGS, core, *flags, "-c", ENGINE, "-o", out)
    return out


def _include_flags(board: Board) -> tuple[str, ...]:
    firmware = resources.firmware()
    folders = ("core", board.build.port, *board.build.shared)
    return tuple(f"-I{firmware / folder}" for folder in folders)


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


def _run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True)


def _scratch() -> Path:
    """A folder of this test run's own."""
    folder = Path(tempfile.mkdtemp(prefix="tinybench-toy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
