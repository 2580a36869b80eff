"""boards/*.toml -> Board: facts with units, one file per board, no inheritance.

A board file never names a function; adding a board is adding a file.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

from tinybench import resources
from tinybench.errors import ConfigError
from tinybench.machine import check_machine

_NAME = re.compile(r"[A-Za-z0-9_-]+")  # PlatformIO's rule for names of environments


@dataclass(frozen=True)
class Chip:
    """What computes.

    Attributes:
        name: what the firmware's hello must say ("virt-rv32imc", "esp32c3").
        isa: "rv32imc", "xtensa-lx6", "host".
        clock_hz: CPU clock; 0 where there is none (virtual boards).
    """

    name: str
    isa: str
    clock_hz: int


@dataclass(frozen=True)
class Memory:
    """Sizes in bytes, enforced by the linker script on virtual boards.

    Attributes:
        flash_bytes: room for code and constants.
        ram_bytes: room for .data + .bss + stack.
        stack_bytes: what of it is the stack.
        ram_origin, flash_origin: addresses.
    """

    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    flash_origin: int
    ram_origin: int


@dataclass(frozen=True)
class LinkFacts:
    """How the host reaches the board.

    Attributes:
        kind: "qemu" (emulator started on a flashed ELF), "process" (host program), "serial".
        machine: QEMU's -M, "" elsewhere.
        emulator: the program, e.g. "qemu-system-riscv32"; "" elsewhere.
        arguments: further arguments of the emulator.
        baud: 0 where the link has no baud rate.
        reply_timeout_s: longest a single reply may take; an inference included.
        packages: Debian packages that bring the emulator, see packages.py.
    """

    kind: Literal["qemu", "process", "serial"]
    machine: str
    emulator: str
    arguments: tuple[str, ...]
    baud: int
    reply_timeout_s: float
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counter:
    """What the firmware's latency counter counts.

    Attributes:
        unit: "instructions", "cycles" or "nanoseconds".
        method: one sentence for the reports.
    """

    unit: str
    method: str


@dataclass(frozen=True)
class BuildFacts:
    """How PlatformIO builds for the board.

    Attributes:
        platform: folder below firmware/ holding the local platform, or a registry spec.
        port: folder below firmware/ with the board's port.
        toolchain: prefix of the compiler's programs ("riscv64-unknown-elf-", "" for the host).
        flags: flags for this board's ISA, for compiler and linker (no optimization flags).
        packages: Debian packages that bring the compiler and its C library.
    """

    platform: str
    port: str
    toolchain: str
    flags: tuple[str, ...]
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Board:
    """One board, as its file states it.

    ``source`` is the file's path; ``notes`` says what the board can and cannot show.
    """

    name: str
    title: str
    kind: Literal["virtual", "hardware"]
    chip: Chip
    memory: Memory
    link: LinkFacts
    counter: Counter
    build: BuildFacts
    source: str
    notes: str

    @property
    def facts_sha256(self) -> str:
        """SHA-256 of all that the file states, wherever it lies: boards of one name may differ."""
        facts = asdict(self) | {"source": ""}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def list_boards() -> list[Board]:
    """All boards that tinybench comes with, sorted by name.

    Raises:
        ConfigError: one of their files is wrong.
    """
    return [_read_board(path) for path in _board_files()]


def load_board(name_or_path: str | Path) -> Board:
    """One board by name, or by the path of a board file of the user's own.

    Args:
        name_or_path: "virt-c3", or a path that ends in ".toml".

    Raises:
        ConfigError: no such board (with the nearest names), or its file is wrong.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = resources.boards() / f"{name_or_path}.toml"
        if not path.is_file():
            raise _unknown_board(str(name_or_path))
    elif not path.is_file():
        raise ConfigError("read the board file", f"no file {path}", "tinybench boards")
    return _read_board(path)


def _board_files() -> list[Path]:
    return sorted(resources.boards().glob("*.toml"), key=lambda path: path.stem)


def _unknown_board(name: str) -> ConfigError:
    known = [path.stem for path in _board_files()]
    return ConfigError(
        "a board that tinybench knows, or the path of a board file (.toml)",
        f"board={name!r}",
        _did_you_mean(name, known) or f"known boards: {', '.join(known)}",
    )


def _did_you_mean(word: str, known: list[str]) -> str:
    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5)
    return f"did you mean {lower[near[0]]!r}?" if near else ""


def _read_board(path: Path) -> Board:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        seen = f"{path} is not UTF-8 text"
        raise ConfigError("read the board file", seen, "save it as UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("read the board file", f"{path}: {error}") from error
    board: Board = _build(Board, {**table, "source": str(path)}, path, "")
    if board.name != path.stem:
        raise ConfigError(
            "a board named as its file",
            f"{path}: name={board.name!r}",
            f"write name = {path.stem!r}, or rename the file to {board.name}.toml",
        )
    if not _NAME.fullmatch(board.name):
        raise ConfigError(f"{path}: a name of letters, digits, - and _", f"name={board.name!r}")
    _check_facts(board, path)
    return board


def _check_facts(board: Board, path: Path) -> None:
    memory = board.memory
    for key in ("flash_bytes", "ram_bytes", "stack_bytes"):
        if getattr(memory, key) <= 0:
            raise ConfigError(f"{path}: memory.{key} above 0", f"{getattr(memory, key)}")
    if memory.stack_bytes >= memory.ram_bytes:
        raise ConfigError(
            f"{path}: memory.stack_bytes below memory.ram_bytes ({memory.ram_bytes})",
            f"stack_bytes={memory.stack_bytes}",
        )
    if board.kind == "hardware" and board.link.kind != "serial":
        raise ConfigError(
            f"{path}: kind = 'virtual' with link.kind={board.link.kind!r}",
            "kind='hardware'",
            "reports keep what ran in an emulator or on this computer apart from real boards",
        )
    if board.link.reply_timeout_s <= 0:
        raise ConfigError(f"{path}: link.reply_timeout_s above 0", f"{board.link.reply_timeout_s}")
    if board.link.kind == "qemu":
        check_machine(board.memory, board.link.arguments, path)


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
            raise ConfigError(f"{path}: the key {where}{field.name}", "it is missing")
    values = {
        key: _convert(types_of[key], value, path, where + key) for key, value in table.items()
    }
    return kind(**values)


def _convert(wanted: Any, value: Any, path: Path, where: str) -> Any:
    if is_dataclass(wanted) and isinstance(wanted, type) and isinstance(value, dict):
        return _build(wanted, value, path, where + ".")
    if typing.get_origin(wanted) is Literal:
        if value in typing.get_args(wanted):
            return value
        choices = ", ".join(repr(choice) for choice in typing.get_args(wanted))
        raise ConfigError(f"{path}: {where} one of {choices}", repr(value))
    if typing.get_origin(wanted) is tuple:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ConfigError(f"{path}: {where} a list of strings", repr(value))
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(wanted, type) and type(value) is wanted:
        return value
    raise ConfigError(f"{path}: {where} of type {_type_name(wanted)}", repr(value))


def _type_name(wanted: type) -> str:
    return "a table" if is_dataclass(wanted) else wanted.__name__
