"""The example project, in a copy, as its README and a CI server use it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, digits: Path) -> Path:
    folder = tmp_path / "digits"
    shutil.copytree(ROOT / "examples" / "digits", folder, ignore=shutil.ignore_patterns("made"))
    (folder / "made").mkdir()
    for name in ("digits.tflite", "digits.npz", "labels.txt"):
        shutil.copy(digits / name, folder / "made")
    return folder


def run(project: Path, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pytest_in_it(project: Path) -> None:
    installed = any(e.value == "tinybench.pytest_plugin" for e in entry_points(group="pytest11"))
    plugin = () if installed else ("-p", "tinybench.pytest_plugin")
    done = run(project, sys.executable, "-m", "pytest", *plugin, "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_what_the_action_runs(project: Path, tmp_path: Path) -> None:
    summary, output = tmp_path / "summary.md", tmp_path / "output"
    words = {
        "BOARD": "virt-c3",
        "PATH_TO_VENV": str(Path(sys.executable).parents[1]),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(output),
        "RUNNER_TEMP": str(tmp_path),
    }
    done = run(project, ROOT / "tools" / "action", ARGUMENTS="--limit 40", **words)
    assert done.returncode == 0, done.stderr
    assert "### virt-c3: passed" in summary.read_text()
    assert "kept  min_accuracy" in summary.read_text()
    base = output.read_text().strip().removeprefix("run=")
    again = run(project, ROOT / "tools/action", ARGUMENTS="--limit 40", BASELINE=base, **words)
    assert again.returncode == 0, again.stderr
    assert "exact McNemar" in summary.read_text()
    missed = run(project, ROOT / "tools/action", ARGUMENTS="--gate max_arena_bytes=1", **words)
    assert missed.returncode == 1
    assert "### virt-c3: failed, exit code 1" in summary.read_text()
    assert "NOT KEPT  max_arena_bytes" in summary.read_text()
