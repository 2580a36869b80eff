"""A test on real data cannot be skipped unseen where real data is required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TEST_ON_REAL_DATA = "def test_real(realdata):\n    assert realdata.is_dir()\n"


def run_pytest(folder: Path, data: Path, required: str) -> tuple[int, str]:
    """Runs a test file that uses ``realdata`` under our conftest; returns code and output."""
    (folder / "test_on_real_data.py").write_text(TEST_ON_REAL_DATA)
    environment = {
        **os.environ,
        "PYTHONPATH": str(TESTS),
        "TINYBENCH_REALDATA": str(data),
        "TINYBENCH_REQUIRE_REALDATA": required,
    }
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-rs", "--rootdir", "."]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("present", "required", "code", "words"),
    [
        pytest.param(True, "1", 0, "1 passed", id="there"),
        pytest.param(False, "0", 0, "1 skipped", id="absent"),
        pytest.param(False, "1", 1, "real data is required here", id="absent but required"),
    ],
)
def test_skipping(tmp_path: Path, present: bool, required: str, code: int, words: str) -> None:
    data = tmp_path if present else tmp_path / "nowhere"
    seen = run_pytest(tmp_path, data, required)
    assert seen[0] == code, seen[1]
    assert words in seen[1]
