"""What every kind of data is turned into before sampling and preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tinybench.errors import DataError


@dataclass(frozen=True)
class Source:
    """All samples of a data set; nothing is read before it is asked for.

    Attributes:
        kind: what it is, for reports: "image folders", "npz", ...
        names: one per sample.
        load: sample number -> the model's input tensor. Raises DataError where the sample
            cannot be read; its ``seen`` is the reason.
        labels: the class of each sample; None where they are not known.
        no_labels: why not; "" where they are.
        groups: what a limit is spread over: a number per sample, usually its class.
        preparation: what was done to a sample, one sentence for reports.
        notes: decisions that the user should know of.
    """

    kind: str
    names: tuple[str, ...]
    load: Callable[[int], NDArray[Any]]
    labels: tuple[int, ...] | None
    no_labels: str
    groups: tuple[int, ...]
    preparation: str
    notes: tuple[str, ...] = ()


def unreadable(name: str, seen: str) -> DataError:
    """The error for one sample that cannot be used; the others may be."""
    return DataError(f"read {name}", seen, "mend or remove it")


def check_classes(labels: tuple[int, ...], classes: int | None, where: str) -> None:
    """Checks labels against the model's classes.

    Raises:
        DataError: a label is not one of them.
    """
    wrong = [label for label in labels if not 0 <= label < (classes or 1 << 31)]
    if wrong:
        raise DataError(
            f"{where} has classes from 0 to {(classes or 1 << 31) - 1}, as the model does",
            f"class {wrong[0]}" + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""),
            "give the data that belongs to the model",
        )
