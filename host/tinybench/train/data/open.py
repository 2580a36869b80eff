"""Finds out what the user's data is, and opens it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinybench.bench.labels import match_folders
from tinybench.bench.sources.idx import find_idx_images, is_idx
from tinybench.bench.sources.images import find_images
from tinybench.errors import DataError, system_error
from tinybench.train.data.arrays import open_idx_samples, open_npz_samples
from tinybench.train.data.classes import keep_classes
from tinybench.train.data.named import NAMED, open_named
from tinybench.train.data.pictures import open_csv, open_folder
from tinybench.train.data.samples import Samples

_TODO_FORMS = (
    "give a folder per class of images, an .npz with x and y, IDX files, a CSV of paths, "
    f"or one of {', '.join(NAMED)}"
)


def open_samples(
    path: str | Path,
    *,
    labels: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Samples:
    """Opens data of any form and filters its classes.

    Args:
        path: a folder per class of images, IDX images or a folder of them, an .npz, a .csv of
            paths, or a name of ``keras.datasets`` such as "fashion_mnist".
        labels: class names in the model's order; folders are matched with them by name.
        exclude, only: patterns of class names, see
            :func:`~tinybench.train.data.classes.keep_classes`.

    Raises:
        DataError: there is nothing to read, or it is not as it should be.
        ToolMissing: the data must be fetched by Keras, which is not installed.
    """
    try:
        samples = _open(Path(path))
    except OSError as error:
        raise system_error(f"read the data {path}", error) from error
    if not len(samples):
        raise DataError(f"samples in {path}", "there are none", _TODO_FORMS)
    if labels is not None:
        samples = _relabel(samples, labels)
    return keep_classes(samples, exclude, only)


def _open(path: Path) -> Samples:
    if not path.exists() and str(path) in NAMED:
        return open_named(str(path))
    if path.is_dir():
        if find_idx_images(path):
            return open_idx_samples(path)
        if find_images(path):
            return open_folder(path)
        raise DataError(f"samples in {path}", "the folder holds none", _TODO_FORMS)
    if not path.is_file():
        raise DataError(f"read the data {path}", "there is no such file or folder", _TODO_FORMS)
    if path.suffix.lower() == ".csv":
        return open_csv(path)
    if is_idx(path):
        return open_idx_samples(path)
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            return open_npz_samples(path)
    raise DataError(f"read the data {path}", "it is neither .npz, IDX nor .csv", _TODO_FORMS)


def _relabel(samples: Samples, labels: Sequence[str]) -> Samples:
    """The same samples, their classes numbered and named as the labels are."""
    if samples.labels is None:
        return dataclasses.replace(samples, class_names=tuple(labels), named=True)
    if samples.named:
        of = np.array(match_folders(samples.class_names, labels), np.int64)
        numbers = of[samples.labels]
    else:
        numbers = samples.labels
        if (top := int(numbers.max())) >= len(labels):
            seen = f"class {top} in {samples.path.name} and {len(labels)} labels"
            raise DataError("a label for every class", seen, "give the labels of this data")
    return dataclasses.replace(samples, labels=numbers, class_names=tuple(labels), named=True)
