"""Compiled models as processes of this machine, under address and undefined-behaviour sanitizers.

The kernels are compiled once, and kept by what they are made of; a model then costs a fraction of a
second.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock
from numpy.typing import NDArray

from tinybench import resources
from tinybench.compiler import Program, from_device, to_device
from tinybench.render.model_source import render_model

Array = NDArray[Any]

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
SANITIZERS = (
    "-g1",
    "-fsanitize=address,undefined,float-cast-overflow,float-divide-by-zero",
    "-fno-sanitize-recover=all",
)
_INCLUDES = tuple(f"-I{resources.firmware() / folder}" for folder in ("core", "kernels"))
_BUILD_ID = "00" * 16
_KEPT_S = 7 * 86_400  # objects that nobody used for so long are forgotten


class HostModel:
    """A compiled model, built in a folder of its own.

    Args:
        program: the model.
        wrap: let int32 wrap around instead of calling that an error, for models whose scales
            and constants make no sense.

    Raises:
        AssertionError: what was rendered does not compile, with the compiler's words.
    """

    def __init__(self, program: Program, *, wrap: bool = False) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(dir=_session_folder()))
        for name, text in render_model(program, None, _BUILD_ID).items():
            (self._folder / name).write_text(text)
        self._executable = self._folder / "model"
        _compile(
            "g++",
            *("-std=gnu++17", "-O0", "-fno-exceptions", "-fno-rtti"),
            *(str(self._folder / "model.cc"), *_objects(wrap)),
            *("-o", str(self._executable)),
        )

    def __enter__(self) -> HostModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, samples: Sequence[Sequence[Array]]) -> list[list[Array]]:
        """Inferences, one after another, in one process.

        Args:
            samples: for each inference the model's inputs, as the file has them.

        Returns:
            For each the model's outputs, as the file has them.

        Raises:
            AssertionError: the process failed, with the sanitizer's words.
        """
        answer = self.run_raw(b"".join(self._pack(sample) for sample in samples))
        size = len(answer) // len(samples)
        return [self._unpack(answer[i * size : (i + 1) * size]) for i in range(len(samples))]

    def run_raw(self, inputs: bytes) -> bytes:
        """The same in the device's bytes: all inputs of each sample, all outputs of each.

        Raises:
            AssertionError: the process failed, with the sanitizer's words.
        """
        done = subprocess.run(
            [self._executable],
            input=inputs,
            capture_output=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        samples = len(inputs) // sum(tensor.nbytes for tensor in self._program.inputs)
        assert len(done.stdout) == samples * sum(t.nbytes for t in self._program.outputs)
        return done.stdout

    def _pack(self, sample: Sequence[Array]) -> bytes:
        inputs = self._program.inputs
        packed = [to_device(t, v).tobytes() for t, v in zip(inputs, sample, strict=True)]
        assert [len(p) for p in packed] == [t.nbytes for t in inputs]
        return b"".join(packed)

    def _unpack(self, data: bytes) -> list[Array]:
        outputs = []
        offset = 0
        for tensor in self._program.outputs:
            raw = np.frombuffer(data[offset : offset + tensor.nbytes], tensor.dtype)
            outputs.append(from_device(tensor, raw.reshape(tensor.shape)))
            offset += tensor.nbytes
        return outputs


@functools.cache
def _session_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tinybench-host-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _objects(wrap: bool) -> tuple[str, ...]:
    """The kernels and the main program, compiled."""
    sources = sorted((resources.firmware() / "kernels").glob("*.c"))
    sources.append(Path(__file__).with_name("host_main.c"))
    flags = ("-fwrapv", "-fno-sanitize=signed-integer-overflow") if wrap else ()
    return tuple(str(_object(source, "-std=c99", "-O2", *flags)) for source in sources)


def _object(source: Path, *flags: str) -> Path:
    """An object that any worker, or an earlier session, has compiled of the same source."""
    made_of = hashlib.sha256(_common() + repr((str(source), flags)).encode() + source.read_bytes())
    shelf = Path(platformdirs.user_cache_dir("tinybench")) / "test-objects"
    made = shelf / f"{source.stem}-{made_of.hexdigest()}.o"
    shelf.mkdir(parents=True, exist_ok=True)
    with FileLock(shelf / f".{source.stem}.lock"):
        if not made.is_file():
            half = made.with_suffix(".part")
            _compile("gcc", *flags, "-c", str(source), "-o", str(half))
            half.rename(made)
            _forget_old(shelf)
        made.touch()
    return made


def _forget_old(shelf: Path) -> None:
    for path in shelf.glob("*.o"):
        with contextlib.suppress(OSError):  # another process may be forgetting it
            if time.time() - path.stat().st_mtime > _KEPT_S:
                path.unlink()


@functools.cache
def _common() -> bytes:
    """What goes into every object: the compiler, its flags, all headers."""
    version = subprocess.run(["gcc", "--version"], capture_output=True, check=True).stdout
    folders = (resources.firmware() / name for name in ("core", "kernels"))
    headers = sorted(path for folder in folders for path in folder.glob("*.h"))
    flags = repr((WARNINGS, SANITIZERS)).encode()
    return version + flags + b"".join(path.read_bytes() for path in headers)


def compile_c(source: Path, executable: Path) -> None:
    """Compiles a program of one file, with the kernels' headers at hand."""
    _compile("gcc", "-std=c99", "-O2", str(source), "-o", str(executable))


def _compile(compiler: str, *arguments: str) -> None:
    done = subprocess.run(
        [compiler, *WARNINGS, *SANITIZERS, *_INCLUDES, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
