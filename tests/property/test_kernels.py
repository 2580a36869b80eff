"""Every op, alone, on random shapes, options, scales and inputs: the same bytes as TFLM."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.op_case import model_of
from support.strategies import OP_CASES
from tinybench.compiler.lower import OPS

OPS_PER_MODEL = 8  # compiled together, so that a case costs little


def test_every_op_is_tested_here() -> None:
    assert set(OP_CASES) == set(OPS)


@needs_tflm
@pytest.mark.parametrize("name", sorted(OP_CASES))
@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_an_op_equals_tflm(name: str, data: st.DataObject) -> None:
    cases = data.draw(st.lists(OP_CASES[name], min_size=1, max_size=OPS_PER_MODEL))
    check_same_bytes(model_of(cases))
