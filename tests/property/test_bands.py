"""Convolutions that make some rows at a time: TFLM's bytes, wherever the plan lets them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, make_samples, needs_tflm
from support.effort import examples
from support.host_build import HostModel
from support.many_cases import different_cases
from support.op_case import model_of
from support.strategies import OP_CASES
from support.tflite_builder import ModelBuilder
from tinybench.compiler import Program, Target, compile_graph
from tinybench.compiler.order import BANDS, choose_orders
from tinybench.compiler.program import Step
from tinybench.compiler.replay import replay
from tinybench.compiler.traffic import streamed_bytes
from tinybench.model.oracle import TflmRunner
from tinybench.model.read import parse_tflite

SMALL_CACHE = Target(chain_bytes=700)  # a block of four channels of CONVOLUTION is 576 B
BASE = 1 << 14


def convolution() -> bytes:
    """A 3x3 CONV_2D of 13 x 11 pixels, 16 to 24 channels in two groups of filters."""
    rng = np.random.default_rng(20261128)
    b = ModelBuilder()
    x = b.input((1, 13, 11, 16), scale=0.1, zero_point=3)
    filters = rng.integers(-127, 128, (24, 3, 3, 16)).astype(np.int8)
    w = b.const(filters, scale=np.full(24, 0.02, np.float32), axis=0)
    y = b.tensor((1, 13, 11, 24), 4.0, -4)
    b.op("CONV_2D", [x, w], [y], version=3, padding="SAME", stride_h=1, stride_w=1)
    return b.finish(outputs=[y])


def placed(program: Program, offset: int) -> Program:
    """The same with its output ``offset`` bytes above its input, and rows in the order for that."""
    output = program.steps[0].output
    buffers = tuple(
        replace(b, offset=BASE + (offset if output in b.tensors else 0))
        for b in program.plan.buffers
    )
    plan = replace(program.plan, buffers=buffers, arena_bytes=3 * BASE)
    steps = choose_orders(program.steps, plan, program.graph, program.target)
    ends = {
        edge: tuple(replace(t, offset=next(b.offset for b in buffers if t.tensor in b.tensors))
                    for t in getattr(program, edge))
        for edge in ("inputs", "outputs")
    }  # fmt: skip
    return replace(program, plan=plan, steps=steps, **ends)


def unordered(model: bytes) -> Program:
    """Compiled for a small cache, with the one step as it was before its order was chosen."""
    program = compile_graph(parse_tflite(model), replace(SMALL_CACHE, chain_bytes=1 << 20))
    return replace(program, target=SMALL_CACHE, steps=tuple(map(_from_the_top, program.steps)))


def _from_the_top(step: Step) -> Step:
    assert step.window is not None
    window = step.window._replace(bottom_up=0)
    kernel = replace(step.kernel, fields={**step.kernel.fields, "window": window})
    return replace(step, kernel=kernel, window=window)


@needs_tflm
@pytest.mark.parametrize("rows", [2, 3, 5, 13])
@pytest.mark.parametrize("from_bottom", [False, True])
def test_bands_as_high_as_the_plan_allows(rows: int, from_bottom: bool) -> None:
    model = convolution()
    program = unordered(model)
    window = program.steps[0].window
    assert window is not None
    offset = window.lag_above(rows) if from_bottom else -window.lag_below(rows)
    program = placed(program, offset)
    step = program.steps[0]
    assert step.kernel.function == BANDS
    assert step.band == -(-13 // -(-13 // rows))  # as even as so many bands can be
    assert step.window is not None
    assert step.window.bottom_up == int(from_bottom and rows < 13)
    replay(program, {})
    samples = make_samples(program.graph, seed=rows)
    with HostModel(program) as host:
        ours = host.run(samples)
    tflm = TflmRunner(model)
    wanted = [tflm.run(sample) for sample in samples]
    tflm.close()
    assert [out[0].tobytes() for out in ours] == [out[0].tobytes() for out in wanted]


def test_weights_are_read_once_per_band() -> None:
    program = unordered(convolution())
    window = program.steps[0].window
    assert window is not None
    constants = program.constant_bytes(program.steps[0])
    for rows, times in ((1, 13), (2, 7), (5, 3), (13, 1)):
        step = placed(program, -window.lag_below(rows)).steps[0]
        assert streamed_bytes(step, 0, SMALL_CACHE) == times * constants


@needs_tflm
def test_any_convolution_in_bands_equals_tflm() -> None:
    cases = different_cases(OP_CASES["CONV_2D"], examples(24))
    seen = 0
    for first in range(0, len(cases), 8):
        model = model_of(cases[first : first + 8])
        program = check_same_bytes(model, target=Target(chain_bytes=150))
        seen += sum(step.kernel.function == BANDS for step in program.steps)
    assert seen > 0
