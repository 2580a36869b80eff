"""A pipeline file -> frozen dataclasses: steps that make a model of another, and branch.

    [pipeline]
    board = "virt-c3"
    [data]
    path = "fashion-mnist"
    [steps.base]
    new = "resnet8"
    [steps.pruned]
    from = "base"
    method = "prune"
    sparsity = 0.8

Paths are relative to the file.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinybench.boards import load_board
from tinybench.errors import ConfigError, UsageError, system_error
from tinybench.methods import (
    METHODS,
    Create,
    DataSpec,
    Training,
    find_method,
    find_network,
    make_options,
)
from tinybench.notation import NOTATION

_KINDS = ("new", "model", "method")
_NAME = re.compile(r"\w[\w .+-]*")  # a step's folder is called so


@dataclass(frozen=True)
class Settings:
    """What holds for all steps.

    Attributes:
        board: that every step is measured on; "": none.
        weights: ways to keep weights in flash, each measured.
        samples: that run on the board.
        seeds: with which a step and its control are repeated.
    """

    board: str = "virt-c3"
    weights: tuple[str, ...] = ("plain", "huffman")
    samples: int = 20
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: its table's.
        kind: "new" (a network from scratch), "model" (a file) or "method".
        what: the network, the file, the method.
        source: the step that it starts from; "" where it starts anew.
        options: of the method or network.
        training: epochs, batch, rate, patience, seed.
        control: compare it with the method's control.
    """

    name: str
    kind: str
    what: str
    source: str
    options: Mapping[str, Any]
    training: Training
    control: bool = False


@dataclass(frozen=True)
class Pipeline:
    """A pipeline file.

    Attributes:
        path: the file.
        settings: for all steps.
        data: for all steps.
        steps: each after the one that it starts from.
    """

    path: Path
    settings: Settings
    data: DataSpec
    steps: tuple[Step, ...] = field(default_factory=tuple)

    @property
    def state(self) -> Path:
        """Where steps, splits and builds are kept."""
        return self.path.parent / ".tinybench"


