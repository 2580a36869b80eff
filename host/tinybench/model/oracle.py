"""TensorFlow Lite Micro on this machine: the reference that a device must equal byte for byte.

The `tflite-micro` wheel exists for x86-64 Linux only; elsewhere :func:`available` says so and the
comparison is with LiteRT alone.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, BinaryIO

import numpy as np

from tinybench.errors import ModelError
from tinybench.model.read import parse_tflite
from tinybench.model.runner import Array, check_inputs

_FIRST_ARENA_BYTES = 1 << 16
_LAST_ARENA_BYTES = 1 << 30

_WANTED = "run the model with TFLM on this machine"

# What TFLM writes when (only) the arena is too small.
_ARENA_TOO_SMALL = ("Failed to resize buffer", "Failed to allocate")


def available() -> str | None:
    """None where TFLM can run here, else the reason why not."""
    try:
        version("tflite-micro")
    except PackageNotFoundError:
        machine = f"{sys.platform} {platform.machine()}, Python {platform.python_version()}"
        return f"tflite-micro is not installed (it exists for x86-64 Linux; this is {machine})"
    return None


class TflmRunner:
    """TFLM's reference kernels.

    Args:
        model_bytes: the .tflite file.
        keep_tensors: keep every intermediate tensor, for :meth:`tensor`; costs memory.

    Raises:
        ModelError: the file is not a model, TFLM does not take it, or it is not installed.
    """

    def __init__(self, model_bytes: bytes, *, keep_tensors: bool = False) -> None:
        reason = available()
        if reason is not None:
            raise ModelError(_WANTED, reason, "on x86-64 Linux: pip install tflite-micro")
        self.name = f"TFLM (tflite-micro {version('tflite-micro')}), reference kernels"
        self.notes: tuple[str, ...] = ()
        self.last_us = 0.0
        self._graph = parse_tflite(model_bytes)
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._interpreter: Any = self._allocate(model_bytes, keep_tensors)

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """One inference; see :class:`~tinybench.model.runner.Runner`.

        Raises:
            DataError: the arrays are not what the model takes.
            ModelError: TFLM fails, with the reason it gave.
        """
        check_inputs(self._graph, inputs)
        for index, array in enumerate(inputs):
            self._interpreter.set_input(array, index)
        try:
            with _stderr_to(self._noise):
                start = time.perf_counter_ns()
                self._interpreter.invoke()
                self.last_us = (time.perf_counter_ns() - start) / 1000
        except RuntimeError as error:
            raise self._refused(error) from error
        outputs = range(len(self._graph.outputs))
        return [np.array(self._interpreter.get_output(index)) for index in outputs]

    def tensor(self, index: int) -> Array:
        """An intermediate tensor of the last inference; needs ``keep_tensors``."""
        return np.array(self._interpreter.GetTensor(index, 0)["tensor_data"])

    def close(self) -> None:
        """Frees the model."""
        self._interpreter = None
        self._noise.close()

    def _allocate(self, model_bytes: bytes, keep_tensors: bool) -> Any:
        """Loads the model into the smallest of a series of doubling arenas that holds it."""
        runtime = importlib.import_module("tflite_micro.python.tflite_micro.runtime")
        configs = runtime.InterpreterConfig
        config = configs.kPreserveAllTensors if keep_tensors else configs.kAllocationRecording
        arena = _FIRST_ARENA_BYTES
        while True:
            try:
                with _stderr_to(self._noise):
                    return runtime.Interpreter.from_bytes(
                        model_bytes, arena_size=arena, intrepreter_config=config
                    )
            except RuntimeError as error:
                refused = self._refused(error)
                too_small = any(sign in refused.seen for sign in _ARENA_TOO_SMALL)
                if not too_small or arena >= _LAST_ARENA_BYTES:
                    raise refused from error
                arena *= 2

    def _refused(self, error: Exception) -> ModelError:
        """TFLM's exception says nothing; what it wrote to stderr does."""
        self._noise.seek(0)
        said = self._noise.read().decode("utf-8", "replace").split("\n")
        reason = "; ".join(line.strip() for line in said if line.strip())
        todo = "`tinybench inspect` says what of the model no engine runs"
        return ModelError(_WANTED, reason or str(error), todo)


@contextmanager
def _stderr_to(file: BinaryIO) -> Iterator[None]:
    """Sends what C code writes to stderr into ``file``, emptied first."""
    file.seek(0)
    file.truncate()
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
