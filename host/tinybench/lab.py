"""lab.toml: the boards of a lab, by names of one's own.

[feeder]
board = "esp32cam"
port = "/dev/ttyUSB0"

[shelf-3]
board = "esp32c3-devkitm"
port = "labgrid:shelf-3"

[emulated]
board = "virt-c3"
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tinybench.errors import ConfigError, system_error


@dataclass(frozen=True)
class LabBoard:
    """One board of a lab.

    Attributes:
        name: of its table.
        board: what it is: a name from boards/, or the path of a board file.
        port: where it is: any URL that ``bench --port`` takes; None: a virtual board is started.
        mac: of a real board, where several are plugged in; None: any.
        cable: a bad cable before it; None: none.
    """

    name: str
    board: str
    port: str | None = None
    mac: str | None = None
    cable: str | None = None


_KEYS = tuple(field.name for field in fields(LabBoard) if field.name != "name")


def load_lab(path: Path, names: Sequence[str] = ()) -> list[LabBoard]:
    """The boards of a lab, in the file's order.

    Args:
        path: lab.toml; paths of board files in it are relative to it.
        names: only these, in this order; none: all of them.

    Raises:
        UsageError: it cannot be read.
        ConfigError: it is no lab, or has no board of such a name.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} as TOML", str(error), "mend the line that is named") from error
    boards = {name: _board(path, name, facts) for name, facts in table.items()}
    if not boards:
        raise ConfigError(f"boards in {path}", "it has none", '[NAME] with board = "virt-c3"')
    for name in names:
        if name not in boards:
            near = difflib.get_close_matches(name, boards, n=1)
            todo = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(boards)}"
            raise ConfigError(f"a board of {path}", f"{name!r}", todo)
    return [boards[name] for name in names or boards]


def _board(path: Path, name: str, facts: Any) -> LabBoard:
    if not isinstance(facts, dict):
        raise ConfigError(f"{path}: a table for each board", f"{name} = {facts!r}", f"[{name}]")
    for key, value in facts.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            todo = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(_KEYS)}"
            raise ConfigError(f"{path}: keys that a board can have", f"{name}.{key}", todo)
        if not isinstance(value, str) or not value:
            wanted, todo = f"{path}: {name}.{key} as a string", "text in quotes, or leave it out"
            raise ConfigError(wanted, repr(value), todo)
    if "board" not in facts:
        raise ConfigError(f"{path}: what {name} is", "it has no board", 'board = "virt-c3"')
    board = facts["board"]
    own = str(path.parent / board) if board.endswith(".toml") else board
    return LabBoard(**{**facts, "name": name, "board": own})
