"""tinybench.toml -> frozen dataclasses; unknown keys are rejected with "did you mean".

The file says once what a project is made of; every command reads it, and flags win over it.
Paths in it are relative to the file.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tinybench.errors import ConfigError, system_error
from tinybench.gates import LIMITS, Gates, check_limit
from tinybench.notation import NOTATION
from tinybench.whole import write_whole

FILE_NAME = "tinybench.toml"
PIXEL_RANGES = ("auto", "0:255", "0:1", "-1:1")
ENGINES = ("aot", "tflm")
WEIGHTS = ("plain", "huffman")
WEIGHTS_IN = ("flash", "ram")
KERNELS = ("esp-nn", "reference")
MODES = ("latency", "throughput")


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
        engine: "aot", or "tflm": TensorFlow Lite Micro.
        weights: of aot: "plain", or "huffman": kept in code, decoded in every inference.
        weights_in: of aot: "flash", or "ram": copied there at boot.
        kernels: of tflm: "esp-nn", or "reference".
        tflm_source, esp_nn_source: checkouts that tflm is built from for virtual boards; None:
            those that the environment names.
        runs: the folder in which each run makes a folder of its own.
        gates: the limits that a run must keep.
        port: where the board is plugged in, any pyserial URL; None: a virtual board is started.
        mac: of a real board, where several are plugged in; None: any.
        link_mode: "latency", or "throughput": the next input travels while one is computed.
        cable: a bad cable to put between, for rehearsals; see link/cable/spec.py.
    """

    root: Path
    model: Path | None = None
    board: str | None = None
    engine: str = "aot"
    weights: str = "plain"
    weights_in: str = "flash"
    kernels: str = "esp-nn"
    tflm_source: Path | None = None
    esp_nn_source: Path | None = None
    runs: Path | None = None
    data: DataConfig = field(default_factory=DataConfig)
    gates: Gates = field(default_factory=Gates)
    port: str | None = None
    mac: str | None = None
    cable: str | None = None
    link_mode: str = "latency"

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
    "weights": str,
    "weights_in": str,
    "kernels": str,
    "tflm_source": Path,
    "esp_nn_source": Path,
    "runs": Path,
    "port": str,
    "mac": str,
    "cable": str,
    "link_mode": str,
    "path": Path,
    "labels": Path,
    "pixel_range": str,
    "limit": int,
    "strict": bool,
}
_TABLES = {"data": DataConfig, "gates": Gates}
_CHOICES = {
    "pixel_range": PIXEL_RANGES,
    "engine": ENGINES,
    "weights": WEIGHTS,
    "weights_in": WEIGHTS_IN,
    "kernels": KERNELS,
    "link_mode": MODES,
}


def load_project(folder: Path) -> Project:
    """The project of a folder; an empty one where it has no tinybench.toml.

    Raises:
        UsageError: no such folder, or a file that cannot be read.
        ConfigError: not TOML, an unknown key, or a value of the wrong kind.
    """
    path = folder / FILE_NAME
    if not folder.is_dir():
        raise ConfigError("a project folder", f"{folder} is none", "choose another --project")
    if not path.exists():
        return Project(root=folder)
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path} as TOML", f"line {line} is not UTF-8", "save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} as TOML", str(error), "mend the line that is named") from error
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    tables = {name: _table(path, name, table.pop(name, {})) for name in _TABLES}
    own = _values(path, "", table, Project, {"root", *_TABLES})
    return Project(
        root=folder,
        **own,
        data=DataConfig(**_values(path, "data.", tables["data"], DataConfig, set())),
        gates=Gates(**_values(path, "gates.", tables["gates"], Gates, set())),
    )


