"""A run folder read back: result.json of this schema and the rows of samples.csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tinybench.bench.records import SampleRecord
from tinybench.errors import UsageError, system_error
from tinybench.report.folder import OUTPUTS, RESULT, SAMPLES
from tinybench.report.manifest import altered
from tinybench.report.result import SCHEMA

_READ: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": lambda text: {"True": True, "False": False}[text],
}


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it.

    Attributes:
        result: the content of result.json.
        records: the rows of samples.csv, in order.
    """

    folder: Path
    result: dict[str, Any]
    records: tuple[SampleRecord, ...]


def load_run(folder: Path) -> Run:
    """Reads a run folder.

    Raises:
        UsageError: no run folder, a run that was killed, one of another schema, or one that is
            broken or was altered since.
    """
    result = load_result(folder)
    records = _load_records(folder / SAMPLES)
    told = result["samples"]["measured"]
    if len(records) != told:
        raise _broken(folder / SAMPLES, f"{told:,} rows", f"{len(records):,}")
    _refuse_altered(folder, SAMPLES, OUTPUTS)
    return Run(folder, result, records)


def load_result(folder: Path) -> dict[str, Any]:
    """result.json of a run folder.

    Raises:
        UsageError: as load_run().
    """
    path = folder / RESULT
    text = _read(folder, path)
    try:
        result = json.loads(text)
        schema = result["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, "a result", f"{type(error).__name__}: {error}") from error
    if schema != SCHEMA:
        raise UsageError(
            f"{path} of schema {SCHEMA}",
            f"it is of {schema!r}",
            "bench again with this tinybench, or read it with the one that made it "
            f"({result.get('tinybench', 'unknown')})",
        )
    _refuse_altered(folder, RESULT)
    return dict(result)


def _refuse_altered(folder: Path, *names: str) -> None:
    """Figures that somebody changed are no figures, however well they read."""
    try:
        changes = altered(folder, names)
    except OSError as error:
        raise system_error(f"read {folder}", error) from error
    if changes:
        raise UsageError(
            f"{folder} as the run left it",
            "; ".join(changes),
            "`tinybench check` says what was altered since the run; bench again",
        )


def _read(folder: Path, path: Path) -> str:
    if not folder.is_dir():
        raise UsageError(
            "a run folder", f"{folder} is none", "`tinybench runs` lists those of a project"
        )
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        todo = "`tinybench runs` lists those of a project"
        if path.name == SAMPLES:
            todo = "`tinybench check` says what was altered since the run"
        elif (folder / SAMPLES).exists():
            todo = (
                f"this run was killed before its end: `tinybench bench --resume {folder}` goes on"
            )
        raise UsageError(f"{path.name} in {folder}", "there is none", todo) from None
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            raise system_error(f"read {path}", error) from error
        raise _broken(path, "UTF-8", str(error)) from error


def _load_records(path: Path) -> tuple[SampleRecord, ...]:
    text = _read(path.parent, path)
    if not text.endswith("\n"):
        raise _broken(path, "a line end after its last row", "it is cut off")
    return read_records(csv.DictReader(io.StringIO(text, newline="")), path)


def read_records(rows: csv.DictReader[str], path: Path) -> tuple[SampleRecord, ...]:
    """Rows of samples.csv.

    Args:
        rows: from the header on.
        path: where they come from, for errors.

    Raises:
        UsageError: other columns, or a cell that is no value.
    """
    kinds = {field.name: str(field.type) for field in fields(SampleRecord)}
    try:
        if set(rows.fieldnames or ()) != kinds.keys():
            raise _broken(path, f"columns {', '.join(kinds)}", f"{rows.fieldnames}")
        return tuple(SampleRecord(**{k: _value(kinds[k], row[k]) for k in kinds}) for row in rows)
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, "a value in every column", f"line {rows.line_num}: {error}") from error


def _value(kind: str, text: str) -> Any:
    """A cell as its field's type, e.g. of "int | None"."""
    kind, _, optional = kind.partition(" | ")
    return None if optional and not text else _READ[kind](text)


def _broken(path: Path, wanted: str, seen: str) -> UsageError:
    return UsageError(
        f"{path} with {wanted}", seen, "`tinybench check` says what was altered since the run"
    )
