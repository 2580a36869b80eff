"""The run folder: result.json, samples.csv, outputs.bin and the logs, up to wherever a run got.

outputs.bin and then samples.csv grow with each sample, flushed, so that even a killed run leaves
what it measured; result.json appears at the end, whole or not at all, and last the manifest.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TextIO

from tinybench.bench.records import SampleRecord
from tinybench.errors import UsageError, system_error
from tinybench.report.manifest import MANIFEST, describe
from tinybench.whole import write_whole

RESULT = "result.json"
SAMPLES = "samples.csv"
OUTPUTS = "outputs.bin"
FIRMWARE = "firmware.elf"
RUN = "run.json"
DEVICE_LOG = "device.log"
EMULATOR_LOG = "emulator.log"

_NO_UNICODE = "backslashreplace"  # file names that are none: \xNN instead of not at all


@dataclass(frozen=True)
class Kept:
    """Samples that a run has measured before it was broken off.

    Attributes:
        sample_bytes: of each sample's outputs.
    """

    records: tuple[SampleRecord, ...]
    sample_bytes: int


class RunFolder:
    """A folder for one run; see open_run_folder() and new_run_folder().

    Args:
        path: an empty folder.
        made: it was made for this run, so it goes again if the run does not begin.
        done: what a run that was broken off has left in it, and keeps.

    Raises:
        UsageError: another run has taken it meanwhile, or it cannot be written.
    """

    def __init__(self, path: Path, *, made: bool, done: Kept | None = None) -> None:
        self.path = path
        self._made = made
        self._begun = done is not None
        self._sample_bytes = 0
        if done is not None:
            self._reopen(done)
            return
        try:
            self._file: TextIO = _open(path / SAMPLES, "x")
            self._outputs: BinaryIO = (path / OUTPUTS).open("xb")
            _write_rows(self._file, [])
            self._file.flush()
        except FileExistsError:
            raise _not_empty(path) from None
        except OSError as error:
            raise system_error(f"write {path / SAMPLES}", error) from error

    def _reopen(self, done: Kept) -> None:
        self._sample_bytes = done.sample_bytes
        try:
            for name in (RESULT, MANIFEST):
                (self.path / name).unlink(missing_ok=True)
            os.truncate(self.path / OUTPUTS, len(done.records) * done.sample_bytes)
            with replacing(self.path / SAMPLES) as file:
                _write_rows(file, done.records)
            self._file = _open(self.path / SAMPLES, "a")
            self._outputs = (self.path / OUTPUTS).open("ab")
        except OSError as error:
            raise system_error(f"write {self.path}", error) from error

    def begin(self, run: Mapping[str, Any]) -> None:
        """From now on there is something to keep, however the run ends.

        Args:
            run: the content of run.json.
        """
        self._write_json(RUN, run)
        self._begun = True

    def add(self, record: SampleRecord, outputs: Sequence[bytes]) -> None:
        """Appends a sample.

        Args:
            record: its row of samples.csv.
            outputs: the device's output tensors, equally long for every sample.

        Raises:
            UsageError: no space left.
        """
        data = b"".join(outputs)
        self._sample_bytes = len(data)
        try:
            self._outputs.write(data)
            self._outputs.flush()  # before the row, so that every row has its outputs
            _csv(self._file).writerow(asdict(record).values())
            self._file.flush()
        except OSError as error:
            raise system_error(f"write the sample to {self.path}", error) from error

    def finish(self, result: Mapping[str, Any], records: Sequence[SampleRecord]) -> None:
        """Writes result.json, and cuts what an interrupted sample left behind the last of records.

        Args:
            result: the content of result.json.
            records: the first of those that were added.

        Raises:
            UsageError: no space left; what was there before stays.
        """
        self._cut_outputs(len(records) * self._sample_bytes)
        with replacing(self.path / SAMPLES) as file:
            _write_rows(file, records)
        self._write_json(RESULT, result)
        self._write_json(MANIFEST, describe(self.path))

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        with replacing(self.path / name) as file:
            file.write(json.dumps(content, indent=2) + "\n")

    def _cut_outputs(self, size: int) -> None:
        with contextlib.suppress(OSError):  # a full disk was told of already
            self._outputs.close()
        try:
            os.truncate(self.path / OUTPUTS, size)
        except OSError as error:
            raise system_error(f"write {self.path / OUTPUTS}", error) from error

    def __enter__(self) -> Self:
        """Closes its files at the end of the block; a run that did not begin leaves nothing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in (self._file, self._outputs):
            with contextlib.suppress(OSError):  # a full disk was told of already
                file.close()
        if not self._begun:
            self._discard()

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            for name in (SAMPLES, OUTPUTS, FIRMWARE, RUN):
                (self.path / name).unlink(missing_ok=True)
            if self._made:
                self.path.rmdir()


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[TextIO]:
    """A text that is written when the block ends well; else what was there stays.

    Raises:
        UsageError: it cannot be written.
    """
    text = io.StringIO(newline="")
    yield text
    try:
        write_whole(target, text.getvalue().encode("utf-8", _NO_UNICODE))
    except OSError as error:
        raise system_error(f"write {target}", error) from error


def keep_logs(folder: Path) -> None:
    """Sets the logs of a run that was broken off aside, before it goes on and writes new ones.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        for name in (DEVICE_LOG, EMULATOR_LOG):
            if (folder / name).exists():
                (folder / name).replace(folder / f"{name}.before")
    except OSError as error:
        raise system_error(f"rename the logs in {folder}", error) from error


def open_run_folder(path: Path) -> RunFolder:
    """A folder of the user's choice; made where it is not there.

    Raises:
        UsageError: it holds something already, or cannot be made.
    """
    try:
        made = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise _not_empty(path)
    except OSError as error:
        raise system_error(f"make the run folder {path}", error) from error
    return RunFolder(path, made=made)


def new_run_folder(runs: Path, board: str, model: str, now: datetime) -> RunFolder:
    """runs/20261123-101530-MODEL-BOARD, with a number behind it where that exists.

    Runs that start in the same second get a folder each.

    Raises:
        UsageError: it cannot be made.
    """
    base = runs / f"{now:%Y%m%d-%H%M%S}-{model}-{board}"
    path = base
    for n in itertools.count(2):
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            path = base.with_name(f"{base.name}-{n}")
        except OSError as error:
            raise system_error(f"make the run folder {path}", error) from error
    return RunFolder(path, made=True)


def _open(path: Path, mode: str) -> Any:
    return path.open(mode, newline="", encoding="utf-8", errors=_NO_UNICODE)


def _csv(file: TextIO) -> Any:
    return csv.writer(file, lineterminator="\n")


def _write_rows(file: TextIO, records: Sequence[SampleRecord]) -> None:
    writer = _csv(file)
    writer.writerow(field.name for field in fields(SampleRecord))
    writer.writerows(asdict(record).values() for record in records)


def _not_empty(path: Path) -> UsageError:
    return UsageError(
        "an empty folder for this run", f"{path} is not empty", "choose another --out"
    )
