"""tinybench.toml -> frozen dataclasses; unknown keys are rejected with "did you mean".

The file says once what a project is made of; every command reads it, and flags win over it.
Paths in it are relative to the file.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tinybench.errors import ConfigError

FILE_NAME = "tinybench.toml"
PIXEL_RANGES = ("auto", "0:255", "0:1", "-1:1")
ENGINES = ("aot",)


@dataclass(frozen=True)
class DataConfig:
    """What to measure with.

    Attributes:
        path: images, .npz, IDX or .bin files; None where not given.
        labels: file of class names; None: the data's own.
        pixel_range: what real values pixels 0..255 stand for.
        limit: at most so many samples; 0: all.
        strict: stop at an unreadable image instead of counting it.
    """

    path: Path | None = None
    labels: Path | None = None
    pixel_range: str = "auto"
    limit: int = 0
    strict: bool = False


@dataclass(frozen=True)
class Project:
    """One tinybench.toml with the flags of the command line laid over it.

    Attributes:
        root: the folder that holds .tinybench/ (builds, flashed images) and runs/.
        model: the .tflite file; None where not given.
        board: a name from boards/, or a path to a board file.
        engine: "aot".
        runs: the folder in which each run makes a folder of its own.
    """

    root: Path
    model: Path | None = None
    board: str | None = None
    engine: str = "aot"
    runs: Path | None = None
    data: DataConfig = field(default_factory=DataConfig)

    @property
    def state(self) -> Path:
        """Where builds and flashed images are kept."""
        return self.root / ".tinybench"

    @property
    def runs_folder(self) -> Path:
        """Where run folders go."""
        return self.runs or self.root / "runs"


_TYPES: dict[str, type] = {
    "model": Path,
    "board": str,
    "engine": str,
    "runs": Path,
    "path": Path,
    "labels": Path,
    "pixel_range": str,
    "limit": int,
    "strict": bool,
}
_CHOICES = {"pixel_range": PIXEL_RANGES, "engine": ENGINES}


def load_project(folder: Path) -> Project:
    """The project of a folder; an empty one where it has no tinybench.toml.

    Raises:
        ConfigError: not TOML, an unknown key, or a value of the wrong kind.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return Project(root=folder)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} as TOML", str(error), "Mend the line that is named") from error
    data = table.pop("data", {})
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: [data] as a table", f"data = {data!r}")
    own = _values(path, "", table, Project, {"root", "data"})
    return Project(
        root=folder, **own, data=DataConfig(**_values(path, "data.", data, DataConfig, set()))
    )


def overlay(project: Project, **flags: Any) -> Project:
    """The project with flags laid over it; a flag that is None changes nothing.

    Raises:
        ConfigError: a value that is not among the choices.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    for name, value in given.items():
        _check_choice("", name, value)
    data_names = {f.name for f in fields(DataConfig)}
    data = replace(project.data, **{n: v for n, v in given.items() if n in data_names})
    own = {n: v for n, v in given.items() if n not in data_names}
    return replace(project, **own, data=data)


def _values(
    path: Path, prefix: str, table: Mapping[str, Any], kind: type, skip: set[str]
) -> dict[str, Any]:
    known = {f.name for f in fields(kind)} - skip
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise _unknown(path, prefix + name, known | ({"data"} if not prefix else set()))
        values[name] = _value(path, prefix, name, value)
    return values


def _value(path: Path, prefix: str, name: str, value: Any) -> Any:
    wanted = _TYPES[name]
    seen: type = str if wanted is Path else wanted
    if type(value) is not seen or (seen is int and value < 0):
        kind = {str: "a string", int: "a number from 0 up", bool: "true or false"}[seen]
        raise ConfigError(f"{path}: {prefix}{name} as {kind}", f"{name} = {value!r}")
    _check_choice(f"{path}: {prefix}", name, value)
    if wanted is Path:
        return path.parent / str(value)
    if name == "board" and str(value).endswith(".toml"):
        return str(path.parent / str(value))
    return value


def _check_choice(where: str, name: str, value: Any) -> None:
    choices = _CHOICES.get(name)
    if choices and value not in choices:
        raise ConfigError(f"{where}{name} as one of {', '.join(choices)}", f"{name}={value!r}")


def _unknown(path: Path, key: str, known: set[str]) -> ConfigError:
    near = difflib.get_close_matches(key.rpartition(".")[2], sorted(known), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(sorted(known))}"
    return ConfigError(f"{path}: known keys only", f"unknown key '{key}'", hint)


TEMPLATE = """\
# What this project is made of. Every tinybench command reads it; flags win over it.
# Paths are relative to this file.

model = {model}  # int8 .tflite
board = {board}  # `tinybench boards` lists them
engine = "aot"  # compiled ahead of time: no interpreter, no heap
# runs = "runs"  # each bench makes a folder of its own in here

[data]
path = {data}  # folder per class of images, .npz (x, y), IDX files, or a folder of .bin tensors
# labels = "labels.txt"  # one label a line, or one comma-separated line
pixel_range = "auto"  # what pixels 0..255 stand for: auto, 0:255, 0:1, -1:1
# limit = 100  # so many samples at most; 0: all
# strict = true  # stop at an unreadable image instead of counting it
"""


def init_project(folder: Path, values: Mapping[str, str], *, force: bool = False) -> Path:
    """Writes a commented tinybench.toml.

    Args:
        folder: where; made if need be.
        values: TOML literals of ``model``, ``board`` and ``data``.
        force: replace one that is there.

    Raises:
        ConfigError: there is one already, or it cannot be written.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(**values))
    except FileExistsError:
        raise ConfigError(
            f"A new {FILE_NAME}", f"{path} exists", "Edit it, or replace it with --force"
        ) from None
    except OSError as error:
        raise ConfigError(f"Write {path}", error.strerror or str(error)) from error
    return path
