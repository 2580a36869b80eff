"""The samples that a model is measured on, whatever form the user has them in.

spec = input_spec(graph)
data = open_dataset(Path("photos"), spec, labels=read_labels(Path("labels.txt")))
for index in range(len(data)):
    tensor = data.tensor(index)     # the model's input, read and prepared now
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tinybench.bench.labels import check_labels
from tinybench.bench.preprocess import InputSpec
from tinybench.bench.sources.arrays import open_npz
from tinybench.bench.sources.base import Source
from tinybench.bench.sources.idx import find_idx_images, is_idx, open_idx
from tinybench.bench.sources.images import find_images, open_images
from tinybench.bench.sources.raw import LABELS_FILE, open_raw
from tinybench.bench.spread import spread
from tinybench.errors import DataError

_TODO_FORMS = (
    "give a folder per class of images, an .npz with x and y, IDX files, or a folder of .bin "
    f"tensors with {LABELS_FILE}"
)


@dataclass(frozen=True)
class Dataset:
    """The samples of a run, in order; each is read when it is asked for.

    Attributes:
        path: where they come from.
        source: all samples there are.
        chosen: the source's numbers of those that are measured.
        label_names: class names by class; empty where nobody gave them.
    """

    path: Path
    source: Source
    chosen: tuple[int, ...]
    label_names: tuple[str, ...]

    def __len__(self) -> int:
        """How many samples are measured."""
        return len(self.chosen)

    def name(self, index: int) -> str:
        """A sample's name: its path in the folder, or its number."""
        return self.source.names[self.chosen[index]]

    def label(self, index: int) -> int | None:
        """A sample's class; None without labels."""
        labels = self.source.labels
        return None if labels is None else labels[self.chosen[index]]

    def tensor(self, index: int) -> NDArray[Any]:
        """A sample as the model's input: its shape and dtype.

        Raises:
            DataError: it cannot be read; ``seen`` says why.
        """
        return self.source.load(self.chosen[index])

    @property
    def kind(self) -> str:
        """The form of the data, for reports."""
        return self.source.kind

    @property
    def preparation(self) -> str:
        """What was done to each sample, for reports."""
        return self.source.preparation

    @property
    def no_labels(self) -> str:
        """Why there are no labels; "" where there are."""
        return self.source.no_labels

    @property
    def notes(self) -> tuple[str, ...]:
        """Decisions about the data that the user should know of."""
        return self.source.notes


def open_dataset(
    path: Path,
    spec: InputSpec,
    labels: Sequence[str] | None = None,
    pixel_range: str = "auto",
    limit: int | None = None,
) -> Dataset:
    """Finds out what ``path`` holds and opens it.

    Args:
        path: a folder of images or of a folder of them per class; an .npz; an IDX images file
            or a folder with one; a folder of raw .bin tensors.
        spec: the model's input.
        labels: class names in the model's order.
        pixel_range: what pixels stand for: "auto", "0:255", "0:1" or "-1:1".
        limit: measure so many samples, spread evenly over the classes and over each class's
            samples; always the same ones.

    Raises:
        DataError: there is nothing to measure, or what there is does not suit the model.
    """
    if limit is not None and limit < 1:
        raise DataError(
            "a limit of at least one sample", f"limit={limit}", "leave it out to run all of them"
        )
    if labels is not None:
        check_labels(labels, spec.classes)
    source = _open(path, spec, labels, pixel_range)
    if not source.names:
        raise DataError(f"samples in {path}", "there are none", _TODO_FORMS)
    chosen = spread(source.groups, limit)
    return Dataset(path, source, chosen, tuple(labels or ()))


def _open(path: Path, spec: InputSpec, labels: Sequence[str] | None, pixel_range: str) -> Source:
    try:
        if path.is_dir():
            return _open_folder(path, spec, labels, pixel_range)
        if path.exists() and not path.is_file():
            raise DataError(f"read the data {path}", "it is not a regular file", _TODO_FORMS)
        if not path.is_file():
            raise DataError(f"read the data {path}", "there is no such file or folder", _TODO_FORMS)
        if is_idx(path):
            return open_idx(path, spec, pixel_range)
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return open_npz(path, spec, pixel_range)
    except OSError as error:
        seen = error.strerror or str(error)
        raise DataError(f"read the data {path}", seen, "check its permissions") from error
    raise DataError(f"read the data {path}", "it is neither .npz nor IDX", _TODO_FORMS)


def _open_folder(
    path: Path, spec: InputSpec, labels: Sequence[str] | None, pixel_range: str
) -> Source:
    if (path / LABELS_FILE).is_file() or any(path.glob("*.bin")):
        return open_raw(path, spec)
    if find_idx_images(path):
        return open_idx(path, spec, pixel_range)
    if find_images(path):
        return open_images(path, spec, labels, pixel_range)
    raise DataError(f"samples in {path}", "the folder holds none", _TODO_FORMS)
