"""What the forms of data have in common: names of parts, classes by name, sizes of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import DataError

PART_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "selection"),
    **dict.fromkeys(("test", "testing", "t10k"), "test"),
}
"""Folders, prefixes and column values that say which part a sample is of."""


def by_name(values: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Class names in alphabetical order, as Keras has it, and each sample's class."""
    names = tuple(sorted(set(values)))
    index = {name: number for number, name in enumerate(names)}
    return names, np.array([index[value] for value in values], np.int64)


def picture_size(name: str, shape: tuple[int, ...]) -> tuple[int, int, str]:
    """Height, width and PIL mode of the picture that an input of this shape takes."""
    if len(shape) == 2:
        return shape[0], shape[1], "L"
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape[0], shape[1], "L" if shape[2] == 1 else "RGB"
    raise DataError(
        "an input of (height, width, 1 or 3), for images",
        f"the model takes {shape} and {name} holds images",
        "give its samples as .npz instead",
    )


def files_stamp(files: Sequence[Path]) -> str:
    """Changes when one of the files does, by its size and time."""
    facts = []
    for file in files:
        state = file.stat()
        facts.append(f"{file.name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
