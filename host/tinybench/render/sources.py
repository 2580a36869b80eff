"""firmware/sources.toml: which sources make a firmware, and with which flags."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tinybench import resources
from tinybench.boards import Board
from tinybench.errors import ConfigError

_COMPILED = {".c": "c", ".S": "asm", ".cc": "cxx"}


@dataclass(frozen=True)
class Source:
    """One file of a firmware.

    Attributes:
        origin: where it is copied from.
        path: where it goes in the project, e.g. src/core/tb_main.c.
        flags: for the compiler; None for a header.
    """

    origin: Path
    path: PurePosixPath
    flags: tuple[str, ...] | None


@dataclass(frozen=True)
class SourceTable:
    """The table as read; ``collect`` applies it to a board."""

    flags: dict[str, tuple[str, ...]]
    sets: dict[str, dict[str, Any]]
    engines: dict[str, tuple[str, ...]]
    files: dict[str, tuple[str, ...]]

    def collect(self, board: Board, engine: str) -> list[Source]:
        """All hand-written sources and headers of one firmware, sorted by path.

        Args:
            board: its build.port and build.shared are the folders of set "port".
            engine: a key of the table's engines.

        Raises:
            ConfigError: unknown engine, or a port folder that does not exist.
        """
        if engine not in self.engines:
            known = ", ".join(self.engines)
            raise ConfigError("an engine of firmware/sources.toml", f"engine={engine!r}", known)
        for key, folder in _port_folders(board):
            if not (resources.firmware() / folder).is_dir():
                raise ConfigError(f"{board.source}: {key}, a folder below firmware/", folder)
        return [source for name in self.engines[engine] for source in self._set(name, board)]

    def model_flags(self) -> tuple[str, ...]:
        """The compiler flags of the rendered model.cc."""
        return self.flags["all"] + self.flags["cxx"]

    def _set(self, name: str, board: Board) -> list[Source]:
        root = resources.firmware()
        bases = [root / folder for _, folder in _port_folders(board)] if name == "port" else [root]
        globs = self.sets[name]["sources"]
        paths = sorted({path for base in bases for glob in globs for path in base.glob(glob)})
        flags = tuple(self.sets[name].get("flags", ()))
        return [
            Source(path, PurePosixPath("src", name, path.name), self._flags(path, flags))
            for path in paths
        ]

    def _flags(self, path: Path, of_set: tuple[str, ...]) -> tuple[str, ...] | None:
        language = _COMPILED.get(path.suffix)
        if language is None:
            return None
        if language == "asm":
            return ()
        of_file = self.files.get(path.relative_to(resources.firmware()).as_posix(), ())
        return self.flags["all"] + self.flags[language] + of_set + of_file


def _port_folders(board: Board) -> list[tuple[str, str]]:
    """Key in the board file, folder below firmware/."""
    port, transport = board.build.port, board.link.transport
    folders = [("build.port", port), *(("build.shared", folder) for folder in board.build.shared)]
    return [*folders, ("link.transport", f"{port}/{transport}")] if transport else folders


def load_sources() -> SourceTable:
    """Reads firmware/sources.toml.

    Raises:
        ConfigError: the table names a file that does not exist, or a set that it does not have.
    """
    path = resources.firmware() / "sources.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    files = {name: tuple(entry["flags"]) for name, entry in table["files"].items()}
    for name in files:
        if not (resources.firmware() / name).is_file():
            raise ConfigError(f"{path}: a file below firmware/", f"files.{name!r}")
    engines = {name: tuple(entry["sets"]) for name, entry in table["engines"].items()}
    for name, sets in engines.items():
        for unknown in set(sets) - set(table["sets"]):
            raise ConfigError(f"{path}: a set for engines.{name}", f"{unknown!r}")
    return SourceTable(
        flags={name: tuple(flags) for name, flags in table["flags"].items()},
        sets=table["sets"],
        engines=engines,
        files=files,
    )
