"""The process behind :mod:`tinybench.model.reference`: started by it, of no use alone.

Pickles on stdin: the model's bytes with the tensors to keep first, then a list of arrays per
sample. Pickles on stdout: :class:`Facts` first, then one :class:`Outputs` per sample, or an error
in the place of either. It ends when stdin does, which is also what happens when its parent dies.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from tinybench.errors import ModelError, TinybenchError
from tinybench.model import memory
from tinybench.model.answers import Facts, Outputs
from tinybench.model.desktop import DesktopRunner
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import parse_tflite
from tinybench.model.runner import Array


class References:
    """Both runtimes with one model."""

    def __init__(self, model_bytes: bytes, keep: Sequence[int]) -> None:
        self._keep = keep
        graph = parse_tflite(model_bytes)
        tensors = [graph.tensors[index] for index in graph.inputs]
        self._zeros = [np.zeros(tensor.shape, tensor.dtype) for tensor in tensors]
        self._load_desktop(model_bytes).close()  # brings the runtime's code into memory
        memory.reset_peak()
        before = memory.peak_bytes()
        self._desktop = self._load_desktop(model_bytes)
        after = memory.peak_bytes()
        self._memory = None if before is None or after is None else after - before
        self._oracle, self._reason = _load_oracle(model_bytes, keep=bool(keep))

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
        kept = {t: self._oracle.tensor(t) for t in self._keep} if self._oracle else {}
        return Outputs(desktop, oracle, self._desktop.last_us, kept)

    def _load_desktop(self, model_bytes: bytes) -> DesktopRunner:
        runner = DesktopRunner(model_bytes)
        runner.run(self._zeros)
        return runner


def _load_oracle(model_bytes: bytes, *, keep: bool) -> tuple[TflmRunner | None, str | None]:
    reason = available()
    if reason is not None:
        return None, reason
    try:
        return TflmRunner(model_bytes, keep_tensors=keep), None
    except ModelError as error:
        return None, f"TFLM does not take the model: {error.seen}"


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until they end.

    Raises:
        EOFError: they ended.
    """
    try:
        references = References(*pickle.load(requests))
    except TinybenchError as error:
        _send(answers, error)
        return
    _send(answers, references.facts())
    while True:
        inputs = pickle.load(requests)
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
    except EOFError:
        return
    except BrokenPipeError:
        os._exit(1)  # the parent is gone; flushing again at the end would only fail again


if __name__ == "__main__":
    main()
