"""A run that was broken off, made ready to go on: what is whole in its folder is kept."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tinybench.bench.records import SampleRecord
from tinybench.errors import UsageError, system_error
from tinybench.gates import Gates
from tinybench.project import DataConfig, Project
from tinybench.report.folder import OUTPUTS, RESULT, RUN, SAMPLES
from tinybench.report.load import read_records

SCHEMA = "tinybench.run/1"
_PATHS = ("root", "model", "runs", "tflm_source", "esp_nn_source")


def describe_run(project: Project, started: datetime) -> dict[str, Any]:
    """The content of run.json: all that it takes to go on with the run."""
    whole = asdict(project)
    for part in (whole, whole["data"]):
        for key, value in part.items():
            if isinstance(value, Path):
                part[key] = str(value.absolute())
    return {"schema": SCHEMA, "started": started.isoformat(), "project": whole}


def read_run(folder: Path) -> tuple[Project, datetime]:
    """The project of a run that was broken off, and when it began.

    Raises:
        UsageError: no run, one that is complete, or one of another schema.
    """
    path = folder / RUN
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["schema"] != SCHEMA:
            raise KeyError(content["schema"])
        project, started = _project(content["project"]), datetime.fromisoformat(content["started"])
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} of schema {SCHEMA}", f"{type(error).__name__}: {error}", "bench anew"
        ) from error
    if _is_complete(folder / RESULT):
        raise UsageError(
            "a run that was broken off", f"{folder} is complete", "`tinybench runs` shows it"
        )
    return project, started


def _project(whole: Mapping[str, Any]) -> Project:
    own: dict[str, Any] = dict(whole)
    own |= {key: _path(whole[key]) for key in _PATHS}
    data: dict[str, Any] = dict(whole["data"])
    data |= {key: _path(data[key]) for key in ("path", "labels")}
    return Project(**own | {"data": DataConfig(**data), "gates": Gates(**whole["gates"])})


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _is_complete(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text("utf-8"))["status"] == "complete")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def whole_records(folder: Path, sample_bytes: int) -> tuple[SampleRecord, ...]:
    """The samples that are whole in a folder: a row, and outputs whose CRC the row states.

    The last row is left out, so that there is something to measure, and something to measure the
    memory with.

    Args:
        folder: of the run.
        sample_bytes: of a sample's outputs.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        text = (folder / SAMPLES).read_text("utf-8")
        outputs = (folder / OUTPUTS).read_bytes()
    except OSError as error:
        raise system_error(f"read {folder}", error) from error
    lines = text[: text.rfind("\n") + 1]
    records = read_records(csv.DictReader(io.StringIO(lines, newline="")), folder / SAMPLES)[:-1]
    kept = []
    for number, record in enumerate(records):
        output = outputs[number * sample_bytes : (number + 1) * sample_bytes]
        if len(output) < sample_bytes or zlib.crc32(output) != record.output_crc:
            break
        kept.append(record)
    return tuple(kept)
