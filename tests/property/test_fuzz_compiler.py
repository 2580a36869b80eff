"""Damaged models: each compiles or is refused, in bounded time and memory.

What compiles must also run: a few of them do, under the address sanitizer.
TINYBENCH_FUZZ_SEED and TINYBENCH_FUZZ_COUNT repeat a failure, or look further.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.fuzz_compiler import damaged_graph, load
from support.host_build import HostModel
from support.models import conv_model, float_boundary_model
from support.op_case import Activation, Constant, OpCase, model_of
from tinybench.compiler import compile_graph
from tinybench.compiler.program import Program

TESTS = Path(__file__).parents[1]
SEED = int(os.environ.get("TINYBENCH_FUZZ_SEED", "20261123"))
COUNT = int(os.environ.get("TINYBENCH_FUZZ_COUNT", "4000"))
RUN = 40  # mutants that are not only compiled
MOST_BYTES, MOST_MACS = 1 << 20, 10_000_000  # of those

IMAGE = Activation((1, 4, 4, 2), 0.1, 3)
ROW = Activation((1, 8), 0.1, 3)
WINDOW = {"stride_h": 1, "stride_w": 1, "padding": "SAME"}


def every_op() -> bytes:
    """All ops side by side, so that one model's damage may hit any of them."""
    probability = Activation((1, 8), 1 / 256, -128)
    pads = Constant((4, 2), "int32", values=(0, 0, 1, 1, 0, 2, 0, 0))
    pool = {**WINDOW, "filter_height": 2, "filter_width": 2}
    bias = Constant((3,), "int32", 0.002, low=-99, high=99)
    return model_of(
        [
            OpCase("ADD", (ROW, ROW), ROW),
            OpCase("MUL", (ROW, Constant((8,), scale=0.1)), ROW),
            OpCase("SUB", (IMAGE, Constant((2,), scale=0.1)), IMAGE),
            OpCase("AVERAGE_POOL_2D", (IMAGE,), IMAGE, options=pool),
            OpCase("MAX_POOL_2D", (IMAGE,), IMAGE, options=pool),
            OpCase("CONCATENATION", (ROW, ROW), Activation((1, 16), 0.1, 3), options={"axis": 1}),
            OpCase(
                "CONV_2D",
                (IMAGE, Constant((3, 2, 2, 2), scale=0.02), bias),
                Activation((1, 4, 4, 3), 0.1),
                options=WINDOW,
            ),
            OpCase(
                "DEPTHWISE_CONV_2D",
                (IMAGE, Constant((1, 2, 2, 4), scale=0.02)),
                Activation((1, 4, 4, 4), 0.1),
                options={**WINDOW, "depth_multiplier": 2},
            ),
            OpCase(
                "FULLY_CONNECTED",
                (ROW, Constant((3, 8), scale=0.02), bias),
                Activation((1, 3), 0.1),
            ),
            OpCase("PAD", (IMAGE, pads), Activation((1, 6, 6, 2), 0.1, 3)),
            OpCase("MEAN", (IMAGE, Constant((2,), "int32", values=(1, 2))), Activation((1, 2), 1)),
            OpCase("SOFTMAX", (ROW,), probability),
            OpCase("LOGISTIC", (ROW,), probability, then=OpCase("RELU", (ROW,), ROW)),
            OpCase("RELU6", (ROW,), ROW, then=OpCase("QUANTIZE", (ROW,), ROW)),
            OpCase("RESHAPE", (ROW,), Activation((8,), 0.1, 3)),
        ]
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    made = {"conv": conv_model(), "float": float_boundary_model(), "every_op": every_op()}
    for name, data in made.items():
        (folder / f"{name}.tflite").write_bytes(data)
    return sorted(folder.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="the memory limit is read from Linux's /proc")
def test_damaged_models_compile_or_are_refused(models: list[Path]) -> None:
    print(f"TINYBENCH_FUZZ_SEED={SEED} TINYBENCH_FUZZ_COUNT={COUNT}")
    outcome = fuzz(models)
    compiled = outcome.pop("compiled")
    print(f"{len(compiled)} compiled, {outcome}")
    assert len(compiled) + outcome["unsupported"] + outcome["unreadable"] == COUNT
    assert len(compiled) > COUNT / 20 and outcome["unsupported"] > COUNT / 20
    run_some(compiled, models)


def fuzz(models: list[Path]) -> dict[str, Any]:
    """Compiles all mutants in a process of its own; what it reports."""
    done = subprocess.run(
        [sys.executable, "-m", "support.fuzz_compiler", str(SEED), str(COUNT), *map(str, models)],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def run_some(numbers: list[int], models: list[Path]) -> None:
    """Builds and runs some of the mutants that compile; the sanitizer judges."""
    loaded = load(models)
    chosen = random.Random(SEED).sample(numbers, min(len(numbers), 4 * RUN))
    run = 0
    for number in chosen:
        program = compile_graph(damaged_graph(SEED, number, loaded))
        small = program.arena_bytes <= MOST_BYTES and program.macs <= MOST_MACS
        if small and run < RUN:
            run += 1
            print(f"mutant {number}")
            run_program(program)
    assert run == RUN


def run_program(program: Program) -> None:
    rng = np.random.default_rng(SEED)
    raw = [rng.integers(0, 256, tensor.nbytes).astype(np.uint8) for tensor in program.inputs]
    with HostModel(program, wrap=True) as model:
        model.run_raw(b"".join(tensor.tobytes() for tensor in raw))
