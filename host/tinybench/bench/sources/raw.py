"""A folder of raw input tensors, as MLPerf Tiny has them: ``*.bin`` and ``y_labels.csv``."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.preprocess import InputSpec
from tinybench.bench.sources.base import Source, check_classes, unreadable
from tinybench.errors import DataError

LABELS_FILE = "y_labels.csv"


def open_raw(folder: Path, spec: InputSpec) -> Source:
    """Files that hold the bytes of one input tensor each.

    With ``y_labels.csv`` (name, number of classes, class; no header) it says which files, in
    which order; without it they are all that there are, without labels.

    Raises:
        DataError: the labels file is broken or belongs to another model.
    """
    csv_path = folder / LABELS_FILE
    if csv_path.is_file():
        names, labels = _read_csv(csv_path, spec)
    else:
        names = tuple(path.name for path in sorted(folder.glob("*.bin")))
        labels = None

    def load(index: int) -> NDArray[Any]:
        return _load(folder / names[index], spec)

    return Source(
        kind="raw tensors",
        names=names,
        load=load,
        labels=labels,
        no_labels="" if labels is not None else f"there is no {LABELS_FILE}",
        groups=labels or (0,) * len(names),
        preparation="input tensors as they are",
    )


def _read_csv(path: Path, spec: InputSpec) -> tuple[tuple[str, ...], tuple[int, ...]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _broken(path, str(error)) from error
    for number, row in enumerate(rows, 1):
        _check_row(path, number, row, spec)
    if not rows:
        raise _broken(path, "it is empty")
    names = tuple(row[0].strip() for row in rows)
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        others = f", {len(twice) - 1} others too" if twice[1:] else ""
        raise _broken(path, f"{twice[0]!r} is named more than once{others}")
    labels = tuple(int(row[2]) for row in rows)
    check_classes(labels, spec.classes, path.name)
    return names, labels


def _check_row(path: Path, number: int, row: list[str], spec: InputSpec) -> None:
    if len(row) != 3 or not all(field.strip().isdecimal() for field in row[1:]):
        raise _broken(path, f"line {number} is {','.join(row)!r}")
    name, classes = row[0].strip(), int(row[1])
    if Path(name).name != name:
        raise _broken(path, f"line {number} names {name!r}, which is not in the folder")
    if spec.classes is not None and classes != spec.classes:
        raise DataError(
            f"the model tells {spec.classes} classes apart",
            f"{path}, line {number}: {classes}",
            "give the data that belongs to the model",
        )


def _broken(path: Path, seen: str) -> DataError:
    return DataError(
        f"{path} has lines of file name, number of classes, class", seen, "mend the file"
    )


def _load(path: Path, spec: InputSpec) -> NDArray[Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path.name, error.strerror or str(error)) from error
    nbytes = int(np.prod(spec.shape)) * np.dtype(spec.dtype).itemsize
    if len(data) != nbytes:
        raise unreadable(
            path.name, f"{len(data)} bytes; the model takes {spec.dtype} {spec.shape}, {nbytes}"
        )
    return np.frombuffer(data, spec.dtype).reshape(spec.shape)
