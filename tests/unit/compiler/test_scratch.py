"""Scratch: bytes that a kernel asks for have a place of their own while its step runs."""

from __future__ import annotations

import math
import re
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from support.against_tflm import make_samples
from support.host_build import HostModel
from support.tflite_builder import ModelBuilder
from tinybench import resources
from tinybench.build.fit import peak_lines
from tinybench.compiler import Program, Target, compile_graph, pairs
from tinybench.compiler import compile as compiler
from tinybench.compiler.kernel import Kernel, Scratch
from tinybench.compiler.lower import OPS
from tinybench.compiler.lower.context import Lowering
from tinybench.compiler.program import Buffer, Step
from tinybench.compiler.replay import PlanClashError, replay
from tinybench.model.read import parse_tflite
from tinybench.render.model_source import render_model

NBYTES = 1153  # words of four columns take 288 and 1152
DEPTHS = (4, 16, 4)  # a middle larger than both ends: worth a chain


def model() -> bytes:
    """Two convolutions."""
    random = np.random.default_rng(5)
    b = ModelBuilder()
    last, size = b.input((1, 24, 24, DEPTHS[0]), scale=0.1, zero_point=3), 24
    for source, out in pairwise(DEPTHS):
        filters = random.integers(-99, 99, (out, 3, 3, source)).astype(np.int8)
        weights = b.const(filters, scale=np.full(out, 0.002), axis=0)
        size -= 2
        made = b.tensor((1, size, size, out), 0.1, -4)
        options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
        b.op("CONV_2D", [last, weights], [made], version=3, **options)
        last = made
    return b.finish(outputs=[last])


@pytest.fixture
def plain() -> Program:
    """The model as it is."""
    return compile_graph(parse_tflite(model()))


@pytest.fixture(params=[False, True], ids=["chain", "alone"])
def program(
    request: pytest.FixtureRequest, plain: Program, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """The model with pixels in pairs, whose words are scratch."""

    def lower(lowering: Lowering) -> list[Step]:
        (step,) = OPS["CONV_2D"].lower(lowering)
        candidate = pairs._look(0, 0, step, Target(pairing=math.inf))
        assert candidate is not None
        words = Scratch("words", NBYTES, "int32")
        kernel = Kernel(pairs.PAIRED_KERNEL, {**candidate.fields, "columns": 4, "words": words})
        return [replace(step, kernel=kernel, alone=request.param)]

    ops = {**OPS, "CONV_2D": replace(OPS["CONV_2D"], lower=lower)}
    monkeypatch.setattr(compiler, "OPS", ops)
    made = compile_graph(parse_tflite(model()))
    assert [len(step.parts) for step in made.steps] == ([1, 1] if request.param else [2])
    return made


def scratches(program: Program) -> list[Buffer]:
    return [b for b in program.plan.buffers if b.scratch is not None]


def test_each_kernel_has_its_own(program: Program, plain: Program) -> None:
    found = [(b.first, b.last, b.nbytes, b.scratch) for b in scratches(program)]
    if program.steps[0].links:
        assert sorted(found) == [(0, 0, NBYTES, (i, "words")) for i in (0, 1)]
    else:
        assert sorted(found) == [(i, i, NBYTES, (0, "words")) for i in (0, 1)]
    assert program.arena_bytes >= plain.arena_bytes + NBYTES
    assert any("scratch of op" in line for line in peak_lines(program))


def test_its_bytes_are_in_the_kernels_parameters(
    program: Program, plain: Program, tmp_path: Path
) -> None:
    samples = make_samples(plain.graph, seed=0)
    with HostModel(program) as ours, HostModel(plain) as theirs:
        for got, wanted in zip(ours.run(samples), theirs.run(samples), strict=True):
            assert np.array_equal(got, wanted)
    source = tmp_path / "model.cc"
    source.write_text(render_model(program, None, "00" * 16)["model.cc"])
    includes = [f"-I{resources.firmware() / folder}" for folder in ("core", "kernels")]
    assembly = subprocess.check_output(
        ["g++", "-std=gnu++17", "-S", "-O0", *includes, str(source), "-o", "-"], text=True
    )
    assert "_GLOBAL__sub_I" not in assembly  # nothing is set before main()
    for buffer in scratches(program):
        place = f"\\+{buffer.offset}" if buffer.offset else ""
        assert re.search(rf"\.quad\s\w*tb_arena\w*{place}\n", assembly)


def moved(program: Program, which: Buffer, offset: int) -> Program:
    buffers = tuple(replace(b, offset=offset) if b is which else b for b in program.plan.buffers)
    return replace(program, plan=replace(program.plan, buffers=buffers))


def test_scratch_in_the_place_of_what_lives_is_found(program: Program) -> None:
    """Moved over everything that is live with it, one after the other."""
    for which in scratches(program):
        others = [b for b in program.plan.live_at(which.first) if b is not which]
        assert len(others) >= 2
        for other in others:
            for offset in (other.offset - NBYTES + 1, other.offset + other.nbytes - 1):
                if 0 <= offset <= program.arena_bytes - NBYTES:
                    with pytest.raises(PlanClashError):
                        replay(moved(program, which, offset), {})
        with pytest.raises(PlanClashError, match="outside"):
            replay(moved(program, which, program.arena_bytes - NBYTES + 1), {})
