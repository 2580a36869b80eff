"""The example project, in a copy, as its README and a CI server use it."""

from __future__ import annotations

import os
import re
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
    base = re.findall("run=(.*)", output.read_text())[-1]
    again = run(project, ROOT / "tools/action", ARGUMENTS="--limit 40", BASELINE=base, **words)
    assert again.returncode == 0, again.stderr
    assert "exact McNemar" in summary.read_text()
    missed = run(project, ROOT / "tools/action", ARGUMENTS="--gate max_arena_bytes=1", **words)
    assert missed.returncode == 1
    assert "### virt-c3: failed, exit code 1" in summary.read_text()
    assert "NOT KEPT  max_arena_bytes" in summary.read_text()
    lost = run(project, ROOT / "tools/action", ARGUMENTS="--data 'no such folder'", **words)
    assert lost.returncode == 2
    assert "no such folder" in summary.read_text().split("failed, exit code 2")[1]


def test_the_actions_inputs_are_those_that_it_uses() -> None:
    """GitHub takes an unknown input for an empty one, without a word."""
    text = (ROOT / "action.yml").read_text()
    inputs, rest = text.split("inputs:\n")[1].split("outputs:\n")
    declared = set(re.findall(r"^  (\w+):$", inputs, re.MULTILINE))
    assert set(re.findall(r"inputs\.(\w+)", rest)) == declared
    given = (ROOT / "examples/digits/github.yml").read_text()
    assert {"board", "project"} <= set(re.findall(r"^          (\w+): ", given, re.MULTILINE))
    script = (ROOT / "tools/action").read_text()
    passed = set(re.findall(r"^        ([A-Z_]+): ", rest, re.MULTILINE)) - {"TINYBENCH_VENV"}
    assert passed == set(re.findall(r"\$\{?(BOARD|ARGUMENTS|BASELINE|PATH_TO_VENV)", script))


def test_what_the_gitlab_example_names_exists() -> None:
    text = (ROOT / "examples/digits/gitlab.yml").read_text()
    plugin = (ROOT / "host/tinybench/pytest_plugin.py").read_text()
    assert all(f'"{option}"' in plugin for option in re.findall(r"--tinybench-\w+", text))
    needed = re.findall(r'"([^"|]+?)(?: \|[^"]*)?"', packages("virt-c3"))
    assert needed
    assert all(package in text for package in needed), "what tools/setup would install"


def packages(board: str) -> str:
    lines = (ROOT / "boards" / f"{board}.toml").read_text().splitlines()
    return "\n".join(line for line in lines if line.startswith("packages"))
