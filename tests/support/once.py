"""What takes long is made once for all of pytest-xdist's workers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first worker to ask fills, and that the others find.

    Args:
        factory: of this session.
        name: of the folder; one for each ``make``.
        make: given an empty folder. Nothing in it may name where it lies: it is renamed when whole.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, half = shared / name, shared / f"{name}.part"
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            make(half)
            half.rename(folder)
    return folder
