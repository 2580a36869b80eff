"""Which channels are left out, and which must stay."""

from __future__ import annotations

import numpy as np
import pytest

from support.tflite_builder import ModelBuilder
from tinybench.compiler import Program, compile_graph
from tinybench.model.read import parse_tflite

STEPS = {"stride_h": 1, "stride_w": 1}
ZERO = -10


def compile_two(
    *,
    bias: list[int],
    unread: tuple[int, ...] = (),
    padding: str = "VALID",
    output: bool = False,
    twice: bool = False,
) -> Program:
    """A convolution whose first two channels have no weights, and a 3x3 one that reads it."""
    rng, b = np.random.default_rng(0), ModelBuilder()
    x = b.input((1, 5, 5, 2), 0.05, 0)
    first = rng.integers(50, 127, (4, 1, 1, 2)).astype(np.int8)
    first[:2] = 0
    made = b.tensor((1, 5, 5, 4), 0.05, ZERO)
    constants = [b.const(first, 0.01), b.const(np.array(bias, np.int32))]
    b.op("CONV_2D", [x, *constants], [made], 3, padding="SAME", **STEPS)
    second = rng.integers(1, 127, (3, 3, 3, 4)).astype(np.int8)
    second[..., list(unread)] = 0
    size = 5 if padding == "SAME" else 3
    out = b.tensor((1, size, size, 3), 0.5, 0)
    b.op("CONV_2D", [made, b.const(second, 0.01)], [out], 3, padding=padding, **STEPS)
    ends = [out, made] if output else [out]
    if twice:
        ends.append(b.tensor((1, 5, 5, 4), 0.05, ZERO))
        b.op("RELU", [made], [ends[-1]], 2)
    return compile_graph(parse_tflite(b.finish(outputs=ends)))


def left(program: Program) -> list[int]:
    """The channels of the first convolution that are computed."""
    tensor = program.steps[0].parts[0].output
    return list(program.kept.get(tensor, range(4)))


@pytest.mark.parametrize(
    ("case", "stay"),
    [
        ({"bias": [900, -900, 5, 5]}, [2, 3]),  # any value, where the window stays inside
        ({"bias": [900, -900, 5, 5], "padding": "SAME"}, [0, 1, 2, 3]),  # the border sees fewer
        ({"bias": [0, 900, 5, 5], "padding": "SAME"}, [1, 2, 3]),  # zero adds nothing anywhere
        ({"bias": [0, 900, 5, 5], "padding": "SAME", "unread": (2,)}, [1, 3]),
        ({"bias": [0, 0, 5, 5], "unread": (2, 3)}, [3]),  # one stays
        ({"bias": [0, 0, 5, 5], "output": True}, [0, 1, 2, 3]),
        ({"bias": [0, 0, 5, 5], "twice": True}, [0, 1, 2, 3]),
    ],
)
def test_channels_that_stay(case: dict, stay: list[int]) -> None:
    program = compile_two(**case)
    assert left(program) == stay
    assert bool(program.notes) == (len(stay) < 4)


def test_what_is_left_out_costs_nothing() -> None:
    whole = compile_two(bias=[900, -900, 5, 5], output=True)
    less = compile_two(bias=[900, -900, 5, 5])
    assert less.macs * 2 == whole.macs
    assert less.arena_bytes < whole.arena_bytes
