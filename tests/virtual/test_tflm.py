"""TFLite Micro on a virtual board: its arena, its answers, its faults. Needs its sources."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from support import cli
from support.against_tflm import needs_tflm
from support.cli import tinybench
from support.realdata import BIRD, KWS, real
from support.tflite_builder import ModelBuilder
from support.tflm_sources import needs_sources

pytestmark = [needs_sources, needs_tflm, pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(autouse=True)
def minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """TFLM is compiled once, for minutes; its objects are kept in the user's cache."""
    monkeypatch.setattr(cli, "PATIENCE_S", 900.0)


def grouped_model(groups: int = 2) -> bytes:
    """CONV_2D 1x1 in groups, then TANH."""
    b, rng = ModelBuilder(), np.random.default_rng(3)
    x = b.input((1, 6, 6, 8), 0.05, 3)
    filters = rng.integers(-127, 128, (12, 1, 1, 8 // groups)).astype(np.int8)
    scale = rng.uniform(0.002, 0.006, 12).astype(np.float32)
    inputs = [x, b.const(filters, scale=scale, axis=0), b.const(np.zeros(12, np.int32))]
    y, z = b.tensor((1, 6, 6, 12), 0.05, -3), b.tensor((1, 6, 6, 12), 1 / 128, 0)
    b.op("CONV_2D", inputs, [y], version=3, padding="SAME", stride_h=1, stride_w=1)
    b.op("TANH", [y], [z])
    return b.finish(outputs=[z])


def grouped(folder: Path, groups: int = 2) -> None:
    (folder / "g.tflite").write_bytes(grouped_model(groups))
    values = np.random.default_rng(1).integers(-128, 128, (2, 6, 6, 8)).astype(np.int8)
    np.savez(folder / "g.npz", x=values)


@pytest.mark.parametrize("board", ["virt-c3", "virt-esp32"])
def test_engines_side_by_side_on_one_board(tmp_path: Path, board: str) -> None:
    cli.write_model(tmp_path)
    cli.write_data(tmp_path, 4)
    words = ["model.tflite", "-b", board, "--engine", "aot", "--engine", "tflm"]
    said = tinybench("bench", *words, "--data", "data-4.npz", "--json", cwd=tmp_path)
    assert said.status == 0, said.err
    aot, tflm = (run["result"] for run in said.json)
    assert (aot["engine"]["name"], tflm["engine"]["name"]) == ("aot", "tflm")
    assert aot["agreement"]["outputs_byte_equal"] == 4
    assert tflm["agreement"]["outputs_byte_equal"] == 4
    assert tflm["engine"]["kernels"] == "esp-nn"
    assert aot["latency"]["median"] < tflm["latency"]["median"]
    assert aot["memory"]["arena_bytes"] < tflm["memory"]["arena_bytes"]
    assert tflm["memory"]["arena_used_bytes"] is None
    assert "bisection on virt-c3-8m" in tflm["memory"]["arena_method"]
    assert tflm["memory"]["stack_bytes"] > 0
    profile = tinybench("profile", *words[:3], "--engine", "tflm", "--json", cwd=tmp_path)
    assert profile.status == 0, profile.err
    calls = profile.json["calls"]
    assert [call["ops"] for call in calls] == [[i] for i in range(len(calls))]
    assert sum(call["ticks"] for call in calls) <= profile.json["profiled"]
    assert sum(call["macs"] for call in calls) == aot["model"]["macs"]


def test_the_arena_is_the_least_that_allocates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from tinybench.errors import DeviceError
    from tinybench.project import Project
    from tinybench.render.instrument import Instrument
    from tinybench.workflow.firmware import build_compiled, compile_model
    from tinybench.workflow.look import open_instrumented
    from tinybench.workflow.watch import Silent

    model = real(KWS)
    project = Project(root=tmp_path, model=model, board="virt-c3", engine="tflm")
    compiled = compile_model(project)
    assert compiled.program.arena_bytes == 22_784  # what TFLM says that it uses, and 4 bytes
    with open_instrumented(project, compiled, Instrument.NONE, Silent()) as device:
        assert device.hello().engine_status == 0
    tight = replace(compiled, program=replace(compiled.program, arena_bytes=22_783))
    build_compiled(project, tight, Silent())
    with pytest.raises(DeviceError, match="3"):
        open_instrumented(project, tight, Instrument.NONE, Silent())


def test_a_wrong_answer_is_shown_and_its_op_named(tmp_path: Path) -> None:
    grouped(tmp_path)
    words = ["g.tflite", "-b", "virt-c3", "--engine", "tflm"]
    bench = tinybench("bench", *words, "--data", "g.npz", "--json", cwd=tmp_path)
    assert bench.status == 1
    assert "tinybench verify --engine tflm" in bench.err
    verify = tinybench("verify", *words, "--json", cwd=tmp_path)
    assert verify.status == 1
    assert json.loads(verify.out)["difference"]["ops"] == [0]
    assert "op 0 CONV_2D is the first that differs" in verify.err
    reference = tinybench("verify", *words, "--kernels", "reference", cwd=tmp_path)
    assert reference.status == 0, reference.err
    assert "every byte equal" in reference.out


def test_the_bird_model_is_wrong_with_esp_nn(tmp_path: Path) -> None:
    words = [real(BIRD), "-b", "virt-c3-8m", "--engine", "tflm", "--limit", "1"]
    said = tinybench("verify", *words, "--json", cwd=tmp_path)
    assert said.status == 1
    found = said.json["difference"]
    assert found["label"] == "CONV_2D"
    assert found["ops"] == [81]


def test_a_model_too_large_for_the_board_is_refused_with_numbers(tmp_path: Path) -> None:
    said = tinybench("build", real(BIRD), "-b", "virt-c3", "--engine", "tflm", cwd=tmp_path)
    assert said.status == 1
    assert "for TFLite Micro its arena takes 487,1" in said.err
    assert "virt-c3-8m" in said.err


def test_the_process_of_this_computer_runs_it_too(tmp_path: Path) -> None:
    cli.write_model(tmp_path)
    words = ["model.tflite", "-b", "native", "--engine", "tflm", "--kernels", "reference"]
    said = tinybench("verify", *words, cwd=tmp_path)
    assert said.status == 0, said.err
