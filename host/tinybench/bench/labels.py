"""Class names: read from a file, matched with folders."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tinybench.errors import DataError

_MAX_BYTES = 1 << 20


def fold(name: str) -> str:
    """A name with every run of white space as one blank, none at the ends."""
    return " ".join(name.split())


def read_labels(path: Path) -> tuple[str, ...]:
    """Class names from a file, white space folded.

    One name a line, or, where there is a single line with commas in it, one comma-separated line.

    Args:
        path: a UTF-8 text file of at most 1 MiB.

    Raises:
        DataError: it cannot be read, holds no name, or has an empty one in the middle.
    """
    wanted = f"read the labels {path}"
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)  # devices and pipes have no size to ask for
        if len(data) > _MAX_BYTES:
            raise DataError(wanted, "it is larger than 1 MiB", "give a text file of class names")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise DataError(wanted, error.strerror or str(error), "check the path") from error
    except UnicodeDecodeError as error:
        raise DataError(wanted, "it is not UTF-8 text", "save it as UTF-8") from error
    names = _split(text)
    if not names:
        raise DataError(wanted, "it holds no name", "write one class name a line")
    if "" in names:
        seen = f"name {names.index('')} (counted from 0) is empty"
        raise DataError(wanted, seen, "an empty name would shift the others: remove or fill it")
    return names


def _split(text: str) -> tuple[str, ...]:
    lines = text.strip().splitlines()
    parts = lines[0].split(",") if len(lines) == 1 and "," in lines[0] else lines
    names = [fold(part) for part in parts]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def check_labels(labels: Sequence[str], classes: int | None) -> None:
    """Checks that there is one name per class.

    Args:
        labels: class names.
        classes: how many scores the model gives; None where its output is not one of scores.

    Raises:
        DataError: another number.
    """
    if classes is not None and len(labels) != classes:
        raise DataError(
            f"the model tells {classes} classes apart",
            f"{len(labels)} labels",
            "give the labels that the model was trained with, in its order",
        )


def match_folders(folders: Sequence[str], labels: Sequence[str]) -> list[int]:
    """The class of each folder, by its name.

    Raises:
        DataError: folders that no label names, or that several do.
    """
    count = Counter(fold(label) for label in labels)
    index = {fold(label): number for number, label in enumerate(labels)}
    strange = [name for name in folders if count[fold(name)] != 1]
    if strange:
        raise DataError(
            f"each of the {len(folders)} folders is named like one of the {len(labels)} labels",
            f"{len(strange)} are not",
            "rename the folders, or give the labels file that belongs to them",
            details=tuple(_explain(name, count) for name in strange[:20]),
        )
    return [index[fold(name)] for name in folders]


def _explain(name: str, count: Counter[str]) -> str:
    if count[fold(name)] > 1:
        return f"{name}: {count[fold(name)]} labels have this name"
    close = difflib.get_close_matches(fold(name), count, n=1)
    return f"{name}: no such label" + (f"; the closest is {close[0]}" if close else "")


def guess_folder_classes(
    folders: Sequence[str], classes: int | None
) -> tuple[list[int] | None, str]:
    """The class of each folder without a labels file: their alphabetical order, as Keras has it.

    Args:
        folders: names.
        classes: how many scores the model gives, None where that is not known.

    Returns:
        The classes and a note; or None and the reason why they cannot be told.
    """
    if classes is None:
        return None, "the model's output is not one score per class"
    if len(folders) != classes:
        seen = f"{len(folders)} folders and {classes} classes"
        return None, f"{seen} do not say which is which; --labels FILE does"
    order = sorted(folders)
    if all(name.isdecimal() for name in folders) and order != sorted(folders, key=int):
        return None, "numbered folders count or sort differently; --labels FILE settles it"
    note = "classes are the folders in alphabetical order, for want of --labels"
    return [order.index(name) for name in folders], note
