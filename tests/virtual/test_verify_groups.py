"""`tinybench verify` names the op where an expanded tensor is made in groups of channels, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import planted
from support.against_tflm import needs_tflm
from support.planted import Fault
from support.tflite_builder import ModelBuilder
from tinybench.compiler import Target, compile_graph
from tinybench.model.read import parse_tflite
from tinybench.project import Project
from tinybench.render import model_source
from tinybench.workflow import firmware
from tinybench.workflow.verify import Verified, verify_model

pytestmark = needs_tflm
WIDE = 48


def gated_model() -> bytes:
    """8 x 32 pixels, 4 channels made into 48, filtered, and multiplied by their means."""
    b, rng = ModelBuilder(), np.random.default_rng(3)

    def convolve(kind: str, source: int, filters: tuple[int, ...], **options: int) -> int:
        values = rng.integers(-127, 128, filters).astype(np.int8)
        scale = rng.uniform(0.002, 0.006, WIDE).astype(np.float32)
        w = b.const(values, scale=scale, axis=3 if options else 0)
        bias = b.const(rng.integers(-500, 500, WIDE).astype(np.int32))
        made = b.tensor((1, 8, 32, WIDE), 0.05, -3)
        ones = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        b.op(kind, [source, w, bias], [made], version=3, **ones, **options)
        return made

    x = b.input((1, 8, 32, 4), scale=0.04, zero_point=5)
    wide = convolve("CONV_2D", x, (WIDE, 1, 1, 4))
    wide = convolve("DEPTHWISE_CONV_2D", wide, (1, 5, 5, WIDE), depth_multiplier=1)
    mean, y = b.tensor((1, 1, 1, WIDE), 0.05, 0), b.tensor((1, 8, 32, WIDE), 0.05, 0)
    axes = b.const(np.array([1, 2], np.int32))
    b.op("MEAN", [wide, axes], [mean], version=2, keep_dims=True)
    b.op("MUL", [wide, mean], [y])
    return b.finish(outputs=[y])


MODEL = gated_model()
SMALLEST = Target(work_per_memory=1e-9)  # whatever it costs
PROGRAM = compile_graph(parse_tflite(MODEL), SMALLEST)
GROUPS = [number for number, step in enumerate(PROGRAM.steps) if step.ops == (0, 1)]
FAULTS = [fault for fault in planted.faults(PROGRAM) if fault.step in GROUPS]


def verify(root: Path, change: Any, monkeypatch: pytest.MonkeyPatch) -> Verified:
    """What is found when model.cc is changed before it is built."""
    real = model_source.render_model

    def render(*args: Any) -> dict[str, str]:
        files = real(*args)
        return {**files, "model.cc": change(files["model.cc"])}

    monkeypatch.setattr(model_source, "render_model", render)
    monkeypatch.setattr(firmware, "_target", lambda project: SMALLEST)
    model = root / "gated.tflite"
    model.write_bytes(MODEL)
    return verify_model(Project(root=root, model=model, board="native"))


def some_slow() -> list[Any]:
    """One in the expansion of the second group; the rest when there is time."""
    fast = next(f for f in FAULTS if (f.step, f.link, f.what) == (GROUPS[1], 0, "last row"))
    return [
        pytest.param(
            fault,
            marks=() if fault == fast else pytest.mark.slow,
            id=f"step {fault.step} link {fault.link} {fault.what}",
        )
        for fault in FAULTS
    ]


def test_the_model_is_made_in_groups() -> None:
    assert len(GROUPS) > 1
    assert {fault.link for fault in FAULTS} == {0, 1, 2}
    assert any(fault.what == "wrapped row" for fault in FAULTS)


@pytest.mark.parametrize("fault", some_slow())
def test_the_op_with_the_fault_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Fault
) -> None:
    found = verify(tmp_path, lambda text: planted.plant(text, fault), monkeypatch)
    assert found.difference is not None
    assert found.difference.ops[-1] == fault.op == (0 if fault.link == 0 else 1)
    assert found.difference.index[1] == fault.row
    copy = PROGRAM.steps[fault.step].links[-1]
    place = copy.kernel.fields["out_offset"]
    assert found.difference.index[3] == (place if fault.link < 2 else 0)


def test_without_a_fault_every_byte_is_equal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = verify(tmp_path, lambda text: text, monkeypatch)
    assert found.difference is None
    sizes = [PROGRAM.graph.tensors[op.outputs[0]].nbytes for op in PROGRAM.graph.ops]
    assert (found.tensors, found.nbytes) == (4, sum(sizes))
    assert not found.fused
