"""Pictures in files: a folder per class, or a CSV of paths."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.sources.images import find_images, read_image
from tinybench.errors import DataError
from tinybench.train.data.common import PART_NAMES, by_name, files_stamp, picture_size
from tinybench.train.data.samples import Samples

_PATH_COLUMNS = ("path", "file", "filename", "filepath", "image")
_LABEL_COLUMNS = ("label", "class", "labels", "y")
_PART_COLUMNS = ("split", "part", "set")


def open_folder(path: Path) -> Samples:
    """Images in a folder per class; these may lie in train, valid and test folders.

    Raises:
        DataError: images beside the class folders, or no image at all.
    """
    files = find_images(path)
    steps = [file.relative_to(path).parts for file in files]
    tops = {step[0].lower() for step in steps if len(step) > 1}
    divided = bool(tops) and tops <= PART_NAMES.keys() and all(len(s) > 2 for s in steps)
    parts = tuple(PART_NAMES[step[0].lower()] if divided else "" for step in steps)
    folders = [step[1] if divided else (step[0] if len(step) > 1 else "") for step in steps]
    if any(folders) and not all(folders):
        raise DataError(
            f"{path} holds a folder of images per class",
            f"{folders.count('')} images beside the folders",
            "move them into the folder of their class, or away",
        )
    kind = "folder per class" if any(folders) else "folder of images"
    return image_samples(path, kind, files, folders if any(folders) else None, parts)


def open_csv(path: Path) -> Samples:
    """A CSV of image paths: columns path and label, perhaps split (train, val, test).

    A header names them; without one they are the first two columns. Paths are relative to the
    CSV's folder.

    Raises:
        DataError: it is no such CSV, or names files that are not there.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _no_csv(path, str(error)) from error
    if not rows:
        raise _no_csv(path, "it is empty")
    where, label, part = _columns(rows[0])
    rows = rows if where is None else rows[1:]
    where, label = where or 0, 1 if where is None else label
    if short := [n for n, row in enumerate(rows, 1) if len(row) <= max(where, label or 0)]:
        raise _no_csv(path, f"row {short[0]} is {','.join(rows[short[0] - 1])!r}")
    files = [path.parent / row[where] for row in rows]
    if missing := [file for file in files if not file.is_file()]:
        raise DataError(
            f"read the images that {path} names",
            f"{len(missing)} of {len(files)} are not there",
            "paths are relative to the CSV's own folder",
            details=tuple(str(file) for file in missing[:5]),
        )
    if len(set(files)) < len(files):
        raise _no_csv(path, "it names a file twice")
    values = None if label is None else [row[label] for row in rows]
    parts = tuple(PART_NAMES.get(row[part].lower(), "") if part is not None else "" for row in rows)
    return image_samples(path, "CSV of paths", files, values, parts)


def _columns(head: list[str]) -> tuple[int | None, int | None, int | None]:
    """Which columns hold path, label and part; (None, ...) where there is no header."""
    low = [cell.lower() for cell in head]
    found = [
        next((low.index(name) for name in names if name in low), None)
        for names in (_PATH_COLUMNS, _LABEL_COLUMNS, _PART_COLUMNS)
    ]
    return found[0], found[1], found[2] if found[0] is not None else None


def _no_csv(path: Path, seen: str) -> DataError:
    return DataError(f"{path} is a CSV with a path and a label a row", seen, "mend the file")


def image_samples(
    path: Path,
    kind: str,
    files: Sequence[Path],
    classes: Sequence[str] | None,
    parts: tuple[str, ...],
) -> Samples:
    """Image files; classes by name, in alphabetical order as Keras has it."""
    root = path if path.is_dir() else path.parent
    names, labels, named, notes = _classes(classes)

    def load(index: int, shape: tuple[int, ...]) -> NDArray[Any]:
        height, width, mode = picture_size(path.name, shape)
        return read_image(files[index], width, height, mode).reshape(shape)

    return Samples(
        path=path,
        kind=kind,
        names=tuple(_relative(file, root) for file in files),
        labels=labels,
        class_names=names,
        named=named,
        parts=parts,
        pixels=True,
        load=load,
        digest=lambda index: _picture_digest(files[index]),
        stamp=files_stamp(files),
        notes=notes,
    )


def _classes(
    values: Sequence[str] | None,
) -> tuple[tuple[str, ...], NDArray[np.int64] | None, bool, tuple[str, ...]]:
    """Names, classes, whether the names mean something, and notes."""
    if values is None:
        return (), None, False, ()
    if not all(value.isdecimal() for value in values):
        return *by_name(values), True, ()
    labels = np.array([int(value) for value in values], np.int64)
    names = tuple(str(i) for i in range(int(labels.max()) + 1))
    odd = len(set(values)) > 10
    note = "classes are numbers and taken as such; a model trained on folders in the order of "
    return (
        names,
        labels,
        False,
        (note + "their text ('10' before '2') wants --labels",) if odd else (),
    )


def _relative(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _picture_digest(file: Path) -> str:
    """Hash of the decoded pixels: the same picture in another file is the same."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Exception as error:  # decoders raise whatever their libraries do
        todo = "take it out of the folder, or save it again as PNG or JPEG"
        raise DataError(f"read {file}", str(error) or type(error).__name__, todo) from error
    return hashlib.sha256(repr(upright.size).encode() + upright.tobytes()).hexdigest()
