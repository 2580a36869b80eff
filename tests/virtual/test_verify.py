"""`tinybench verify` names the op in which a fault was planted; `profile` adds up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import planted
from support.against_tflm import needs_tflm
from support.cli import tinybench
from support.planted import Fault
from support.realdata import BIRD, KWS, PERSON, VWW
from support.tflite_builder import ModelBuilder
from tinybench.compiler import compile_graph
from tinybench.errors import DeviceCrashed
from tinybench.model.read import parse_tflite, read_tflite
from tinybench.project import Project
from tinybench.render import model_source
from tinybench.workflow.verify import Verified, mismatch, verify_model

pytestmark = needs_tflm


def chained_model() -> bytes:
    """CONV_2D, DEPTHWISE_CONV_2D and MAX_POOL_2D in one chain; then ADD, MEAN, dense, SOFTMAX."""
    b, rng = ModelBuilder(), np.random.default_rng(7)

    def weights(shape: tuple[int, ...], axis: int) -> list[int]:
        channels = shape[axis]
        values = rng.integers(-127, 128, shape).astype(np.int8)
        scale = rng.uniform(0.002, 0.006, channels).astype(np.float32)
        bias = rng.integers(-500, 500, channels).astype(np.int32)
        return [b.const(values, scale=scale, axis=axis), b.const(bias)]

    def op(name: str, inputs: list[int], shape: tuple[int, ...], **options: Any) -> int:
        out = b.tensor(shape, 0.05, -3)
        b.op(name, inputs, [out], **options)
        return out

    ones = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    twos = {"padding": "SAME", "stride_h": 2, "stride_w": 2}
    x = b.input((1, 20, 20, 3), scale=0.04, zero_point=5)
    x = op("CONV_2D", [x, *weights((12, 3, 3, 3), 0)], (1, 20, 20, 12), version=3, **ones)
    depthwise = weights((1, 3, 3, 12), 3)
    x = op(
        "DEPTHWISE_CONV_2D",
        [x, *depthwise],
        (1, 20, 20, 12),
        version=3,
        depth_multiplier=1,
        **ones,
    )
    pool = {"filter_height": 2, "filter_width": 2}
    x = op("MAX_POOL_2D", [x], (1, 10, 10, 12), version=2, **twos, **pool)
    y = op("CONV_2D", [x, *weights((12, 1, 1, 12), 0)], (1, 10, 10, 12), version=3, **ones)
    x = op("ADD", [x, y], (1, 10, 10, 12), version=2)
    axes = b.const(np.array([1, 2], np.int32))
    x = op("MEAN", [x, axes], (1, 12), version=2, keep_dims=False)
    x = op("FULLY_CONNECTED", [x, *weights((5, 12), 0)], (1, 5), version=5)
    out = b.tensor((1, 5), 1 / 256, -128)
    b.op("SOFTMAX", [x], [out], version=2, beta=1.0)
    return b.finish(outputs=[out])


MODEL = chained_model()
PROGRAM = compile_graph(parse_tflite(MODEL))
FAULTS = list(planted.faults(PROGRAM))


def verify_with(
    monkeypatch: pytest.MonkeyPatch, model: Path, root: Path, change: Any, board: str = "native"
) -> Verified:
    """What is found when model.cc is changed before it is built."""
    real = model_source.render_model

    def render(*args: Any) -> dict[str, str]:
        files = real(*args)
        return {**files, "model.cc": change(files["model.cc"])}

    monkeypatch.setattr(model_source, "render_model", render)
    return verify_model(Project(root=root, model=model, board=board))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verify") / "chained.tflite"
    path.write_bytes(MODEL)
    return path


def test_the_model_has_what_is_to_be_tested() -> None:
    assert [len(step.links) for step in PROGRAM.steps][:1] == [3]
    assert any(fault.what == "wrapped row" for fault in FAULTS)
    assert {fault.op for fault in FAULTS} == set(range(8))


def some_slow(faults: list[Fault]) -> list[Any]:
    """One in each link of the chain and in a few other ops; the rest when there is time."""
    last = {fault.op: fault for fault in faults if fault.op in (0, 1, 2, 4, 7)}.values()
    marks = {fault: () if fault in last else pytest.mark.slow for fault in faults}
    return [pytest.param(f, marks=mark, id=f"op {f.op} {f.what}") for f, mark in marks.items()]


@pytest.mark.parametrize("fault", some_slow(FAULTS))
def test_the_op_with_the_fault_is_named(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path, fault: Fault
) -> None:
    found = verify_with(monkeypatch, model, tmp_path, lambda t: planted.plant(t, fault))
    error = mismatch(found)
    assert error is not None
    assert error.seen.startswith(f"op {fault.op} ")
    difference = found.difference
    assert difference is not None
    assert (difference.ops[-1], difference.differing) == (fault.op, 1)
    row = difference.index[1] if fault.link >= 0 else None
    assert row in (None, fault.row)


@pytest.mark.parametrize(
    "array",
    [
        "tb_w_0_1_bias",
        pytest.param("tb_w_1_filter", marks=pytest.mark.slow),
    ],
)
def test_a_wrong_constant_is_found_in_its_op(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path, array: str
) -> None:
    found = verify_with(monkeypatch, model, tmp_path, lambda t: planted.corrupt(t, array))
    assert found.difference is not None
    step, *link = array.removeprefix("tb_w_").split("_")[:-1]
    part = PROGRAM.steps[int(step)]
    part = part.links[int(link[0])] if link else part
    assert found.difference.ops == part.ops


def test_without_a_fault_every_byte_is_equal(model: Path) -> None:
    for board in ("virt-c3", "virt-esp32", "native"):
        said = tinybench("verify", model, "-b", board, "--json", cwd=model.parent)
        assert said.status == 0, said.err
        seen = said.json
        assert (seen["difference"], seen["tensors"], seen["samples"]) == (None, 8, 3)
        assert seen["nbytes"] == sum(
            PROGRAM.graph.tensors[part.output].nbytes
            for step in PROGRAM.steps
            for part in step.parts
        )


@pytest.mark.parametrize("board", ["virt-c3", "virt-esp32"])
def test_profile_adds_up(model: Path, board: str) -> None:
    said = tinybench("profile", model, "-b", board, "--json", cwd=model.parent)
    assert said.status == 0, said.err
    seen = said.json
    assert [tuple(call["ops"]) for call in seen["calls"]] == [s.ops for s in PROGRAM.steps]
    total = sum(call["ticks"] for call in seen["calls"])
    blur = 25 * (len(seen["calls"]) + 1) if board == "virt-esp32" else 0
    assert total <= seen["profiled"] + blur
    assert seen["profiled"] - seen["shipped"] == seen["overhead"]
    assert 0 < seen["overhead"] + blur < 100 * len(seen["calls"]) + 2 * blur
    assert abs(total - seen["shipped"]) < 100 * len(seen["calls"]) + blur
    assert sum(call["macs"] for call in seen["calls"]) == PROGRAM.macs
    table = tinybench("profile", model, "-b", board, cwd=model.parent).out
    shown = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) instructions", table)]
    step = 25 if board == "virt-esp32" else 0  # another run may fall into the counter's next step
    assert any(abs(n - seen["shipped"]) <= step for n in shown)
    assert ("an lx106, not an ESP32's cycles; within 25" in table) == (board == "virt-esp32")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_op_of_the_bird_model(
    monkeypatch: pytest.MonkeyPatch, realdata: Path, tmp_path: Path
) -> None:
    path = realdata / BIRD
    for number, fault in enumerate(planted.faults(compile_graph(read_tflite(path)))):
        root = tmp_path / str(number)
        with monkeypatch.context() as patch:
            found = verify_with(patch, path, root, lambda t, f=fault: planted.plant(t, f))
        assert found.difference is not None, fault
        assert found.difference.ops[-1] == fault.op


def unaligned(text: str) -> str:
    """model.cc that first reads a word from an odd address."""
    head, invoke, tail = text.partition("invoke(")
    assert invoke
    brace = tail.index("{\n") + 2
    read = "  static volatile uint32_t words[2], odd = 1;\n"  # volatile: or gcc reads bytes
    read += "  words[0] = *(volatile uint32_t *)((uintptr_t)words + odd);\n"
    return head + invoke + tail[:brace] + read + tail[brace:]


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ("virt-esp32", "unaligned load or store in "),
        pytest.param("native", "misaligned address", marks=pytest.mark.slow),
    ],
)
def test_an_unaligned_access_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path, board: str, said: str
) -> None:
    with pytest.raises(DeviceCrashed) as caught:
        verify_with(monkeypatch, model, tmp_path, unaligned, board)
    assert said in caught.value.seen


@pytest.mark.slow
def test_virt_c3_does_not_mind_an_unaligned_access(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path
) -> None:
    """If that ends, docs/virtual-boards.md says so wrongly."""
    assert verify_with(monkeypatch, model, tmp_path, unaligned, "virt-c3").difference is None


BOARDS = ["virt-c3", pytest.param("virt-esp32", marks=pytest.mark.slow)]


@pytest.mark.parametrize("board", BOARDS)
def test_published_keywords(realdata: Path, tmp_path: Path, board: str) -> None:
    said = tinybench("verify", realdata / KWS, "-b", board, "--limit", 1, cwd=tmp_path)
    assert said.status == 0, said.err
    assert "every byte equal" in said.out


@pytest.mark.slow
@pytest.mark.parametrize("board", ["virt-c3", "virt-esp32"])
@pytest.mark.parametrize("path", [BIRD, PERSON, VWW])
def test_every_tensor_of_a_published_model(
    realdata: Path, tmp_path: Path, path: str, board: str
) -> None:
    said = tinybench("verify", realdata / path, "-b", board, "--limit", 2, cwd=tmp_path)
    assert said.status == 0, said.err
    assert "every byte equal" in said.out
