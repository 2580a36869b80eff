"""Jobs for tests of tinybench.train.isolated: what TensorFlow may do to its process."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import Any

from tinybench.errors import UnsupportedModel
from tinybench.train.isolated import report


def echo(request: dict[str, Any]) -> dict[str, Any]:
    return {"seen": request}


def chatter(request: dict[str, Any]) -> dict[str, Any]:
    """News, Python's noise, and noise written below Python, as C++ code does."""
    report("one")
    print("noise on stdout", flush=True)
    os.write(2, b"noise \xff on stderr\n")
    report("two")
    return {}


def crash(request: dict[str, Any]) -> dict[str, Any]:
    print("last words", file=sys.stderr, flush=True)
    os.abort()


def leave(request: dict[str, Any]) -> dict[str, Any]:
    os._exit(7)


def hang(request: dict[str, Any]) -> dict[str, Any]:
    Path(request["pid"]).write_text(str(os.getpid()))
    time.sleep(600)
    return {}


def fill_the_disk(request: dict[str, Any]) -> dict[str, Any]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "base.tflite")


def blunder(request: dict[str, Any]) -> dict[str, Any]:
    raise ValueError("no such thing")


def refuse(request: dict[str, Any]) -> dict[str, Any]:
    raise UnsupportedModel("wanted", "seen", "todo", details=("op 3", "op 5"))


def need_missing(request: dict[str, Any]) -> dict[str, Any]:
    import a_package_that_nobody_has

    return {"never": a_package_that_nobody_has}
