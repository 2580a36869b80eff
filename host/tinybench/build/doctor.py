"""What this computer has of all that tinybench needs, and the command that mends what it lacks."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from types import ModuleType

from packaging.requirements import Requirement

from tinybench import resources
from tinybench.boards import Board, list_boards
from tinybench.build.platformio import core_dir, installed_platform
from tinybench.packages import CXX_HEADERS, install_command

_ORACLE = "tflite-micro"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is and what it is for.
        ok: it is there and usable.
        seen: version, path, or what was met instead.
        mend: the command that mends it; "" where nothing needs mending.
        optional: tinybench works without it, with less.
    """

    name: str
    ok: bool
    seen: str
    mend: str
    optional: bool = False


def examine(folder: Path | None = None) -> list[Check]:
    """Looks at Python packages, compilers, emulators and write access.

    Args:
        folder: where projects and runs will be written; the current one by default.
    """
    return [
        _python(),
        *_packages("", optional=False),
        *_packages("train", optional=True),
        *_tools(list_boards("virtual")),
        *_cxx_headers(list_boards("virtual")),
        *_platforms(list_boards("hardware")),
        _writable(folder or Path.cwd()),
    ]


def _python() -> Check:
    ok = sys.version_info >= (3, 11)
    mend = "" if ok else "install Python 3.11 or later, then tools/setup"
    return Check("Python >= 3.11", ok, platform.python_version(), mend)


def _packages(extra: str, *, optional: bool) -> list[Check]:
    """The distribution's own requirements: those of an extra, or those without one."""
    checks = []
    for text in requires("tinybench") or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            if wanted.name == _ORACLE and not extra:
                checks.append(_no_oracle())
            continue
        if extra and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            continue
        checks.append(_package(wanted, optional or wanted.name == _ORACLE))
    return checks


def _package(wanted: Requirement, optional: bool) -> Check:
    name = f"Python package {wanted.name}{wanted.specifier}"
    mend = f"{sys.executable} -m pip install '{wanted.name}{wanted.specifier}'"
    try:
        seen = version(wanted.name)
    except PackageNotFoundError:
        return Check(name, False, "not installed", mend, optional)
    ok = wanted.specifier.contains(seen, prereleases=True)
    return Check(name, ok, seen, "" if ok else mend, optional)


def _no_oracle() -> Check:
    return Check(
        f"Python package {_ORACLE} (the byte-exact oracle)",
        False,
        f"has no wheel for {platform.system()} {platform.machine()} with this Python",
        "none needed: outputs are compared with LiteRT instead, and reports say so",
        optional=True,
    )


def _tools(boards: list[Board]) -> list[Check]:
    """Each program once, with the boards that need it."""
    needed: dict[str, tuple[tuple[str, ...], list[str]]] = {}
    for board in boards:
        compilers = (board.build.toolchain + name for name in ("gcc", "g++"))
        for program in compilers:
            needed.setdefault(program, (board.build.packages, []))[1].append(board.name)
        if board.link.emulator:
            emulator = needed.setdefault(board.link.emulator, (board.link.packages, []))
            emulator[1].append(board.name)
    return [_tool(program, *facts) for program, facts in needed.items()]


def _tool(program: str, packages: tuple[str, ...], boards: list[str]) -> Check:
    name = f"{program} ({', '.join(boards)})"
    mend = install_command(packages)
    path = shutil.which(program)
    if path is None:
        return Check(name, False, "not on PATH", mend)
    if program.endswith("-gcc") and not _has_picolibc(path):
        return Check(name, False, f"{path} has no picolibc", mend)
    return Check(name, True, _first_line([path, "--version"]), "")


def _cxx_headers(boards: list[Board]) -> Iterator[Check]:
    """What the engine tflm needs besides, by each compiler that has to have it."""
    users: dict[str, list[str]] = {}
    for board in boards:
        if board.chip.isa != "host" and shutil.which(board.build.toolchain + "g++"):
            users.setdefault(board.build.toolchain + "g++", []).append(board.name)
    toolchain = _module(resources.firmware() / "virtual/platform/builder/toolchain.py")
    for program, names in users.items():
        name = f"C++ headers for {program} (--engine tflm on {', '.join(names)})"
        try:
            flags = toolchain.find_cxx_headers(program)
        except toolchain.LibraryMissingError as error:
            yield Check(name, False, str(error), install_command(CXX_HEADERS), optional=True)
            continue
        seen = next((flag for flag in flags if flag.startswith("/")), "its own")
        yield Check(name, True, seen, "", optional=True)


def _module(path: Path) -> ModuleType:
    """A file of the platform that PlatformIO runs: it lies in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _platforms(boards: list[Board]) -> list[Check]:
    """What real boards are built with; the first build downloads it."""
    specs = dict.fromkeys(board.build.platform for board in boards)
    return [_platform(spec) for spec in specs]


def _platform(spec: str) -> Check:
    name = f"PlatformIO's {spec.rpartition('/')[2]} (real boards)"
    found = installed_platform(spec)
    if found is not None:
        return Check(name, True, str(found), "", optional=True)
    mend = f"{sys.executable} -m platformio pkg install -g -p {spec}  # or the first build does it"
    return Check(name, False, f"not in {core_dir()}", mend, optional=True)


def _has_picolibc(gcc: str) -> bool:
    """As firmware/virtual/platform/builder/toolchain.py finds it."""
    files = ("picolibc.specs", "libc.a")
    return any(Path(_first_line([gcc, f"-print-file-name={f}"])).is_absolute() for f in files)


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout.splitlines() or [f"exit status {done.returncode}"])[0]


def _writable(folder: Path) -> Check:
    name = f"write access to {folder}"
    mend = "work in a folder of your own on a disk with 100 MB free"
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return Check(name, False, "not a folder that can be written to", mend)
    free = shutil.disk_usage(folder).free // 2**20
    return Check(name, free >= 100, f"{free:,} MB free", "" if free >= 100 else mend)
