"""A PlatformIO project for ESP-IDF that stands alone.

    platformio.ini, CMakeLists.txt, sdkconfig.defaults, partitions.csv      rendered, copied
    uploading.py                                copied; hears ESPPORT and ESPBAUD
    main/CMakeLists.txt, main/idf_component.yml                             rendered
    main/core, main/kernels, main/port                                      copies of firmware/
    main/model.cc, main/labels.h                                            the compiled model
    main/tb_board.h                             what a build system might not quote as it is meant

ESP-IDF has one folder whose sources need not name the components that they use: "main".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tinybench import resources
from tinybench.boards import Board
from tinybench.boards.facts import FIRST_BAUD
from tinybench.boards.partitions import app_bytes
from tinybench.boards.room import Placement
from tinybench.render.files import render_template
from tinybench.render.sources import Source

MAIN = "main"
IDF_VERSION = "5.5.3"  # the one that the platform named in boards/*.toml brings

# A board's project must not fail because of what some compiler or ESP-IDF's own headers make it
# say. The project's sources are held to these elsewhere.
_NOT_HERE = frozenset({"-Werror", "-Wconversion"})
_PSRAM_FIX = "-mfix-esp32-psram-cache-issue -mfix-esp32-psram-cache-strategy=memw"


@dataclass(frozen=True)
class IniContext:
    """templates/esp32.ini.j2."""

    board: str
    platform: str
    board_id: str
    flash_hz: int
    flash_mode: str
    flash_mb: int
    app_bytes: int
    unflags: str
    upload_baud: int
    baud: int


@dataclass(frozen=True)
class ProjectContext:
    """templates/esp32_project.cmake.j2."""

    project: str


@dataclass(frozen=True)
class SourceRow:
    """A source to compile; its path is below main/."""

    path: str


@dataclass(frozen=True)
class FlagGroup:
    """Sources that are compiled alike; ``flags`` is a CMake list."""

    paths: tuple[str, ...]
    flags: str


@dataclass(frozen=True)
class Macro:
    """A name and its value as C text."""

    name: str
    value: str


@dataclass(frozen=True)
class HeaderContext:
    """templates/tb_board.h.j2."""

    macros: tuple[Macro, ...]


@dataclass(frozen=True)
class MainContext:
    """templates/esp32_main.cmake.j2."""

    sources: tuple[SourceRow, ...]
    include_folders: tuple[str, ...]
    flag_groups: tuple[FlagGroup, ...]


@dataclass(frozen=True)
class Fragment:
    """A file of firmware/esp32/sdkconfig."""

    name: str
    text: str


@dataclass(frozen=True)
class SdkconfigContext:
    """templates/esp32_sdkconfig.j2."""

    board: str
    fragments: tuple[Fragment, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Component:
    """One of the component registry's."""

    name: str
    version: str


@dataclass(frozen=True)
class ManifestContext:
    """templates/esp32_manifest.yml.j2."""

    idf_version: str
    components: tuple[Component, ...]


def espidf_files(
    board: Board,
    sources: Sequence[Source],
    generated: Mapping[str, str],
    generated_flags: Sequence[str],
    defines: Mapping[str, str | int],
    placement: Placement,
    components: Mapping[str, str],
) -> dict[PurePosixPath, bytes]:
    """Every file of a project, by its path.

    Args:
        board: a hardware board.
        sources: hand-written ones; their paths' first part gives way to main/.
        generated: further sources by name: "model.cc", "labels.h".
        generated_flags: the compiler's, for those of them that are compiled.
        defines: macros for all sources.
        placement: whether ESP-IDF is to set up PSRAM.
        components: exact versions of the component registry's, by "owner/name".

    Raises:
        ConfigError: a partition table that does not exist.
    """
    paths = {_below_main(source.path): source for source in sources}
    flags = {path: s.flags for path, s in paths.items() if s.flags is not None}
    flags |= {name: tuple(generated_flags) for name in generated if name.endswith(".cc")}
    files = {PurePosixPath(MAIN, path): s.origin.read_bytes() for path, s in paths.items()}
    texts = {f"{MAIN}/{name}": text for name, text in generated.items()} | {
        "platformio.ini": render_template("esp32.ini.j2", _ini(board, placement)),
        "CMakeLists.txt": render_template("esp32_project.cmake.j2", ProjectContext(board.name)),
        "sdkconfig.defaults": render_template("esp32_sdkconfig.j2", _sdkconfig(board, placement)),
        "uploading.py": _port(board).joinpath("uploading.py").read_text(),
        "partitions.csv": _port(board).joinpath("partitions", board.build.partitions).read_text(),
        f"{MAIN}/CMakeLists.txt": render_template("esp32_main.cmake.j2", _main(paths, flags)),
        f"{MAIN}/tb_board.h": render_template("tb_board.h.j2", _header(board, defines)),
        f"{MAIN}/idf_component.yml": render_template(
            "esp32_manifest.yml.j2", _manifest(components)
        ),
        ".gitignore": ".pio/\nbuild/\nmanaged_components/\nsdkconfig.*\n!sdkconfig.defaults\n",
    }
    return files | {PurePosixPath(path): text.encode() for path, text in texts.items()}


