"""What every kind of data is turned into."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import DataError

PARTS = ("train", "selection", "test")
"""The parts that data may come divided into; "" where it is not."""


@dataclass(frozen=True)
class Samples:
    """Labelled samples, read when they are asked for.

    Attributes:
        path: where they come from.
        kind: their form, for reports: "folder per class", "IDX", ...
        names: one per sample; no two alike.
        labels: int64 (n,), the class of each; None where nobody gave them.
        class_names: by class. Made up ("0", "1", ...) where ``named`` is False.
        named: whether the data itself, or a labels file, names the classes.
        parts: one of :data:`PARTS` or "" per sample: how the data came divided.
        pixels: whether samples are uint8 pixels; else float32 real values.
        load: (sample number, shape of one sample) -> array of that shape, uint8 or float32.
            Raises DataError where the sample cannot be read or brought to the shape.
        digest: sample number -> hash of its content, hex; independent of its name.
        stamp: changes when the files do; cheap to make.
        notes: decisions that the user should know of.
        shape: of one sample as it is stored; None where pictures can have any size.
    """

    path: Path
    kind: str
    names: tuple[str, ...]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    named: bool
    parts: tuple[str, ...]
    pixels: bool
    load: Callable[[int, tuple[int, ...]], NDArray[Any]]
    digest: Callable[[int], str]
    stamp: str
    notes: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self.names)

    def read(self, chosen: Sequence[int] | NDArray[np.int64], shape: Sequence[int]) -> NDArray[Any]:
        """Some samples as one array.

        Args:
            chosen: their numbers.
            shape: of one sample, without the batch, as the model takes it. Images are resized
                as ``tinybench bench`` does it; other samples must have it, but for axes of 1.

        Returns:
            (len(chosen), *shape), uint8 pixels or float32 real values.

        Raises:
            DataError: a sample cannot be read, or does not suit the shape.
        """
        dtype = np.uint8 if self.pixels else np.float32
        out = np.empty((len(chosen), *shape), dtype)
        for row, index in enumerate(chosen):
            out[row] = self.load(int(index), tuple(shape))
        return out

    def take(self, kept: NDArray[np.int64]) -> Samples:
        """Some of the samples, as samples of their own."""
        numbers = [int(index) for index in kept]
        load, digest = self.load, self.digest
        return dataclasses.replace(
            self,
            names=tuple(self.names[i] for i in numbers),
            labels=None if self.labels is None else self.labels[kept],
            parts=tuple(self.parts[i] for i in numbers),
            load=lambda index, shape: load(numbers[index], shape),
            digest=lambda index: digest(numbers[index]),
        )


def misshapen(name: str, seen: Sequence[int], wanted: Sequence[int]) -> DataError:
    """The error for samples that do not suit the model's input."""
    return DataError(
        f"samples of shape {tuple(wanted)}, as the model takes them",
        f"{name}: shape {tuple(seen)}",
        "give the data that belongs to the model, or bring it to the model's shape",
    )
