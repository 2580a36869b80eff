"""Samples from one array: an .npz, or the images of an IDX file."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.preprocess import (
    InputSpec,
    pixels_to_tensor,
    real_to_tensor,
    settle_pixel_range,
)
from tinybench.bench.sources.base import Source, check_classes, unreadable
from tinybench.errors import DataError

_TODO_TYPES = "save x as uint8 (pixels), int8 (input tensors as they are) or float32 (real values)"


def open_npz(path: Path, spec: InputSpec, pixel_range: str) -> Source:
    """An .npz with ``x`` (samples first) and, if there are labels, ``y``.

    int8 ``x`` are input tensors as they are, uint8 pixels, floating point real values.

    Raises:
        DataError: it cannot be read, lacks ``x``, or does not suit the model.
    """
    arrays = _read_npz(path)
    if "x" not in arrays:
        seen = f"it holds {', '.join(sorted(arrays)) or 'nothing'}"
        raise DataError(f"{path} holds an array x", seen, "np.savez(path, x=..., y=...)")
    return array_source("npz", path.name, arrays["x"], arrays.get("y"), spec, pixel_range)


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it is a single array")
            return {name: file[name] for name in ("x", "y") if name in file.files} or {
                name: np.empty(0) for name in file.files
            }
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise DataError(
            f"read the data {path}", str(error), "write it with np.savez(path, x=..., y=...)"
        ) from error


def array_source(
    kind: str,
    name: str,
    x: NDArray[Any],
    y: NDArray[Any] | None,
    spec: InputSpec,
    pixel_range: str,
) -> Source:
    """Samples along the first axis of ``x``.

    Args:
        kind: for reports.
        name: the file's, for messages.
        x: samples; see :func:`open_npz` for the meaning of its dtype.
        y: classes, shape (samples,) or (samples, 1), one-hot (samples, classes), or None.
        spec: the model's input.
        pixel_range: what pixels stand for.

    Raises:
        DataError: shapes, types or classes do not suit the model.
    """
    _check_shape(name, x, spec)
    convert, preparation = _conversion(name, x, spec, pixel_range)
    labels = None if y is None else _labels(name, from_one_hot(y), len(x), spec)
    return Source(
        kind=kind,
        names=tuple(str(index) for index in range(len(x))),
        load=lambda index: convert(x[index]),
        labels=labels,
        no_labels="" if labels is not None else f"{name} has no labels",
        groups=labels or (0,) * len(x),
        preparation=preparation,
    )


def from_one_hot(y: NDArray[Any]) -> NDArray[Any]:
    """Class numbers of one-hot rows, (samples, classes); anything else as it is."""
    rows = y.ndim == 2 and y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all())
    return y.argmax(axis=1) if rows and bool((y.sum(axis=1) == 1).all()) else y


def _check_shape(name: str, x: NDArray[Any], spec: InputSpec) -> None:
    """Samples must have the input's shape; dimensions of 1 may be left out or added."""
    sample = x.shape[1:]
    if x.ndim == 0 or [d for d in sample if d != 1] != [d for d in spec.shape if d != 1]:
        raise DataError(
            f"samples of shape {spec.sample_shape}, as the model takes them",
            f"{name}: x of shape {x.shape}",
            "bring the samples to the model's shape, samples first",
        )
    if math.prod(x.shape) == 0:
        raise DataError(
            "at least one sample", f"{name}: x of shape {x.shape}", "save x with samples in it"
        )


def _conversion(name: str, x: NDArray[Any], spec: InputSpec, pixel_range: str) -> Any:
    """How a sample becomes the input tensor, by the type of ``x``; and what to say about it."""
    if x.dtype == np.uint8:
        settled = settle_pixel_range(pixel_range, spec)
        chosen = " (auto)" if pixel_range == "auto" else ""
        return (
            lambda sample: pixels_to_tensor(sample, spec, settled),
            f"uint8 pixels as {settled}{chosen}",
        )
    if x.dtype.kind == "f":
        return lambda sample: _real(sample, spec), "real values, quantized"
    if x.dtype.name == spec.dtype:
        return lambda sample: sample.reshape(spec.shape), "input tensors as they are"
    raise DataError(
        f"samples for an input of {spec.dtype}", f"{name}: x of {x.dtype.name}", _TODO_TYPES
    )


def _real(sample: NDArray[Any], spec: InputSpec) -> NDArray[Any]:
    if not np.all(np.isfinite(sample)):
        raise unreadable("the sample", "it holds values that are not finite")
    return real_to_tensor(sample.astype(np.float32), spec)


def _labels(name: str, y: NDArray[Any], samples: int, spec: InputSpec) -> tuple[int, ...]:
    if y.dtype.kind not in "iu" or y.shape not in ((samples,), (samples, 1)):
        raise DataError(
            f"{samples} classes as integers, y of shape ({samples},)",
            f"{name}: y of {y.dtype.name} {y.shape}",
            "save y as the class numbers, one per sample",
        )
    labels = tuple(int(label) for label in y.reshape(-1))
    check_classes(labels, spec.classes, f"{name}: y")
    return labels
