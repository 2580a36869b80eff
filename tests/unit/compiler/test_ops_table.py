"""The table of ops says of each which kernels it becomes, and docs/ops.md says what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.op_case import OpCase, model_of
from support.strategies import OP_CASES
from support.strategies.int16 import INT16_CASES
from tinybench.compiler import Target, compile_graph
from tinybench.compiler.fold import FOLDINGS
from tinybench.compiler.lower import OPS
from tinybench.model.read import parse_tflite
from tinybench.render.ops_document import render_ops_document

ROOT = Path(__file__).resolve().parents[3]


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / "docs/ops.md").read_text() == render_ops_document(), "run tools/regen"


def test_the_document_names_every_op_once() -> None:
    lines = render_ops_document().splitlines()
    for name in OPS.keys() | FOLDINGS.keys():
        assert sum(line.startswith(f"| {name} |") for line in lines) == 1


@pytest.mark.parametrize("name", sorted(OPS))
@settings(max_examples=10)
@given(data=st.data())
def test_an_op_becomes_one_of_its_kernels(name: str, data: st.DataObject) -> None:
    check_kernels(name, data.draw(OP_CASES[name]), OPS[name].kernels)


@pytest.mark.parametrize("name", sorted(INT16_CASES))
@settings(max_examples=5)
@given(data=st.data())
def test_an_op_on_int16_becomes_one_of_its_kernels(name: str, data: st.DataObject) -> None:
    check_kernels(name, data.draw(INT16_CASES[name]), OPS[name].wide_kernels)


def check_kernels(name: str, case: OpCase, kernels: tuple[str, ...]) -> None:
    plain = Target(zeros="compute", chain_bytes=1 << 20)  # nothing that needs bands of rows
    program = compile_graph(parse_tflite(model_of([case])), plain)
    for step in program.steps:
        if step.label == name:
            assert step.kernel.function in kernels
