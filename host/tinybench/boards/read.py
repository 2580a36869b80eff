"""Board files found, read, added."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import platformdirs

from tinybench import resources
from tinybench.boards.check import check_facts
from tinybench.boards.facts import Board
from tinybench.errors import ConfigError, system_error
from tinybench.notation import NOTATION
from tinybench.whole import write_whole

_NAME = re.compile(r"[A-Za-z0-9_-]+")  # PlatformIO's rule for names of environments
_FOLDER = "TINYBENCH_BOARDS"


def user_boards() -> Path:
    """The folder of the user's own boards; TINYBENCH_BOARDS names another one."""
    return Path(os.environ.get(_FOLDER) or platformdirs.user_config_path("tinybench") / "boards")


def list_boards(kind: str | None = None, *, with_own: bool = False) -> list[Board]:
    """The boards that tinybench comes with, sorted by name.

    Args:
        kind: "virtual" or "hardware"; None: both.
        with_own: the user's own too, behind them.

    Raises:
        ConfigError: one of their files is wrong.
    """
    files = _files(resources.boards()) + (_files(user_boards()) if with_own else [])
    boards = (read_board(path) for path in files)
    return [board for board in boards if kind in (None, board.kind)]


def load_board(name_or_path: str | Path) -> Board:
    """One board by name, or by the path of a board file of the user's own.

    Args:
        name_or_path: "virt-c3", or a path that ends in ".toml".

    Raises:
        ConfigError: no such board (with the nearest names), or its file is wrong.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise ConfigError("read the board file", f"no file {path}", "tinybench boards")
        return read_board(path)
    for folder in (resources.boards(), user_boards()):
        if (folder / f"{name_or_path}.toml").is_file():
            return read_board(folder / f"{name_or_path}.toml")
    raise _unknown_board(str(name_or_path))


def add_board(path: Path, *, force: bool = False) -> tuple[Board, Path]:
    """Keeps a board file of the user's own, so that its name alone will do.

    Args:
        path: the file; read and checked whole before anything is written.
        force: replace one of the same name that was added before.

    Returns:
        The board, and where its file now lies.

    Raises:
        ConfigError: the file is wrong, or the name is taken.
        UsageError: it cannot be written.
    """
    if path.suffix != ".toml":
        raise ConfigError("a board file (.toml)", f"{path}", "see boards/README.md")
    board = load_board(path)
    if (resources.boards() / f"{board.name}.toml").is_file():
        raise ConfigError(
            "a name that no board of tinybench's has",
            f"name={board.name!r}",
            f"rename it and its file, or use --board {path} as it is",
        )
    kept = user_boards() / f"{board.name}.toml"
    if kept.exists() and not force and kept.read_bytes() != path.read_bytes():
        raise ConfigError(
            f"a new board {board.name}",
            f"{kept} exists",
            "replace it with --force",
        )
    text = path.read_bytes()
    try:
        write_whole(kept, text)
    except OSError as error:
        raise system_error(f"write {kept}", error) from error
    return board, kept


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"), key=lambda path: path.stem)


def _unknown_board(name: str) -> ConfigError:
    known = [path.stem for path in _files(resources.boards()) + _files(user_boards())]
    return ConfigError(
        "a board that tinybench knows, or the path of a board file (.toml)",
        f"board={name!r}",
        _did_you_mean(name, known) or f"known boards: {', '.join(known)}",
    )


def _did_you_mean(word: str, known: list[str]) -> str:
    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5)
    return f"did you mean {lower[near[0]]!r}?" if near else ""


def read_board(path: Path) -> Board:
    """The board that a file states.

    Raises:
        ConfigError: not TOML, a key unknown, missing or of another type, or facts that disagree.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        seen = f"{path} is not UTF-8 text"
        raise ConfigError("read the board file", seen, "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        seen = f"{path}: {error}"
        raise ConfigError("read the board file", seen, "mend the line that is named") from error
    except OSError as error:
        raise system_error(f"read the board file {path}", error) from error
    board: Board = _build(Board, {**table, "source": str(path)}, path, "")
    if board.name != path.stem:
        raise ConfigError(
            "a board named as its file",
            f"{path}: name={board.name!r}",
            f"write name = {path.stem!r}, or rename the file to {board.name}.toml",
        )
    if not _NAME.fullmatch(board.name):
        wanted = f"{path}: a name of letters, digits, - and _"
        raise ConfigError(wanted, f"name={board.name!r}", "rename it, and its file")
    check_facts(board, path)
    return board


def _build(kind: type, table: Mapping[str, Any], path: Path, where: str) -> Any:
    """A frozen dataclass from a TOML table: every key known, present and of its type."""
    types_of = typing.get_type_hints(kind)
    for key in table:
        if key not in types_of:
            allowed = [f.name for f in fields(kind) if f.name != "source"]
            todo = _did_you_mean(key, allowed) or f"known keys: {', '.join(allowed)}"
            raise ConfigError(f"{path}: keys that a board file has", f"{where}{key}", todo)
    for field in fields(kind):
        if field.default is MISSING and field.name not in table:
            wanted, todo = (
                f"{path}: the key {where}{field.name}",
                "boards/README.md says what it is",
            )
            raise ConfigError(wanted, "it is missing", todo)
    values = {
        key: _convert(types_of[key], value, path, where + key) for key, value in table.items()
    }
    return kind(**values)


def _convert(wanted: Any, value: Any, path: Path, where: str) -> Any:
    if isinstance(wanted, types.UnionType):  # a table that may be left out
        wanted = next(kind for kind in typing.get_args(wanted) if kind is not type(None))
    if is_dataclass(wanted) and isinstance(wanted, type) and isinstance(value, dict):
        return _build(wanted, value, path, where + ".")
    if typing.get_origin(wanted) is Literal:
        if value in typing.get_args(wanted):
            return value
        choices = [choice for choice in typing.get_args(wanted) if choice]
        todo = _did_you_mean(str(value), choices) or "boards/README.md says what each means"
        raise ConfigError(
            f"{path}: {where} one of {', '.join(map(repr, choices))}", repr(value), todo
        )
    if typing.get_origin(wanted) is tuple:
        return _convert_list(typing.get_args(wanted)[0], value, path, where)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(wanted, type) and type(value) is wanted:
        return value
    kind, todo = "a table", f"write [{where}] on a line of its own, its keys below"
    if not is_dataclass(wanted):
        kind, todo = wanted.__name__, NOTATION[wanted]
    raise ConfigError(f"{path}: {where} of type {kind}", repr(value), todo)


def _convert_list(kind: type, value: Any, path: Path, where: str) -> tuple[Any, ...]:
    if isinstance(value, list) and all(type(item) is kind for item in value):
        return tuple(value)
    items, example = {str: ("strings", '["a", "b"]'), int: ("whole numbers", "[1, 2]")}[kind]
    todo = f"write it as {example}"
    raise ConfigError(f"{path}: {where} a list of {items}", repr(value), todo)
