"""The run folder: result.json and samples.csv, complete up to wherever a run got.

samples.csv grows by a line per sample, flushed; result.json appears whole or not at all.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tinybench.bench.records import SampleRecord
from tinybench.errors import UsageError

RESULT = "result.json"
SAMPLES = "samples.csv"
DEVICE_LOG = "device.log"
EMULATOR_LOG = "emulator.log"


class RunFolder:
    """A new folder for one run.

    Args:
        path: must not exist, or be empty.

    Raises:
        UsageError: it holds something already, or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise UsageError(
                    "An empty folder for this run", f"{path} is not empty", "Choose another --out"
                )
            self._file = (path / SAMPLES).open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"Write the run to {path}", error.strerror or str(error)) from error
        self._csv = csv.writer(self._file)
        self._csv.writerow([f.name for f in fields(SampleRecord)])

    def add(self, record: SampleRecord) -> None:
        """Appends a sample.

        Raises:
            UsageError: no space left.
        """
        try:
            self._csv.writerow(asdict(record).values())
            self._file.flush()
        except OSError as error:
            raise UsageError(f"Write {SAMPLES}", error.strerror or str(error)) from error

    def finish(self, result: Mapping[str, Any]) -> Path:
        """Writes result.json atomically; returns its path."""
        target = self.path / RESULT
        temporary = target.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise UsageError(f"Write {target}", error.strerror or str(error)) from error
        return target

    def __enter__(self) -> Self:
        """Closes samples.csv at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def new_run_path(runs: Path, board: str, model: str, now: datetime) -> Path:
    """runs/20261123-101530-MODEL-BOARD, with a number behind it where that exists."""
    base = runs / f"{now:%Y%m%d-%H%M%S}-{model}-{board}"
    path, n = base, 1
    while path.exists():
        n += 1
        path = base.with_name(f"{base.name}-{n}")
    return path
