"""Run a TensorFlow job in a process of its own.

The converter writes to C's stdout and stderr, and some models crash it outright; here both end
in a log and a typed error. The child ends when its parent does, however the parent ends: it
watches its standard input, which nobody writes to, for the end of file.

A job is a function ``(request) -> reply`` over JSON-able dicts, named "module:function".
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from tinybench import errors
from tinybench.errors import FULL, ModelError, TinybenchError, ToolMissing, system_error
from tinybench.whole import write_whole

Progress = Callable[[str], None]
"""Called with one line of news, e.g. "epoch 3 of 20"."""

_NEWS = "tinybench-news: "
_TAIL_LINES = 15
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # its sums depend on the machine's vector width
}


def run_job(
    job: str,
    request: Mapping[str, Any],
    *,
    purpose: str,
    log: Path | None = None,
    progress: Progress | None = None,
    timeout_s: float = 900.0,
) -> dict[str, Any]:
    """Runs a job and returns its reply.

    Args:
        job: "module:function", called in the child with ``request``.
        request: JSON-able.
        purpose: what the job is for, one phrase for error messages ("quantize digits.keras").
        log: where everything that the child prints goes; a temporary file if None.
        progress: given each line of news that the job reports.
        timeout_s: after this the child is killed.

    Raises:
        ToolMissing: TensorFlow, or another package of the extra ``train``, is not installed.
        ModelError: the job failed, crashed or took too long; the log's tail is in ``details``.
        TinybenchError: whichever the job itself raised.
    """
    with tempfile.TemporaryDirectory(prefix="tinybench-job-") as folder:
        work = Path(folder)
        log = log or work / "job.log"
        (work / "request.json").write_text(json.dumps({"job": job, "request": dict(request)}))
        code, late = _run_child(work, log, progress, timeout_s)
        reply = work / "reply.json"
        if not reply.is_file():
            raise _died(purpose, code, timeout_s if late else None, _tail(log))
        return _unpack(json.loads(reply.read_text()), purpose, _tail(log))


def report(news: str) -> None:
    """Sends one line of news to the parent's ``progress``; for jobs."""
    print(_NEWS + news, flush=True)


def _run_child(
    work: Path, log: Path, progress: Progress | None, timeout_s: float
) -> tuple[int, bool]:
    """Starts the child and waits; returns its exit code, and whether it was killed as late."""
    log.parent.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        [sys.executable, "-m", "tinybench.train.isolated", str(work)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **_ENVIRONMENT},
        text=True,
        errors="replace",
    )
    late = threading.Event()

    def kill_late() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(timeout_s, kill_late)
    timer.start()
    try:
        assert child.stdout is not None
        with log.open("w") as sink:
            _follow(child.stdout, sink, progress)
        return child.wait(), late.is_set()
    finally:
        timer.cancel()
        child.kill()
        child.communicate()


def _follow(lines: IO[str], sink: IO[str], progress: Progress | None) -> None:
    """Splits the child's output: news to ``progress``, everything to the log."""
    for line in lines:
        sink.write(line)
        if progress and line.startswith(_NEWS):
            progress(line.removeprefix(_NEWS).rstrip())


def _tail(log: Path) -> tuple[str, ...]:
    lines = log.read_text(errors="replace").splitlines()
    return tuple(line for line in lines if not line.startswith(_NEWS))[-_TAIL_LINES:]


def _died(
    purpose: str, code: int, timeout_s: float | None, tail: tuple[str, ...]
) -> TinybenchError:
    """The error for a child that left no reply."""
    if timeout_s is not None:
        seen = f"TensorFlow's process was not done after {timeout_s:.0f} s and was ended"
    elif code < 0:
        seen = f"TensorFlow's process crashed ({signal.Signals(-code).name})"
    else:
        seen = f"TensorFlow's process ended with code {code} and no answer"
    return ModelError(
        purpose,
        seen,
        "leave out layers one by one to find the one that it cannot take; "
        "an LSTM wants unroll=True",
        details=tail,
    )


def _unpack(reply: dict[str, Any], purpose: str, tail: tuple[str, ...]) -> dict[str, Any]:
    """The job's answer, or its exception raised again on this side."""
    if "answer" in reply:
        answer: dict[str, Any] = reply["answer"]
        return answer
    if "error" in reply:
        kind = getattr(errors, reply["error"])
        known: TinybenchError = kind(*reply["words"], details=tuple(reply["details"]))
        raise known
    if "missing" in reply:
        raise ToolMissing(
            purpose,
            f"the package {reply['missing']} is not installed for {sys.executable}",
            f"{sys.executable} -m pip install 'tinybench[train]'",
        )
    raise ModelError(purpose, reply["exception"], "the log's last lines say more", details=tail)


def _perform(work: Path) -> dict[str, Any]:
    """The child's side: run the job, return what reply.json is to hold."""
    order = json.loads((work / "request.json").read_text())
    module, function = order["job"].split(":")
    try:
        return {"answer": getattr(importlib.import_module(module), function)(order["request"])}
    except TinybenchError as error:
        words = (error.wanted, error.seen, error.todo)
        return {"error": type(error).__name__, "words": words, "details": error.details}
    except ModuleNotFoundError as error:
        return {"missing": error.name}
    except OSError as error:
        if error.errno not in FULL:
            traceback.print_exc()
            return {"exception": f"{type(error).__name__}: {error}"}
        full = system_error("keep what TensorFlow's process makes", error)
        return {"error": "UsageError", "words": (full.wanted, full.seen, full.todo), "details": ()}
    except Exception as error:
        traceback.print_exc()
        return {"exception": f"{type(error).__name__}: {error}"}


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """The child's entry: ``python -m tinybench.train.isolated FOLDER``."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work = Path(sys.argv[1])
    reply = json.dumps(_perform(work))
    write_whole(work / "reply.json", reply.encode())


if __name__ == "__main__":
    main()
