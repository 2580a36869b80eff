"""firmware/sources.toml: which sources make a firmware, and with which flags."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tinybench import resources
from tinybench.boards import Board
from tinybench.errors import ConfigError

if TYPE_CHECKING:
    from tinybench.tflm.checkouts import Taken

_COMPILED = {".c": "c", ".S": "asm", ".cc": "cxx"}


@dataclass(frozen=True)
class Source:
    """One file of a firmware.

    Attributes:
        origin: where it is copied from.
        path: where it goes in the project, e.g. src/core/tb_main.c.
        flags: for the compiler; None for a header.
        macros: all that it knows of board and build, so that its object is that of every project
            in which these are defined alike; None where its object is of one project only.
    """

    origin: Path
    path: PurePosixPath
    flags: tuple[str, ...] | None
    macros: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SourceTable:
    """The table as read; ``collect`` applies it to a board."""

    flags: dict[str, tuple[str, ...]]
    sets: dict[str, dict[str, Any]]
    engines: dict[str, dict[str, Any]]
    components: dict[str, dict[str, Any]]
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
                wanted = f"{board.source}: {key}, a folder below firmware/"
                raise ConfigError(wanted, folder, "see boards/README.md")
        of_engine = self._engine_flags(engine, board)
        further = self.engines[engine].get("virtual", ()) if board.kind == "virtual" else ()
        return [
            replace(source, flags=source.flags + of_engine)
            if source.flags is not None and source.path.suffix == ".cc"
            else source
            for name in (*self.engines[engine]["sets"], *further)
            for source in self._set(name, board)
        ]

    def registry(self, engine: str) -> dict[str, str]:
        """What an engine takes from ESP-IDF's component registry: exact versions by name."""
        found: dict[str, str] = {}
        for name in self.engines[engine].get("components", ()):
            found |= self.components[name]["registry"]
        return found

    def foreign(self, engine: str, board: Board, taken: Sequence[Taken]) -> list[Source]:
        """The files of an engine's components, as sources.

        Args:
            engine: its components' headers are found by all of them.
            board: a virtual one.
            taken: what of the checkouts is wanted.
        """
        return [
            Source(
                file.origin,
                PurePosixPath("src", file.component, file.path),
                self._foreign_flags(engine, board, file),
                macros=(),
            )
            for file in taken
        ]

    def model_flags(self, engine: str, board: Board) -> tuple[str, ...]:
        """The compiler flags of the rendered model.cc."""
        return self.flags["all"] + self.flags["cxx"] + self._engine_flags(engine, board)

    def _foreign_flags(self, engine: str, board: Board, file: Taken) -> tuple[str, ...] | None:
        language = _COMPILED.get(file.path.suffix)
        if language is None:
            return None
        component = self.components[file.component]
        own = component.get("folders", {}).get(str(file.path.parent), ())
        of_engine = self._engine_flags(engine, board)
        return (*component["flags"], *own, *self.flags[language], *of_engine)

    def _engine_flags(self, engine: str, board: Board) -> tuple[str, ...]:
        """The engine's own and, where ESP-IDF does not know, where its components' headers are."""
        entry = self.engines[engine]
        if board.kind == "hardware":
            return tuple(entry.get("flags", ()))
        folders = (
            PurePosixPath("src", name, folder)
            for name in entry.get("components", ())
            for folder in self.components[name]["headers"]
        )
        system = (flag for folder in folders for flag in ("-isystem", str(folder)))
        return (*entry.get("flags", ()), *system)

    def _set(self, name: str, board: Board) -> list[Source]:
        root = resources.firmware()
        bases = [root / folder for _, folder in _port_folders(board)] if name == "port" else [root]
        globs = self.sets[name]["sources"]
        paths = sorted({path for base in bases for glob in globs for path in base.glob(glob)})
        flags = tuple(self.sets[name].get("flags", ()))
        macros = tuple(self.sets[name]["macros"]) if "macros" in self.sets[name] else None
        return [
            Source(path, PurePosixPath("src", name, path.name), self._flags(path, flags), macros)
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
            wanted = f"{path}: a file below firmware/"
            raise ConfigError(wanted, f"files.{name!r}", "add the file, or take that line out")
    engines = table["engines"]
    for name, entry in engines.items():
        for unknown in set(entry["sets"]) - set(table["sets"]):
            todo = f"its sets: {', '.join(table['sets'])}"
            raise ConfigError(f"{path}: a set for engines.{name}", f"{unknown!r}", todo)
    return SourceTable(
        flags={name: tuple(flags) for name, flags in table["flags"].items()},
        sets=table["sets"],
        engines=engines,
        components=table.get("components", {}),
        files=files,
    )
