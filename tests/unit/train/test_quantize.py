"""Keras -> int8 .tflite: integer throughout, batch 1, refused with words where it cannot be.

TensorFlow's process starts once for all conversions but one that crashes it: ``converted`` makes
them, and stands in for the process in the other tests.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.once import make_once
from tinybench.errors import ModelError
from tinybench.model.graph import Graph
from tinybench.model.read import read_tflite
from tinybench.train import quantize, quantize_int8
from tinybench.train.isolated import run_job
from tinybench.train.quantize import check_full_integer

pytestmark = pytest.mark.train
SHAPES = {
    "plain": (8, 8, 2), "plain-per-tensor": (8, 8, 2), "plain-other-shape": (8, 8, 1),
    "elu": (8, 8, 2), "two_inputs": (4,), "lstm": (6, 4),
}  # fmt: skip
"""Conversions, each the model of its first word, by the shape of their samples."""


def samples(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(0, 1, (20, *shape)).astype(np.float32)


@pytest.fixture(scope="session")
def converted(test_jobs: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the models of tests/support/keras_models.py, and what became of each."""

    def make(folder: Path) -> None:
        orders = {}
        for name, shape in SHAPES.items():
            np.save(folder / f"{name}.npy", samples(*shape))
            orders[name] = {
                "model": f"{name.partition('-')[0]}.keras",
                "representative": f"{name}.npy",
                "out": f"{name}.tflite",
                "per_channel_dense": name != "plain-per-tensor",
            }
        del orders["lstm"]
        request = {"folder": str(folder), "orders": orders}
        replies = run_job("support.keras_models:convert_all", request, purpose="convert models")
        (folder / "replies.json").write_text(json.dumps(replies))

    return make_once(tmp_path_factory, "keras", make)


@pytest.fixture
def process(converted: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lets quantize_int8 ask for what is converted already; the folder of models."""
    replies = json.loads((converted / "replies.json").read_text())

    def stand_in(job: str, request: dict[str, Any], **_: Any) -> dict[str, Any]:
        assert job == "tinybench.train.convert:quantize_job"
        given = np.load(request["representative"])
        [name] = [
            name
            for name, shape in SHAPES.items()
            if Path(request["model"]).stem == name.partition("-")[0]
            and np.array_equal(given, samples(*shape))
            and request["per_channel_dense"] == (name != "plain-per-tensor")
        ]
        if "error" in replies[name]:
            raise ModelError(*replies[name]["error"])
        shutil.copyfile(converted / f"{name}.tflite", request["out"])
        reply: dict[str, Any] = replies[name]
        return reply

    monkeypatch.setattr(quantize, "run_job", stand_in)
    return converted


def scales(graph: Graph, op_name: str) -> int:
    """How many scales the weights of the first such op have."""
    op = next(op for op in graph.ops if op.name == op_name)
    quant = graph.tensors[op.inputs[1]].quant
    assert quant is not None
    return len(quant.scale)


def test_result_is_integer_with_batch_one(process: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "plain.tflite"
    made = quantize_int8(process / "plain.keras", samples(8, 8, 2), out)
    graph = read_tflite(out)
    entry, end = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    assert (entry.dtype, entry.shape) == ("int8", (1, 8, 8, 2))
    assert (end.dtype, end.shape) == ("int8", (1, 3))
    assert scales(graph, "CONV_2D") == 4
    assert scales(graph, "FULLY_CONNECTED") == 3
    assert (made.sha256, made.nbytes) == (graph.sha256, out.stat().st_size)
    assert made.converter.startswith("TensorFlow 2.")
    assert [path.name for path in out.parent.iterdir()] == ["plain.tflite"]


def test_dense_layers_per_tensor_on_demand(process: Path, tmp_path: Path) -> None:
    out = tmp_path / "plain.tflite"
    quantize_int8(process / "plain.keras", samples(8, 8, 2), out, per_channel_dense=False)
    graph = read_tflite(out)
    assert scales(graph, "CONV_2D") == 4
    assert scales(graph, "FULLY_CONNECTED") == 1


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        pytest.param("elu", (8, 8, 2), "integer throughout", id="op left in float"),
        pytest.param("two_inputs", (4,), "inputs=2", id="two inputs"),
        pytest.param("plain", (8, 8, 1), r"shape=\(20, 8, 8, 1\)", id="samples of other shape"),
    ],
)
def test_refusal_has_words_and_leaves_the_old_file(
    process: Path, tmp_path: Path, name: str, shape: tuple[int, ...], words: str
) -> None:
    out = tmp_path / "out.tflite"
    out.write_bytes(b"old")
    with pytest.raises(ModelError, match=words) as caught:
        quantize_int8(process / f"{name}.keras", samples(*shape), out)
    assert caught.value.todo
    assert out.read_bytes() == b"old"


def test_a_converter_that_crashes_leaves_the_old_file(converted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tflite"
    out.write_bytes(b"old")
    with pytest.raises(ModelError, match="crashed"):
        quantize_int8(converted / "lstm.keras", samples(6, 4), out)
    assert out.read_bytes() == b"old"


def test_not_a_keras_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.keras"
    bad.write_bytes(b"not a zip file")
    with pytest.raises(ModelError, match=r"bad\.keras.*no Keras 3 file"):
        quantize_int8(bad, samples(4), tmp_path / "out.tflite")
    with pytest.raises(ModelError, match="no such file"):
        quantize_int8(tmp_path / "none.keras", samples(4), tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


def test_float_ops_are_all_listed(process: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        quantize_int8(process / "elu.keras", samples(8, 8, 2), tmp_path / "out.tflite")
    assert any("ELU: float32" in line for line in caught.value.details)


def test_check_takes_an_integer_graph(converted: Path) -> None:
    check_full_integer(read_tflite(converted / "plain.tflite"))
