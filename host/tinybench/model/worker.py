"""The process behind :mod:`tinybench.model.reference`: started by it, of no use alone.

Pickled messages on stdin: the model's bytes first, then a list of arrays per sample. Pickled
answers on stdout: :class:`Facts` first, then one :class:`Outputs` per sample, or an error in the
place of either. It ends when stdin does, which is also what happens when its parent dies.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from tinybench.errors import ModelError, TinybenchError
from tinybench.model import memory
from tinybench.model.desktop import DesktopRunner
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import parse_tflite
from tinybench.model.runner import Array


@dataclass(frozen=True)
class Facts:
    """Who computes the reference.

    Attributes:
        desktop: the desktop runtime's name.
        oracle: the byte-exact runtime's name; None where it cannot run the model here.
        oracle_reason: why not; None where it can.
        memory_bytes: what the desktop runtime needed; None where the system does not say.
        memory_method: how that was measured.
        notes: what was changed in the model for a runtime, one sentence each.
    """

    desktop: str
    oracle: str | None
    oracle_reason: str | None
    memory_bytes: int | None
    memory_method: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outputs:
    """What the reference runtimes made of one sample.

    Attributes:
        desktop: LiteRT's output tensors.
        oracle: TFLM's output tensors; None where it cannot run the model here.
        desktop_us: wall time of LiteRT's inference in microseconds.
    """

    desktop: list[Array]
    oracle: list[Array] | None
    desktop_us: float


class References:
    """Both runtimes with one model."""

    def __init__(self, model_bytes: bytes) -> None:
        graph = parse_tflite(model_bytes)
        tensors = [graph.tensors[index] for index in graph.inputs]
        self._zeros = [np.zeros(tensor.shape, tensor.dtype) for tensor in tensors]
        self._load_desktop(model_bytes).close()  # brings the runtime's code into memory
        memory.reset_peak()
        before = memory.peak_bytes()
        self._desktop = self._load_desktop(model_bytes)
        after = memory.peak_bytes()
        self._memory = None if before is None or after is None else after - before
        self._oracle, self._reason = _load_oracle(model_bytes)

    def _load_desktop(self, model_bytes: bytes) -> DesktopRunner:
        runner = DesktopRunner(model_bytes)
        runner.run(self._zeros)
        return runner

    def facts(self) -> Facts:
        """Who computes."""
        return Facts(
            desktop=self._desktop.name,
            oracle=self._oracle.name if self._oracle else None,
            oracle_reason=self._reason,
            memory_bytes=self._memory,
            memory_method=memory.METHOD,
            notes=self._desktop.notes,
        )

    def run(self, inputs: list[Array]) -> Outputs:
        """One sample through both."""
        desktop = self._desktop.run(inputs)
        oracle = self._oracle.run(inputs) if self._oracle else None
        return Outputs(desktop, oracle, self._desktop.last_us)


def _load_oracle(model_bytes: bytes) -> tuple[TflmRunner | None, str | None]:
    reason = available()
    if reason is not None:
        return None, reason
    try:
        return TflmRunner(model_bytes), None
    except ModelError as error:
        return None, f"TFLM does not take the model: {error.seen}"


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until they end."""
    try:
        references = References(pickle.load(requests))
    except TinybenchError as error:
        _send(answers, error)
        return
    _send(answers, references.facts())
    while True:
        try:
            inputs = pickle.load(requests)
        except EOFError:
            return
        try:
            answer: Outputs | TinybenchError = references.run(inputs)
        except TinybenchError as error:
            answer = error
        _send(answers, answer)


def _send(answers: BinaryIO, answer: object) -> None:
    pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
    answers.flush()


def main() -> None:
    """Keeps stdout for answers; whatever C code prints goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, answers)
    except (BrokenPipeError, pickle.UnpicklingError):
        os._exit(1)  # the parent is gone; flushing again would only fail again


if __name__ == "__main__":
    main()
