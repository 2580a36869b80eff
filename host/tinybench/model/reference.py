"""The desktop's answers, computed in a process of their own beside the device's run.

with ReferenceWorker(model_bytes) as worker:
    answer = worker.submit([tensor])      # computes on the other core
    ...                                   # meanwhile the device is at work
    outputs = answer.result()
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from tinybench.errors import DataError, ModelError, TinybenchError
from tinybench.model.answers import Facts, Outputs
from tinybench.model.runner import Array

__all__ = ["Facts", "Outputs", "ReferenceWorker"]

_GRACE_S = 5.0  # how long the process may take to end once there is nothing more to do
_LOG_LINES = 20


class ReferenceWorker:
    """LiteRT and TFLM with one model, in a process that lives no longer than this one.

    Args:
        model_bytes: the .tflite file.
        keep: TFLM's tensors to answer with beside its outputs, by index.
    """

    def __init__(self, model_bytes: bytes, *, keep: Sequence[int] = ()) -> None:
        self._facts: Future[Facts] = Future()
        self._pending: deque[Future[Any]] = deque([self._facts])
        self._ended: TinybenchError | None = None
        self._lock = threading.Lock()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._process = subprocess.Popen(
            # -P: a module of the same name in the user's folder must not be imported
            [sys.executable, "-P", "-m", "tinybench.model.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._reader = threading.Thread(target=self._read_answers, daemon=True)
        self._reader.start()
        self._send((model_bytes, tuple(keep)))

    def facts(self) -> Facts:
        """Which runtimes compute; waits until both have loaded the model.

        Raises:
            ModelError: LiteRT does not take the model, or the process died.
        """
        return self._facts.result()

    def submit(self, inputs: Sequence[Array]) -> Future[Outputs]:
        """Hands over a sample; answers come in the order of submission.

        May wait while the process is busy with an earlier sample.

        Args:
            inputs: one array per input of the graph, in its shape and dtype.

        Returns:
            A future whose ``result()`` waits, and raises what :meth:`facts` does, or DataError
            where the arrays do not suit the model or the process died of them. Samples that were
            submitted before that one have their answers.
        """
        answer: Future[Outputs] = Future()
        with self._lock:
            if self._ended is not None:
                answer.set_exception(self._ended)
                return answer
            self._pending.append(answer)
        self._send(list(inputs))
        return answer

    def close(self) -> None:
        """Ends the process; samples that were not answered yet are dropped."""
        with self._lock:
            busy = bool(self._pending)
        try:
            if self._process.stdin:
                self._process.stdin.close()
        except BrokenPipeError:
            busy = True
        if busy:
            self._process.kill()
        self._wait()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        """Closes itself at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _wait(self) -> int:
        """The process's exit code; it is killed where it does not end by itself."""
        try:
            return self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        # Where the process has died, the reader finds out why and says so in every answer.
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(message, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                answer = pickle.load(self._process.stdout)
            except Exception:  # the end, or the beginning of an answer that broke off
                self._end(self._why_it_died())
                return
            if isinstance(answer, TinybenchError) and not self._facts.done():
                self._end(answer)
                return
            with self._lock:
                future = self._pending.popleft()
            if isinstance(answer, TinybenchError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _end(self, error: TinybenchError) -> None:
        """Answers everything that is waiting, and all that will be asked, with ``error``."""
        with self._lock:
            self._ended = error
            waiting = list(self._pending)
            self._pending.clear()
        for future in waiting:
            future.set_exception(error)

    def _why_it_died(self) -> TinybenchError:
        code = self._wait()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._log.seek(0)
        tail = self._log.read().decode("utf-8", "replace").splitlines()[-_LOG_LINES:]
        wanted = "run the model on this machine"
        seen = f"the process with LiteRT and TFLM ended ({how})"
        if not self._facts.done():
            todo = "the model probably breaks one of them: try another, or a smaller part of it"
            return ModelError(wanted, seen, todo, details=tuple(tail))
        todo = "bench again; where it ends at the same sample, leave that one out"
        return DataError(wanted, seen, todo, details=tuple(tail))
