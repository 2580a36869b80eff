"""The runs of a project, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.errors import TinybenchError, system_error
from tinybench.report.folder import RESULT, SAMPLES
from tinybench.report.load import load_result


@dataclass(frozen=True)
class Listed:
    """A run folder.

    Attributes:
        result: the content of result.json; None where it cannot be read.
        reason: "unfinished" or "broken", and why; "" where it can.
    """

    folder: Path
    result: dict[str, Any] | None
    reason: str = ""


def list_runs(folder: Path) -> list[Listed]:
    """What lies in a project's runs folder; names begin with their time, so newest come first.

    Raises:
        UsageError: the folder cannot be read. There being none is no error.
    """
    try:
        if not folder.is_dir():
            return []
        found = [path for path in folder.iterdir() if _is_run(path)]
    except OSError as error:
        raise system_error(f"read {folder}", error) from error
    return [_look(path) for path in sorted(found, key=lambda path: path.name, reverse=True)]


def _is_run(path: Path) -> bool:
    return (path / RESULT).exists() or (path / SAMPLES).exists()


def _look(path: Path) -> Listed:
    if not (path / RESULT).exists():
        return Listed(path, None, f"unfinished: no {RESULT}; it goes on still, or was killed")
    try:
        return Listed(path, load_result(path))
    except TinybenchError as error:
        return Listed(path, None, f"broken: {error.wanted}: {error.seen}")