def load_pipeline(path: Path) -> Pipeline:
    """Reads a pipeline file; everything in it is checked before any step runs.

    Raises:
        ConfigError: not TOML, an unknown key, a step that starts from one that is not above it.
        UsageError: it cannot be read, or options are wrong.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} as TOML", str(error), "mend the line that is named") from error
    _check_keys(path, "", table, ("pipeline", "data", "training", "steps"))
    own = _table(path, "pipeline", table.get("pipeline", {}))
    _check_keys(path, "pipeline", own, _keys(Settings))
    settings = _settings(path, own)
    data = _data(path, _table(path, "data", table.get("data", {})))
    common = _table(path, "training", table.get("training", {}))
    _check_keys(path, "training", common, _keys(Training))
    steps: list[Step] = []
    for name, entry in _table(path, "steps", table.get("steps", {})).items():
        own = _table(path, f"steps.{name}", entry)
        steps.append(_step(path, name, own, common, [s.name for s in steps]))
    if not steps:
        raise ConfigError(f"steps in {path}", "there are none", "write [steps.NAME] tables")
    return Pipeline(path, settings, data, tuple(steps))


def _table(path: Path, name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        todo = f"write [{name}] on a line of its own, its keys below"
        raise ConfigError(f"{path}: [{name}] as a table", repr(value), todo)
    return value


def _settings(path: Path, own: Mapping[str, Any]) -> Settings:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in own.items()}
    defaults = Settings()
    for key, value in values.items():
        default = getattr(defaults, key)
        if type(value) is not type(default):
            wanted = f"{path}: {key} of [pipeline] such as {json.dumps(default)}"
            raise ConfigError(wanted, f"{key}={value!r}", NOTATION[type(default)])
    if wrong := set(values.get("weights", ())) - {"plain", "huffman"}:
        raise ConfigError(
            f"{path}: weights of plain, huffman",
            ", ".join(sorted(map(str, wrong))),
            'write weights = ["plain"], ["huffman"] or both',
        )
    _check_numbers(path, values)
    settings = Settings(**values)
    if settings.board:
        load_board(settings.board)
    return settings


def _check_numbers(path: Path, values: Mapping[str, Any]) -> None:
    for key, least in (("samples", 1), ("seeds", 0)):
        given = values.get(key, least)
        for number in given if isinstance(given, tuple) else (given,):
            if type(number) is not int or number < least:
                wanted, todo = f"{path}: {key} from {least} up", "write whole numbers"
                raise ConfigError(wanted, f"{key}={number!r}", todo)
    if values.get("seeds") == ():
        raise ConfigError(f"{path}: seeds to repeat a step with", "there are none", "seeds = [0]")


def _data(path: Path, entry: Mapping[str, Any]) -> DataSpec:
    if "path" not in entry:
        raise ConfigError(
            f"{path}: [data] with a path",
            f"keys={', '.join(entry) or 'none'}",
            'write path = "..." below [data]: a file, a folder, or a name of keras.datasets',
        )
    _check_keys(path, "data", entry, _keys(DataSpec))
    spec = make_options(DataSpec, entry, "data")
    beside = (path.parent / spec.path).resolve()
    labels = None if spec.labels is None else str((path.parent / spec.labels).resolve())
    return dataclasses.replace(
        spec,
        path=str(beside) if beside.exists() else spec.path,
        labels=labels,
        store=str((path.parent / ".tinybench/splits").resolve()),
    )


def _step(
    path: Path, name: str, entry: Mapping[str, Any], common: Mapping[str, Any], above: list[str]
) -> Step:
    if not _NAME.fullmatch(name):
        todo = "use letters, digits, spaces and . _ + -, and begin with a letter or digit"
        raise ConfigError(f"{path}: a step's name that a folder can have", repr(name), todo)
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        raise ConfigError(
            f"{path}: one of {', '.join(_KINDS)} in [steps.{name}]",
            ", ".join(kinds) or "none",
            "put each into a step of its own" if kinds else 'such as method = "prune"',
        )
    kind, what = kinds[0], str(entry[kinds[0]])
    source = str(entry.get("from", ""))
    _check_source(path, name, kind, source, above)
    reserved = {*_KINDS, "from", "training", "control"}
    options = {key: value for key, value in entry.items() if key not in reserved}
    training = {**common, **_table(path, f"steps.{name}.training", entry.get("training", {}))}
    if type(entry.get("control", False)) is not bool:
        seen = f"control={entry['control']!r}"
        raise ConfigError(f"{path}: control of [steps.{name}]", seen, NOTATION[bool])
    if entry.get("control") and (kind != "method" or find_method(what).control is None):
        able = ", ".join(method.name for method in METHODS.values() if method.control)
        todo = f"take it out; those that have one are {able}"
        raise ConfigError(f"{path}: control of [steps.{name}]", f"{what} has none", todo)
    where = f"[steps.{name}]"
    if kind == "method":
        make_options(find_method(what).options, options, where)
    elif kind == "new":
        make_options(Create, options, where)
        find_network(what)
    elif options:
        raise ConfigError(f"{path}: no options in {where}", ", ".join(options), "remove them")
    else:
        if not (file := (path.parent / what).resolve()).is_file():
            todo = f"make it (`tinybench new` does), or name another, relative to {path.name}"
            raise ConfigError(f"{path}: the model of {where}", f"no file {file}", todo)
        what = str(file)
    settings = make_options(Training, training, f"{where} training")
    return Step(name, kind, what, source, options, settings, entry.get("control", False))


def _check_source(path: Path, name: str, kind: str, source: str, above: list[str]) -> None:
    if (kind == "method") != bool(source):
        wanted, todo = "no `from`", f"take it out: a step with `{kind}` starts anew"
        if kind == "method":
            wanted, todo = "`from`, a step above it", f"above it: {', '.join(above) or 'none'}"
        raise ConfigError(f"{path}: {wanted} in [steps.{name}]", f"from={source!r}", todo)
    if source and source not in above:
        raise ConfigError(
            f"{path}: [steps.{name}] starts from a step above it",
            f"from={source!r}",
            f"above it: {', '.join(above) or 'none'}",
        )


def _check_keys(path: Path, where: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(
                f"{path}: keys of [{where}]" if where else f"{path}: its tables",
                f"{key!r}",
                _where_to(key, known),
            )


def _where_to(key: str, known: Sequence[str]) -> str:
    """What a key that is not known here may mean."""
    homes = {"pipeline": Settings, "data": DataSpec, "training": Training}
    for name, kind in homes.items():
        if key in _keys(kind):
            return f"it is a key of [{name}]"
    close = difflib.get_close_matches(key, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def _keys(kind: type[Any]) -> list[str]:
    return [entry.name for entry in dataclasses.fields(kind)]


def check_only(pipeline: Pipeline, only: str) -> None:
    """Refuses the name of a step that there is not.

    Raises:
        UsageError: with the names that there are.
    """
    names = [step.name for step in pipeline.steps]
    if only not in names:
        close = difflib.get_close_matches(only, names, 1)
        todo = f"did you mean {close[0]!r}?" if close else "choose one of them"
        raise UsageError(f"a step ({', '.join(names)})", f"{only!r}", todo)
