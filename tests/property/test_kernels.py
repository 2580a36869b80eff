"""Every op, alone, on random shapes, options, scales and inputs: the same bytes as TFLM."""

from __future__ import annotations

import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.many_cases import check_cases, different_cases
from support.op_case import model_of
from support.strategies import OP_CASES
from support.strategies.convolution import padded
from support.strategies.int16 import INT16_CASES
from tinybench.compiler.lower import OPS

CASES = {"CONV_2D": 160, "DEPTHWISE_CONV_2D": 160, "FULLY_CONNECTED": 64}
USUAL_CASES = 40
INT16_CASES_OF = {"CONV_2D": 40, "DEPTHWISE_CONV_2D": 40}
INT16_USUAL_CASES = 8


def test_every_op_is_tested_here() -> None:
    assert set(OP_CASES) == set(OPS)
    assert set(INT16_CASES) == {name for name, spec in OPS.items() if spec.wide is not None}


@needs_tflm
@pytest.mark.parametrize("name", sorted(OP_CASES))
def test_an_op_equals_tflm(name: str) -> None:
    cases = different_cases(OP_CASES[name], examples(CASES.get(name, USUAL_CASES)))
    check_cases(cases)


@needs_tflm
@pytest.mark.parametrize("name", sorted(INT16_CASES))
def test_an_op_on_int16_equals_tflm(name: str) -> None:
    count = INT16_CASES_OF.get(name, INT16_USUAL_CASES)
    check_cases(different_cases(INT16_CASES[name], examples(count)))


@needs_tflm
@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_a_padded_convolution_equals_tflm(name: str) -> None:
    cases = different_cases(padded(name), examples(100))
    check_cases(cases)
    program = check_same_bytes(model_of(cases[:4]))
    assert all(step.label != "PAD" for step in program.steps)
