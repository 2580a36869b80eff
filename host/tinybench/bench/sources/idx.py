"""IDX files, as MNIST and its relatives come: one of images, one of labels, often gzipped.

Format: http://yann.lecun.com/exdb/mnist (two zero bytes, a type, the number of dimensions, each
dimension as a big-endian 32-bit integer, then the elements).
"""

from __future__ import annotations

import dataclasses
import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.preprocess import InputSpec
from tinybench.bench.sources.arrays import array_source
from tinybench.bench.sources.base import Source
from tinybench.errors import DataError

_UNSIGNED_BYTE = 0x08
_MAX_BYTES = 2 << 30

# Of several images files in a folder, the one that was held back from training is meant.
_HELD_BACK = ("t10k", "test", "val")


def is_idx(path: Path) -> bool:
    """Whether a file begins like an IDX file of unsigned bytes, gzipped or not."""
    try:
        with _open(path) as file:
            start = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return start[:3] == bytes((0, 0, _UNSIGNED_BYTE)) and len(start) == 4


def find_idx_images(folder: Path) -> list[Path]:
    """The images files of a folder, by their usual names (``...-images-idx3-ubyte[.gz]``)."""
    found = [path for path in folder.iterdir() if "images" in path.name and path.is_file()]
    return sorted(path for path in found if "idx" in path.name and is_idx(path))


def open_idx(path: Path, spec: InputSpec, pixel_range: str) -> Source:
    """An IDX images file, or a folder with one; its labels lie beside it.

    Raises:
        DataError: it cannot be read, does not suit the model, or the folder leaves it open
            which images are meant.
    """
    images, note = (path, "") if path.is_file() else _choose(path)
    x = read_idx(images)
    y_path = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
    y = read_idx(y_path) if y_path != images and y_path.is_file() else None
    source = array_source("IDX", images.name, x, y, spec, pixel_range)
    return dataclasses.replace(source, notes=(note,) if note else ())


def _choose(folder: Path) -> tuple[Path, str]:
    found = find_idx_images(folder)
    held_back = [path for path in found if any(part in path.name for part in _HELD_BACK)]
    chosen = held_back or found
    if len(chosen) != 1:
        names = ", ".join(path.name for path in chosen)
        raise DataError("one images file", f"{folder} holds {names}", "give the file itself")
    if len(found) == 1:
        return chosen[0], ""
    others = ", ".join(path.name for path in found if path not in chosen)
    return chosen[0], f"{chosen[0].name} was used, {others} was not"


def read_idx(path: Path) -> NDArray[Any]:
    """An IDX file of unsigned bytes as an array.

    Raises:
        DataError: it is none, or cut short.
    """
    try:
        with _open(path) as file:
            return _parse(file, path)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise _broken(path, str(error) or "it is cut short") from error


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if gzipped else path.open("rb")  # type: ignore[return-value]


def _parse(file: BinaryIO, path: Path) -> NDArray[Any]:
    zero, kind, dimensions = struct.unpack(">HBB", file.read(4))
    if zero != 0 or kind != _UNSIGNED_BYTE or not 1 <= dimensions <= 4:
        raise _broken(path, f"it begins {zero:04x} {kind:02x} {dimensions:02x}")
    shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    count = math.prod(shape)
    if count > _MAX_BYTES:
        raise _broken(path, f"it claims {shape}, more than 2 GiB")
    data = file.read(count + 1)
    if len(data) != count:
        held = "more" if len(data) > count else f"only {len(data)}"
        raise _broken(path, f"it claims {shape}, {count} bytes, and holds {held}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _broken(path: Path, seen: str) -> DataError:
    return DataError(f"{path} is an IDX file of unsigned bytes", seen, "download it again")
