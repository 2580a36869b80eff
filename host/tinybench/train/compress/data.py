"""The samples that a method trains, decides and reports on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import DataError
from tinybench.train.compress.fit import Data, Samples, predict
from tinybench.train.data import (
    Split,
    as_recorded,
    number_classes,
    split_samples,
    to_reals,
)
from tinybench.train.data import samples as data_samples
from tinybench.train.data.labelled import read_samples
from tinybench.train.pixels import TRIED, try_ranges
from tinybench.train.recorded import recorded_classes, recorded_range

LEAST_CALIBRATION = 10
_SHAPE_ONLY = frozenset({"InputLayer", "Reshape", "ZeroPadding2D", "ZeroPadding1D"})


def load_data(
    spec: Mapping[str, Any], model: Any, file: Path, seed: int, added: Sequence[str] = ()
) -> Data:
    """Reads data for a model.

    Args:
        spec: as :class:`tinybench.methods.DataSpec` has it.
        model: its input says the shape of a sample, its output how many classes there are.
        file: it was loaded from.
        seed: of what a limit leaves.
        added: classes of the data that the model does not have; they get the numbers behind its.

    Raises:
        DataError: it cannot be read, has no labels, too few samples, or does not suit the model.
    """
    shape = tuple(model.input_shape[1:])
    samples = read_samples(spec)
    split = split_of(samples, spec)
    samples = _numbered(samples, int(model.output_shape[-1]), recorded_classes(file), added)
    split = split.of_labelled(samples)
    pixel_range, note = _settle_range(spec["pixel_range"], samples, split, model, file)
    data = divide(samples, split, spec, shape, pixel_range, seed)
    return dataclasses.replace(data, notes=(*data.notes, note)) if note else data


def _numbered(
    samples: data_samples.Samples, count: int, names: Sequence[str], added: Sequence[str]
) -> data_samples.Samples:
    """Classes as the model's outputs are, by the names on record where there are any."""
    if len(names) == count:
        known = as_recorded(samples, (*names, *(name for name in added if name not in names)))
        if known is not None:
            return known
    return _with_added(samples, count, added) if added else number_classes(samples, count)


def _with_added(
    samples: data_samples.Samples, count: int, added: Sequence[str]
) -> data_samples.Samples:
    """The model's classes first, in the data's order, then those that are added."""
    samples = number_classes(samples, None)
    names = samples.class_names
    own = [name for name in names if name not in added]
    missing = [name for name in added if name not in names]
    if missing or len(own) != count:
        raise DataError(
            f"data with the {count} classes of the model and those to add",
            f"{len(own)} others" + (f"; no {', '.join(missing)}" if missing else ""),
            f"the data has {', '.join(names[:20])}",
        )
    order = [*own, *added]
    place = np.array([order.index(name) for name in names], np.int64)
    assert samples.labels is not None
    return dataclasses.replace(samples, labels=place[samples.labels], class_names=tuple(order))


def split_of(samples: data_samples.Samples, spec: Mapping[str, Any]) -> Split:
    """The samples' parts; made once where ``spec`` names a store."""
    store = None if spec["store"] is None else Path(spec["store"])
    return split_samples(samples, seed=spec["split_seed"], store=store)


def divide(
    samples: data_samples.Samples,
    split: Split,
    spec: Mapping[str, Any],
    shape: tuple[int, ...],
    pixel_range: str,
    seed: int,
) -> Data:
    """Samples as arrays, in their parts.

    Raises:
        DataError: too few samples.
    """
    assert samples.labels is not None
    labels = samples.labels
    rng = np.random.default_rng([seed, 5])

    def part(name: str, limit: int = 0) -> Samples:
        chosen = getattr(split, name)
        if limit and len(chosen) > limit:
            chosen = np.sort(rng.permutation(chosen)[:limit])
        if not len(chosen):
            raise DataError(
                f"samples for each of {', '.join(split.sizes)}",
                f"{len(samples)} samples leave none for {name}",
                "give more samples of each class",
            )
        return Samples(to_reals(samples.read(chosen, shape), pixel_range), labels[chosen])

    calibration = part("calibration", spec["calibration"])
    if len(calibration) < LEAST_CALIBRATION:
        raise DataError(
            f"at least {LEAST_CALIBRATION} samples to calibrate int8 with",
            f"calibration={len(calibration)} of {len(samples)} samples",
            "give more data",
        )
    train = part("train", spec["limit"])
    if len(np.unique(train.y)) < 2:
        raise DataError(
            "samples of two classes or more, to tell apart",
            f"all {len(train)} to train on are of class {int(train.y[0])}",
            "give data with more classes, or a higher --limit",
        )
    return Data(
        train=train,
        validation=part("selection", spec["limit"]),
        test=part("test"),
        calibration=calibration.x,
        pixel_range=pixel_range,
        class_names=samples.class_names,
        notes=(*samples.notes, *split.notes),
    )


def _settle_range(
    choice: str, samples: data_samples.Samples, split: Split, model: Any, file: Path
) -> tuple[str, str]:
    """What pixels stand for, and how that is known where it was not said."""
    if choice != "auto" or not samples.pixels:
        return "0:1" if choice == "auto" else choice, ""
    recorded = recorded_range(file)
    if recorded is not None:
        return recorded, ""
    first = next(x for x in model.layers if type(x).__name__ not in _SHAPE_ONLY)
    if type(first).__name__ in ("Rescaling", "Normalization"):
        return "0:255", ""
    tried = np.sort(np.random.default_rng(0).permutation(split.train)[:TRIED])
    labels = None if samples.labels is None else samples.labels[tried]

    def right_of(x: NDArray[np.float32]) -> NDArray[np.bool_]:
        return np.asarray(predict(model, x).argmax(axis=1) == labels)

    found, evidence = try_ranges(right_of, samples.read(tried, model.input_shape[1:]), labels)
    return found, f"pixels are taken as {found}: {evidence}"


def of_classes(samples: Samples, kept: list[int]) -> Samples:
    """The samples of some classes, numbered in the order of ``kept``."""
    new = np.full(int(samples.y.max(initial=0)) + 1, -1, np.int64)
    for number, old in enumerate(kept):
        if old < len(new):
            new[old] = number
    labels: NDArray[np.int64] = new[samples.y]
    return Samples(samples.x[labels >= 0], labels[labels >= 0])


def on_all(data: Data, change: Any) -> Data:
    """The data with each part changed."""
    return dataclasses.replace(
        data,
        train=change(data.train),
        validation=change(data.validation),
        test=change(data.test),
    )
