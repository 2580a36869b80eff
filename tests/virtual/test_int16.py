"""A whole int16x8 network on virtual boards: built, benched, and checked op by op."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.against_tflm import needs_tflm
from support.cli import tinybench
from tinybench.model.read import read_tflite
from tinybench.train.isolated import run_job

pytestmark = [pytest.mark.train, needs_tflm]
BOARDS = ["virt-c3", pytest.param("virt-esp32", marks=pytest.mark.slow)]

OPS = {
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "ADD",
    "MUL",
    "MEAN",
    "LOGISTIC",
    "SOFTMAX",
}


@pytest.fixture(scope="module")
def folder(test_jobs: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model and its data."""
    made = tmp_path_factory.mktemp("int16")
    request = {"out": str(made / "wide.tflite"), "inputs": str(made / "wide.npz")}
    run_job("support.int16_model:convert", request, purpose="convert a network to int16x8")
    return made


@pytest.mark.parametrize("board", BOARDS)
def test_every_byte_is_that_of_tflm(folder: Path, board: str) -> None:
    said = tinybench(
        "bench", "wide.tflite", "-b", board, "--data", "wide.npz", "--json", cwd=folder
    )
    assert said.status == 0, said.err
    result = said.json
    assert result["agreement"]["outputs_byte_equal"] == result["samples"]["measured"] == 6


def test_the_network_has_what_is_to_be_seen(folder: Path) -> None:
    graph = read_tflite(folder / "wide.tflite")
    assert {op.name for op in graph.ops} >= OPS
    assert {graph.tensors[t].dtype for t in (*graph.inputs, *graph.outputs)} == {"int16"}


@pytest.mark.parametrize("board", BOARDS)
def test_every_op_is_that_of_tflm(folder: Path, board: str) -> None:
    said = tinybench("verify", "wide.tflite", "-b", board, "--json", cwd=folder)
    assert said.status == 0, said.err
    assert said.json["difference"] is None
