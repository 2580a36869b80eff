"""The `tinybench` command as a user meets it: arguments, two streams and an exit code."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from support.models import conv_model

COMMAND = Path(sys.executable).with_name("tinybench")
CLASSES = 4
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Said:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout, which must be JSON and nothing else."""
        return json.loads(self.out)


def tinybench(*words: object, cwd: Path, **environment: str) -> Said:
    """Runs a command to its end; no traceback and no bug may ever be seen."""
    done = subprocess.run(
        [COMMAND, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )
    _check_words(done.stderr)
    return Said(done.returncode, done.stdout, done.stderr)


class Running:
    """A command that is under way, in a process group of its own like a shell's foreground job."""

    def __init__(self, *words: object, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [COMMAND, *map(str, words)],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=hear_signals,
        )

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Waits until something is so, while the command runs."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "this takes too long"
            time.sleep(0.01)

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Sends a signal to the command, or to its whole group as a terminal does."""
        (os.killpg if group else os.kill)(self.process.pid, number)

    def end(self) -> Said:
        """Waits for its end; no traceback and no bug may be seen."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        _check_words(err)
        return Said(self.process.returncode, out, err)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def _check_words(err: str) -> None:
    assert "Traceback" not in err, err
    assert "error: a bug in tinybench" not in err, err


def hear_signals() -> None:
    """Test runs may be background jobs of a shell, or of nohup, which start with these ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def children(pid: int) -> dict[int, str]:
    """A process's children and what they were started as."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return found


def are_gone(pids: list[int]) -> bool:
    """Whether processes have ended, all of them within a few seconds."""
    deadline = time.monotonic() + 10
    while any(_runs(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def write_model(folder: Path) -> Path:
    """model.tflite: 8x8 colour pixels to CLASSES scores."""
    path = folder / "model.tflite"
    path.write_bytes(conv_model())
    return path


def write_data(folder: Path, samples: int, *, labels: bool = True) -> Path:
    """data-N.npz: seeded pixels."""
    rng = np.random.default_rng(samples)
    arrays = {"x": rng.integers(0, 256, (samples, 8, 8, 3)).astype(np.uint8)}
    if labels:
        arrays["y"] = rng.integers(0, CLASSES, samples)
    path = folder / f"data-{samples}.npz"
    np.savez(path, **arrays)
    return path


def write_images(folder: Path, *, damaged: int = 0) -> Path:
    """images/CLASS/N.png: three images of odd sizes per class, the first ones damaged."""
    from PIL import Image

    rng = np.random.default_rng(3)
    for kind in "abcd":
        (folder / "images" / kind).mkdir(parents=True)
        for number in range(3):
            path = folder / "images" / kind / f"{number}.png"
            Image.fromarray(rng.integers(0, 256, (20, 13, 3)).astype(np.uint8)).save(path)
    for path in sorted(folder.glob("images/*/*.png"))[:damaged]:
        path.write_bytes(b"no image at all")
    return folder / "images"


def rows_in(run: Path) -> int:
    """How many samples samples.csv holds by now."""
    try:
        return max(0, (run / "samples.csv").read_text().count("\n") - 1)
    except OSError:
        return 0


def read_result(run: Path) -> Any:
    """A run's result.json."""
    return json.loads((run / "result.json").read_text())
