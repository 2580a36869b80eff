"""The data sets that Keras knows by name: from its cache, or downloaded by it.

Which file must lie where is Keras's own business (https://keras.io/api/datasets); it is told
here for those whose computer cannot download.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock

from tinybench.errors import DataError, ModelError
from tinybench.train.data.arrays import array_samples
from tinybench.train.data.samples import Samples
from tinybench.train.isolated import run_job
from tinybench.whole import write_whole

_IDX = tuple(
    f"fashion-mnist/{part}-{kind}-ubyte.gz"
    for part in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
)

NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "mnist": (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        ("mnist.npz",),
    ),
    "fashion_mnist": (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        _IDX,
    ),
    "cifar10": (
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        ("cifar-10-batches-py-target/cifar-10-batches-py/ (the archive, unpacked)",),
    ),
    "cifar100": (
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        ("cifar-100-python-target/cifar-100-python/ (the archive, unpacked)",),
    ),
}
"""By name: where Keras downloads it, and the files below its cache that make it."""

_NAMES = {
    "fashion_mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "cifar10": (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
}


def keras_cache() -> Path:
    """The folder that Keras keeps data sets in."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def open_named(name: str, cache: Path | None = None) -> Samples:
    """A data set of Keras, its training and test parts as Keras divides it.

    Args:
        name: a key of :data:`NAMED`.
        cache: folder for our copy; the user's cache directory if None.

    Raises:
        DataError: it is in no cache and cannot be downloaded; says which file to put where.
        ToolMissing: Keras is not installed.
    """
    shelf = cache or Path(platformdirs.user_cache_dir("tinybench")) / "datasets"
    kept = shelf / f"{name}.npz"
    if not kept.is_file():
        shelf.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):
            if not kept.is_file():
                _fetch(name, kept)
    with np.load(kept, allow_pickle=False) as file:
        arrays = {
            part: (file[f"x_{part}"], file[f"y_{part}"].reshape(-1)) for part in ("train", "test")
        }
    return array_samples(Path(name), name, arrays, stamp=name, class_names=_NAMES.get(name, ()))


def _fetch(name: str, kept: Path) -> None:
    try:
        run_job(
            "tinybench.train.data.named:fetch_job",
            {"name": name, "out": str(kept)},
            purpose=f"load keras.datasets.{name}",
        )
    except ModelError as error:
        url, files = NAMED[name]
        raise DataError(
            f"the data set {name}, from Keras's cache or by download",
            error.seen,
            f"get it from {url} on another computer and put it here:",
            details=tuple(str(keras_cache() / file) for file in files),
        ) from error


def fetch_job(request: dict[str, Any]) -> dict[str, Any]:
    """In Keras's process: loads the data set, which downloads it if need be, and writes it."""
    import importlib
    import socket

    socket.setdefaulttimeout(30)
    loader = importlib.import_module(f"keras.datasets.{request['name']}")
    (x_train, y_train), (x_test, y_test) = loader.load_data()
    file = io.BytesIO()
    np.savez_compressed(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    write_whole(Path(request["out"]), file.getvalue())
    return {}