def espidf_data(board: Board) -> list[Path]:
    """The port's files that are no sources: fragments of sdkconfig, partition tables, a script."""
    globs = ("sdkconfig/*.conf", "partitions/*.csv", "*.py")
    return sorted(path for glob in globs for path in _port(board).glob(glob))


def _port(board: Board) -> Path:
    return resources.firmware() / board.build.port


def _below_main(path: PurePosixPath) -> str:
    return PurePosixPath(*path.parts[1:]).as_posix()


def _ini(board: Board, placement: Placement) -> IniContext:
    slow = board.chip.name == "esp32" and placement.arena != "PSRAM"
    return IniContext(
        board=board.name,
        platform=board.build.platform,
        board_id=board.build.board_id,
        flash_hz=board.memory.flash_hz,
        flash_mode=board.memory.flash_mode,
        flash_mb=board.memory.flash_bytes >> 20,
        app_bytes=app_bytes(board),
        unflags=_PSRAM_FIX if slow else "",
        upload_baud=board.link.upload_baud,
        baud=FIRST_BAUD,
    )


def _sdkconfig(board: Board, placement: Placement) -> SdkconfigContext:
    names = ["common", "uart" if board.link.transport == "uart" else ""]
    names.append("two-cores" if board.chip.name != "esp32c3" else "")
    names.append("usb" if board.chip.name != "esp32" else "")
    names.append("esp32s3-cache" if board.chip.name == "esp32s3" else "")
    if board.psram and placement.arena == "PSRAM":
        names += ["psram", "psram-octal" if board.psram.kind == "octal" else ""]
    folder = _port(board) / "sdkconfig"
    mhz, memory = board.chip.clock_hz // 1_000_000, board.memory
    return SdkconfigContext(
        board=board.name,
        fragments=tuple(
            Fragment(name, (folder / f"{name}.conf").read_text(encoding="utf-8"))
            for name in names
            if name
        ),
        lines=(
            f'CONFIG_IDF_TARGET="{board.chip.name}"',
            f"CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_{mhz}=y",
            f"CONFIG_ESPTOOLPY_FLASHMODE_{memory.flash_mode.upper()}=y",
            f"CONFIG_ESPTOOLPY_FLASHFREQ_{memory.flash_hz // 1_000_000}M=y",
            f"CONFIG_ESPTOOLPY_FLASHSIZE_{memory.flash_bytes >> 20}MB=y",
        ),
    )


def _header(board: Board, others: Mapping[str, str | int]) -> HeaderContext:
    own: dict[str, str | int] = {
        "TB_BOARD_NAME": board.name,
        "TB_BAUD": FIRST_BAUD if board.link.transport == "uart" else 0,
        "TB_STACK_BYTES": board.memory.stack_bytes,
    }
    macros = (own | dict(others)).items()
    return HeaderContext(tuple(Macro(name, json.dumps(value)) for name, value in macros))


def _main(paths: Mapping[str, Source], flags: Mapping[str, Sequence[str]]) -> MainContext:
    groups: dict[str, list[str]] = {}
    for path in sorted(flags):
        kept = ";".join(flag for flag in flags[path] if _is_kept(flag, path))
        groups.setdefault(kept, []).append(path)
    folders = dict.fromkeys(PurePosixPath(path).parent.as_posix() for path in paths)
    return MainContext(
        sources=tuple(SourceRow(path) for path in sorted(flags)),
        include_folders=tuple(dict.fromkeys((".", *folders))),
        flag_groups=tuple(FlagGroup(tuple(group), text) for text, group in groups.items() if text),
    )


def _is_kept(flag: str, path: str) -> bool:
    """The port includes ESP-IDF's headers, which are of ESP-IDF's own standard of C."""
    return flag not in _NOT_HERE and not (path.startswith("port/") and flag.startswith("-std="))


def _manifest(components: Mapping[str, str]) -> ManifestContext:
    rows: list[Any] = sorted(components.items())
    return ManifestContext(IDF_VERSION, tuple(Component(*row) for row in rows))
