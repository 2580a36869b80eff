"""Many inputs through a bad cable and power cycles: byte for byte the answers of a clean run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROOF = Path(__file__).parents[2] / "tools" / "link_proof"


def prove(*words: str) -> str:
    """Both runs agree with each other and with Python's own answers; what the tool says."""
    done = subprocess.run(
        [sys.executable, PROOF, *words], capture_output=True, text=True, timeout=1500, check=False
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert "the same, byte for byte" in done.stdout
    assert "a wrong answer" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("words", [(), ("--stream",)])
def test_some_inputs(words: tuple[str, ...]) -> None:
    said = prove("--inputs", "150", *words)
    assert "frames damaged to the device" in said


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("words", [(), ("--stream",)])
def test_ten_thousand_inputs_and_twenty_resets(words: tuple[str, ...]) -> None:
    assert " 20 reset" in prove(*words)
