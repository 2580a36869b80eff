"""What must hold before a change of the model or of the firmware is merged.

pytest --tinybench-board virt-c3                  in an emulator
pytest --tinybench-board esp32cam                 on the board at this computer
"""

import pytest

pytestmark = pytest.mark.tinybench  # model, data and gates are those of tinybench.toml


def test_gates_are_kept(tinybench_result):
    assert all(gate["passed"] for gate in tinybench_result["gates"])


def test_the_board_answers_as_tflm_does(tinybench_result):
    agreement = tinybench_result["agreement"]
    assert agreement["outputs_byte_equal"] == agreement["n"]


@pytest.mark.tinybench(limit=20)
def test_the_stack_stays_small(tinybench_result):
    assert tinybench_result["memory"]["stack_bytes"] <= 3072
