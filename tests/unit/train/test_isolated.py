"""A job's process may do what it likes; we get an answer, a log, or a typed error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinybench.errors import ModelError, ToolMissing, UnsupportedModel, UsageError
from tinybench.train.isolated import run_job

pytestmark = pytest.mark.usefixtures("test_jobs")


def test_request_and_reply_cross_unchanged() -> None:
    request = {"text": "grüße\n", "number": 0.1, "list": [1, None]}
    assert run_job("support.jobs:echo", request, purpose="echo") == {"seen": request}


def test_news_goes_to_progress_and_noise_to_the_log_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    news: list[str] = []
    log = tmp_path / "deep" / "job.log"
    run_job("support.jobs:chatter", {}, purpose="chatter", log=log, progress=news.append)
    assert news == ["one", "two"]
    assert "noise on stdout" in log.read_text()
    assert "on stderr" in log.read_text()
    assert capfd.readouterr() == ("", "")


def test_crash_names_the_signal_and_shows_the_last_words() -> None:
    with pytest.raises(ModelError, match=r"quantize x.*SIGABRT") as caught:
        run_job("support.jobs:crash", {}, purpose="quantize x")
    assert "last words" in caught.value.details


def test_leaving_without_an_answer_is_an_error() -> None:
    with pytest.raises(ModelError, match="ended with code 7"):
        run_job("support.jobs:leave", {}, purpose="leave")


def test_a_full_disk_is_told_as_such() -> None:
    with pytest.raises(UsageError, match=r"No space left on device: base.tflite \(free some space"):
        run_job("support.jobs:fill_the_disk", {}, purpose="fill")


def test_without_tensorflow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is there, and a Python in which TensorFlow and Keras are not."""
    lack = "raise ModuleNotFoundError(f\"No module named '{__name__}'\", name=__name__)\n"
    for name in ("tensorflow", "keras", "tf_keras"):
        (tmp_path / f"{name}.py").write_text(lack)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "m.keras").write_bytes(b"\x89HDF")
    request = {"model": str(tmp_path / "m.keras"), "base": "", "made": "", "mode": "int8"}
    with pytest.raises(ToolMissing, match=r"tinybench\[train\]"):
        run_job(
            "tinybench.train.ptq.jobs:prepare_job", request | {"logits": False}, purpose="quantize"
        )


def test_unforeseen_exception_is_told_with_its_type() -> None:
    with pytest.raises(ModelError, match="ValueError: no such thing") as caught:
        run_job("support.jobs:blunder", {}, purpose="blunder")
    assert any("Traceback" in line for line in caught.value.details)


def test_own_errors_come_back_as_themselves() -> None:
    with pytest.raises(UnsupportedModel) as caught:
        run_job("support.jobs:refuse", {}, purpose="refuse")
    error = caught.value
    assert (error.wanted, error.seen, error.todo) == ("wanted", "seen", "todo")
    assert error.details == ("op 3", "op 5")


def test_missing_package_says_how_to_install_it() -> None:
    with pytest.raises(ToolMissing, match=r"a_package_that_nobody_has.*tinybench\[train\]"):
        run_job("support.jobs:need_missing", {}, purpose="need")


def test_a_late_job_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(ModelError, match="not done after 2 s"):
        run_job("support.jobs:hang", {"pid": str(pid)}, purpose="hang", timeout_s=2)
    assert not pid.exists() or not _is_alive(int(pid.read_text())), "a slow start leaves no pid"


def test_the_child_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "from tinybench.train.isolated import run_job; "
        f"run_job('support.jobs:hang', {{'pid': {str(pid)!r}}}, purpose='hang')"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    _wait_until(pid.exists)
    _wait_until(lambda: pid.read_text() != "")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _wait_until(lambda: not _is_alive(int(pid.read_text())))


def _wait_until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody has collected yet does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