def _table(path: Path, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        todo = f"write [{name}] on a line of its own, its keys below"
        raise ConfigError(f"{path}: [{name}] as a table", f"{name} = {value!r}", todo)
    return value


def overlay(project: Project, **flags: Any) -> Project:
    """The project with flags laid over it; a flag that is None changes nothing.

    Args:
        project: what they are laid over.
        flags: keys of tinybench.toml, those of its tables too; paths as Path or text.

    Raises:
        ConfigError: no such key, or a value of the wrong kind or not among the choices.
    """
    known = [*_TYPES, *LIMITS]
    for name in flags:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
            raise ConfigError("keys that a project has", f"unknown key {name!r}", hint)
    given = {name: _flag(name, value) for name, value in flags.items() if value is not None}
    data_names = {f.name for f in fields(DataConfig)}
    data = replace(project.data, **{n: v for n, v in given.items() if n in data_names})
    gates = replace(project.gates, **{n: v for n, v in given.items() if n in LIMITS})
    own = {n: v for n, v in given.items() if n not in data_names and n not in LIMITS}
    return replace(project, **own, data=data, gates=gates)


def _flag(name: str, value: Any) -> Any:
    """A value that is laid over; a path is relative to where one is."""
    if name in LIMITS:
        check_limit("", name, value)
        return value
    text = str(value) if _TYPES[name] is Path and isinstance(value, Path) else value
    _check_value("", name, text)
    return Path(text) if _TYPES[name] is Path else value


def _values(
    path: Path, prefix: str, table: Mapping[str, Any], kind: type, skip: set[str]
) -> dict[str, Any]:
    known = {f.name for f in fields(kind)} - skip
    for name in table:
        if name not in known:
            raise _unknown(path, prefix, name, known if prefix else known | set(_TABLES))
    return {name: _value(path, prefix, name, value) for name, value in table.items()}


def _value(path: Path, prefix: str, name: str, value: Any) -> Any:
    if name in LIMITS:
        check_limit(f"{path}: {prefix}", name, value)
        return value
    _check_value(f"{path}: {prefix}", name, value)
    if _TYPES[name] is Path:
        return path.parent / _nameable(f"{path}: {prefix}{name}", value)
    if name == "board" and value.endswith(".toml"):
        return str(path.parent / _nameable(f"{path}: {prefix}{name}", value))
    return value


def _nameable(where: str, value: str) -> str:
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        raise ConfigError(
            f"{where} as a path that can be named in this locale", ascii(value), "LC_ALL=C.UTF-8"
        ) from None
    return value


def _is_of(value: Any, wanted: type) -> bool:
    if wanted is int:
        return type(value) is int and value >= 0
    if wanted is bool:
        return isinstance(value, bool)
    return isinstance(value, str) and value != ""


def _check_value(where: str, name: str, value: Any) -> None:
    wanted = _TYPES[name]
    if not _is_of(value, wanted):
        kind = {int: "a number from 0 up", bool: "true or false"}.get(wanted, "a string")
        if value == "":
            todo = "`tinybench boards` lists them" if name == "board" else "leave it out"
            raise ConfigError(f"{where}{name}, not empty", f"{name} = ''", todo)
        todo = "0 means all" if wanted is int else NOTATION[str if wanted is Path else wanted]
        raise ConfigError(f"{where}{name} as {kind}", f"{name} = {value!r}", todo)
    choices = _CHOICES.get(name)
    if choices and value not in choices:
        one_of = f"{where}{name} as one of {', '.join(choices)}"
        raise ConfigError(one_of, f"{name} = {value!r}", "choose one of these")


def _unknown(path: Path, prefix: str, name: str, known: set[str]) -> ConfigError:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    home = next((t for t, kind in _TABLES.items() if name in {f.name for f in fields(kind)}), None)
    if not prefix and home:
        hint = f"move {name} below [{home}]"
    elif near:
        hint = f"did you mean {near[0]!r}?"
    else:
        hint = f"known keys: {', '.join(sorted(known))}"
    return ConfigError(f"{path}: keys that it can have", f"unknown key '{prefix}{name}'", hint)


TEMPLATE = """\
# What this project is made of. Every tinybench command reads it; flags win over it.
# Paths are relative to this file.

model = {model}  # int8 .tflite
board = {board}  # `tinybench boards` lists them
engine = "aot"  # compiled ahead of time: no interpreter, no heap; or "tflm", to compare with
# weights = "huffman"  # kept in code where that saves flash, decoded in every inference
# weights_in = "ram"  # copied there at boot, if they fit beside the arena
# runs = "runs"  # each bench makes a folder of its own in here

[data]
path = {data}  # folder per class of images, .npz (x, y), IDX files, or a folder of .bin tensors
# labels = "labels.txt"  # one label a line, or one comma-separated line
pixel_range = "auto"  # what pixels 0..255 stand for: auto, 0:255, 0:1, -1:1
# limit = 100  # so many samples at most; 0: all
# strict = true  # stop at an unreadable image instead of counting it

[gates]  # a bench that does not keep these ends in exit code 1
# min_accuracy = 0.85  # top-1 on the device, a share
# max_accuracy_loss = 0.01  # desktop's share less the device's
# max_arena_bytes = 114688
# max_latency_p99 = 120_000_000  # in the board's unit
"""


def init_project(folder: Path, values: Mapping[str, str], *, force: bool = False) -> Path:
    """Writes a commented tinybench.toml, whole or not at all.

    Args:
        folder: where; made if need be.
        values: ``model``, ``board`` and ``data``; paths relative to the folder.
        force: replace one that is there.

    Raises:
        ConfigError: there is one already.
        UsageError: it cannot be written.
    """
    path = folder / FILE_NAME
    text = TEMPLATE.format(**{n: _literal(_unicode(n, value)) for n, value in values.items()})
    try:
        if path.exists() and not force:
            raise ConfigError(
                f"a new {FILE_NAME}", f"{path} exists", "edit it, or replace it with --force"
            )
        write_whole(path, text.encode())
    except OSError as error:
        raise system_error(f"write {path}", error) from error
    return path


def _unicode(name: str, path: str) -> str:
    """The path, if a TOML file can hold it.

    Raises:
        ConfigError: its bytes are not UTF-8, or the locale is one that cannot tell.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ConfigError(
            f"{name} as a path that {FILE_NAME} can hold, in UTF-8",
            f"{path!r}",
            "rename it, or set LC_ALL=C.UTF-8 if it is UTF-8",
        ) from None
    return path


def _literal(text: str) -> str:
    """A TOML string; its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
