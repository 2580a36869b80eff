"""A device tells of all inputs and outputs in one frame: more than fit are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.tflite_builder import ModelBuilder
from tinybench.errors import UnsupportedModel
from tinybench.wire import codec
from tinybench.wire.messages import HELLO_TENSORS, MAX_DIMS, Hello, TensorFacts
from tinybench.workflow import Project, compile_model

TEXT = "x" * 44  # five of them, and their lengths


def hello(tensors: int) -> Hello:
    facts = TensorFacts(1, 4, (1,) * MAX_DIMS, 0, 0, 1)
    head = (1, 2, 3, 0, 0, 0, 1024, 8, 4096, 0, b"m" * 32, b"b" * 16, b"p" * 32)
    return Hello(*head, *(TEXT,) * 5, 1, (facts,) * tensors)


def split_model(folder: Path, outputs: int) -> Project:
    b = ModelBuilder()
    x = b.input((1, 4), 0.1, 0)
    made = [b.tensor((1, 4), 0.1 * (2 + i), 0) for i in range(outputs)]
    for y in made:
        b.op("QUANTIZE", [x], [y], version=1)
    path = folder / "many.tflite"
    path.write_bytes(b.finish(outputs=made))
    return Project(root=folder, model=path, board="virt-c3")


def test_a_hello_has_room_for_as_many_and_for_a_profile() -> None:
    assert codec.encode(hello(HELLO_TENSORS + 1))
    with pytest.raises(codec.CodecError):
        codec.encode(hello(HELLO_TENSORS + 2))


@pytest.mark.parametrize("engine", ["aot", "tflm"])
def test_a_model_of_more_is_refused(tmp_path: Path, engine: str) -> None:
    project = split_model(tmp_path, 44)
    with pytest.raises(UnsupportedModel) as caught:
        compile_model(Project(root=tmp_path, model=project.model, board="virt-c3", engine=engine))
    assert f"{HELLO_TENSORS} inputs and outputs" in caught.value.wanted
    assert caught.value.seen == "inputs=1 outputs=44"
    assert "CONCATENATION" in caught.value.todo


def test_a_model_of_just_as_many_is_compiled(tmp_path: Path) -> None:
    assert compile_model(split_model(tmp_path, HELLO_TENSORS - 1)).program.arena_bytes > 0
