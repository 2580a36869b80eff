"""The replay of plans: rows written over rows that are still to be read are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.tflite_builder import ModelBuilder
from tinybench.compiler import Program, compile_graph
from tinybench.compiler.program import Step
from tinybench.compiler.replay import PlanClashError, replay
from tinybench.model.read import parse_tflite


def convolution(kernel: int, stride: int, channels: tuple[int, int], padding: str) -> Program:
    """One CONV_2D on 12 x 12 pixels, whose output may lie over its input."""
    b = ModelBuilder()
    source, out = channels
    size = -(-12 // stride) if padding == "SAME" else (12 - kernel) // stride + 1
    x = b.input((1, 12, 12, source), scale=0.1, zero_point=3)
    filters = np.ones((out, kernel, kernel, source), np.int8)
    w = b.const(filters, scale=np.full(out, 0.02, np.float32), axis=0)
    y = b.tensor((1, size, size, out), 0.2, -4)
    b.op("CONV_2D", [x, w], [y], version=3, padding=padding, stride_h=stride, stride_w=stride)
    return compile_graph(parse_tflite(b.finish(outputs=[y])))


def moved(program: Program, offset: int, *, bottom_up: int, band: int = 1) -> Program:
    """The same with its output ``offset`` bytes above its input, made in a given order."""
    base = 1 << 14
    step: Step = program.steps[0]
    assert step.window is not None
    step = replace(step, window=step.window._replace(bottom_up=bottom_up), band=band)
    buffers = tuple(
        replace(b, offset=base + (offset if step.output in b.tensors else 0))
        for b in program.plan.buffers
    )
    plan = replace(program.plan, buffers=buffers, arena_bytes=3 * base)
    return replace(program, steps=(step,), plan=plan)


SHAPES = [
    (3, 1, (4, 4), "SAME"),
    (3, 2, (4, 12), "SAME"),
    (1, 1, (4, 16), "VALID"),
    (1, 1, (16, 4), "VALID"),
    (5, 1, (2, 6), "VALID"),
    (4, 3, (8, 8), "SAME"),
]


@pytest.mark.parametrize("band", [1, 2, 5, 12])
@pytest.mark.parametrize(("kernel", "stride", "channels", "padding"), SHAPES)
def test_the_lag_is_enough_and_no_byte_too_large(
    kernel: int, stride: int, channels: tuple[int, int], padding: str, band: int
) -> None:
    program = convolution(kernel, stride, channels, padding)
    window = program.steps[0].window
    assert window is not None
    down, up = -window.lag_below(band), window.lag_above(band)
    replay(moved(program, down, bottom_up=0, band=band), {})
    replay(moved(program, up, bottom_up=1, band=band), {})
    with pytest.raises(PlanClashError, match="row"):
        replay(moved(program, down + 1, bottom_up=0, band=band), {})
    with pytest.raises(PlanClashError, match="row"):
        replay(moved(program, up - 1, bottom_up=1, band=band), {})


def test_the_wrong_direction_is_found() -> None:
    program = convolution(3, 1, (4, 4), "SAME")
    window = program.steps[0].window
    assert window is not None
    with pytest.raises(PlanClashError, match="row"):
        replay(moved(program, -window.lag_below(), bottom_up=1), {})
    with pytest.raises(PlanClashError, match="row"):
        replay(moved(program, window.lag_above(), bottom_up=0), {})


def test_an_output_over_an_input_that_lives_on_is_found() -> None:
    program = convolution(3, 1, (4, 4), "SAME")
    source = program.inputs[0]
    kept = replace(program, outputs=(*program.outputs, source))
    window = program.steps[0].window
    assert window is not None
    with pytest.raises(PlanClashError, match="output"):
        replay(moved(kept, -window.lag_below(), bottom_up=0), {})
