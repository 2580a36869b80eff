"""Samples in arrays: IDX files, an .npz."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.sources.arrays import from_one_hot
from tinybench.bench.sources.idx import find_idx_images, read_idx
from tinybench.errors import DataError
from tinybench.train.data.common import PART_NAMES, by_name, files_stamp, picture_size
from tinybench.train.data.samples import Samples, misshapen


def open_idx_samples(path: Path) -> Samples:
    """IDX images with the labels beside them; a folder's train and t10k files are its parts.

    Raises:
        DataError: a file is broken, or labels and images differ in number.
    """
    files = [path] if path.is_file() else find_idx_images(path)
    arrays, beside = {}, []
    for file in files:
        prefix = file.name.split("-")[0].lower()
        part = PART_NAMES.get(prefix, "") if path.is_dir() else ""
        if part in arrays:
            seen = f"{path} holds {', '.join(f.name for f in files)}"
            raise DataError("one images file per part", seen, "give the file itself")
        y_file = file.with_name(file.name.replace("images", "labels").replace("idx3", "idx1"))
        has_labels = y_file != file and y_file.is_file()
        arrays[part] = (read_idx(file), read_idx(y_file) if has_labels else None)
        beside += [file, y_file] if has_labels else [file]
    return array_samples(path, "IDX", arrays, files_stamp(beside))


def open_npz_samples(path: Path) -> Samples:
    """An .npz with x and y, or x_train, y_train, x_test, y_test (and x_val, y_val).

    uint8 x are pixels, floating point real values; windows of a sensor are (n, steps, channels).

    Raises:
        DataError: it cannot be read or holds no such arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, AttributeError) as error:
        todo = "write it with np.savez(path, x=..., y=...)"
        raise DataError(f"read the data {path}", str(error), todo) from error
    arrays = {"": (held["x"], held.get("y"))} if "x" in held else {}
    for name, part in PART_NAMES.items():
        if f"x_{name}" in held:
            arrays[part] = (held[f"x_{name}"], held.get(f"y_{name}"))
    if not arrays:
        seen = f"it holds {', '.join(sorted(held)) or 'nothing'}"
        raise DataError(f"{path} holds an array x", seen, "np.savez(path, x=..., y=...)")
    return array_samples(path, "npz", arrays, files_stamp([path]))


def array_samples(
    path: Path,
    kind: str,
    arrays: Mapping[str, tuple[NDArray[Any], NDArray[Any] | None]],
    stamp: str,
    class_names: Sequence[str] = (),
) -> Samples:
    """Samples in memory.

    Args:
        path: where they come from.
        kind: for reports.
        arrays: by part ("" where undivided): x, samples first, and y or None.
        stamp: as in :class:`Samples`.
        class_names: by class, where they are known from elsewhere.

    Raises:
        DataError: x and y differ in length, or are of no type that can be used.
    """
    for part, (x, y) in arrays.items():
        _check_arrays(f"{path.name} {part}".rstrip(), x, y)
    every_x = [x for x, _ in arrays.values()]
    if len({(x.shape[1:], x.dtype) for x in every_x}) > 1:
        seen = ", ".join(f"{part}: {a.dtype} {a.shape}" for part, (a, _) in arrays.items())
        todo = "save them all in one shape and type: the first dimension alone may differ"
        raise DataError(f"parts of one shape and type in {path.name}", seen, todo)
    every = every_x[0] if len(every_x) == 1 else np.concatenate(every_x)
    names, labels, named = _class_numbers([y for _, y in arrays.values()])
    if class_names:
        names, named = tuple(class_names), True
    parts = tuple(part for part, (a, _) in arrays.items() for _ in range(len(a)))
    numbers = [i for x in every_x for i in range(len(x))]
    return Samples(
        path=path,
        kind=kind,
        names=tuple(f"{p}/{i}" if p else str(i) for p, i in zip(parts, numbers, strict=True)),
        labels=labels,
        class_names=names,
        named=named,
        parts=parts,
        pixels=every.dtype == np.uint8,
        load=lambda index, shape: _fit(path.name, every[index], shape),
        digest=lambda index: hashlib.sha256(every[index].tobytes()).hexdigest(),
        stamp=stamp,
        shape=every.shape[1:],
    )


def _check_arrays(name: str, x: NDArray[Any], y: NDArray[Any] | None) -> None:
    if x.ndim == 0 or x.size == 0:
        todo = "save x with its samples along the first dimension"
        raise DataError(f"at least one sample in {name}", f"x of shape {x.shape}", todo)
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        raise DataError(
            "pixels (uint8) or real values (float32), since a float model is to be run on them",
            f"{name}: x of {x.dtype}",
            "save x before it was quantized",
        )
    if y is not None and (y.ndim == 0 or len(y) != len(x)):
        todo = f"save y with {len(x)} labels, in the order of x; or without y"
        raise DataError(f"a label per sample in {name}", f"x of {x.shape} and y of {y.shape}", todo)


def _class_numbers(
    ys: list[NDArray[Any] | None],
) -> tuple[tuple[str, ...], NDArray[np.int64] | None, bool]:
    """Names, classes and whether the names mean something, of labels of any usual form."""
    if any(y is None for y in ys):
        return (), None, False
    y = np.concatenate([np.asarray(y) for y in ys])
    if y.dtype.kind in "US" and y.ndim == 1:
        names, labels = by_name([str(value) for value in y])
        return names, labels, True
    y = from_one_hot(y)
    if y.dtype.kind not in "iub" or y.reshape(len(y), -1).shape[1] != 1 or y.min() < 0:
        raise DataError(
            "labels as class numbers from 0, as names, or one-hot",
            f"y of {y.dtype} {y.shape}" + (f", least {y.min()}" if y.dtype.kind in "iuf" else ""),
            "save y as one integer per sample",
        )
    labels = y.reshape(-1).astype(np.int64)
    return tuple(str(i) for i in range(int(labels.max()) + 1)), labels, False


def _fit(name: str, sample: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """One sample in the model's shape: axes of 1 added or dropped, pictures resized."""
    seen = [d for d in sample.shape if d != 1]
    if seen == [d for d in shape if d != 1]:
        return sample.reshape(shape)
    picture = sample.ndim == 2 or (sample.ndim == 3 and sample.shape[2] in (1, 3))
    if sample.dtype != np.uint8 or not picture or len(shape) not in (2, 3):
        raise misshapen(name, sample.shape, shape)
    from PIL import Image

    height, width, mode = picture_size(name, shape)
    image = Image.fromarray(sample.squeeze()).convert(mode)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(shape)
