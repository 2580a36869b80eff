"""4,000 damaged models: each is compiled or refused, in bounded time and memory.

TINYBENCH_FUZZ_SEED and TINYBENCH_FUZZ_COUNT repeat a failure, or look further.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.models import conv_model, float_boundary_model, one_op_model
from support.realdata import DATA

TESTS = Path(__file__).parents[1]
SEED = int(os.environ.get("TINYBENCH_FUZZ_SEED", "20261123"))
COUNT = int(os.environ.get("TINYBENCH_FUZZ_COUNT", "4000"))


@pytest.mark.skipif(sys.platform != "linux", reason="the memory limit is read from Linux's /proc")
def test_damaged_models_neither_crash_nor_hang_nor_eat_memory(tmp_path: Path) -> None:
    print(f"TINYBENCH_FUZZ_SEED={SEED} TINYBENCH_FUZZ_COUNT={COUNT}")
    made = {"conv": conv_model(), "float": float_boundary_model(), "relu": one_op_model("RELU")}
    for name, data in made.items():
        (tmp_path / f"{name}.tflite").write_bytes(data)
    models = [*sorted(tmp_path.glob("*.tflite")), *sorted(DATA.rglob("*.tflite"))]
    done = subprocess.run(
        [sys.executable, "-m", "support.fuzz_reader", str(SEED), str(COUNT), *map(str, models)],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    print(outcome)
    # A mutator that hits only weights, or breaks everything at the door, tests nothing.
    assert COUNT / 20 < outcome["compiled"] <= outcome["read"] < COUNT * 3 / 4
