"""A model rendered for TFLM: its bytes, its ops, its arena; and nothing of this computer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.models import conv_model, float_boundary_model
from support.tflm_sources import ESP_NN_FILES, FILES, MICRO, write_files
from tinybench.boards import load_board
from tinybench.compiler import compile_graph
from tinybench.model.read import parse_tflite
from tinybench.render.instrument import Instrument
from tinybench.render.project import render_project
from tinybench.render.tflm_source import render_interpreted
from tinybench.tflm.checkouts import Checkouts, take_files
from tinybench.tflm.program import Interpreted, interpret_graph

BUILD_ID = "0123456789abcdef" * 2


def interpreted(model: bytes, arena: int = 1024) -> Interpreted:
    program = interpret_graph(parse_tflite(model), model, "reference", None)
    return Interpreted(**{**vars(program), "arena_bytes": arena})


def test_the_flatbuffer_is_the_file_byte_for_byte() -> None:
    text = render_interpreted(interpreted(conv_model()), ["a"], BUILD_ID)["model.cc"]
    found = re.search(r"tb_w_flatbuffer\[(\d+)\] = \{\n(.*?)\n\};", text, re.DOTALL)
    assert found is not None
    data = bytes(map(int, found[2].split(",")))
    assert data == conv_model()
    assert int(found[1]) == len(data)


def test_the_resolver_has_exactly_the_ops_of_the_model() -> None:
    program = interpreted(conv_model())
    text = render_interpreted(program, None, BUILD_ID)["model.cc"]
    kinds = {op.name for op in program.graph.ops}
    assert f"MicroMutableOpResolver<{len(kinds)}>" in text
    assert tuple(re.findall(r"all->(\w+)\(\)", text)) == program.methods
    assert len(program.methods) == len(kinds)
    assert "uint8_t tb_arena[1024];" in text


def test_instruments_add_an_output() -> None:
    program = interpreted(conv_model())
    outputs = {}
    for kind in (Instrument.NONE, Instrument.PROFILE, Instrument.ARENA, Instrument.TAP):
        text = render_interpreted(program, None, BUILD_ID, kind)["model.cc"]
        found = re.findall(r"\.output_count = (\d+)", text)
        outputs[kind] = [int(count) for count in found]
    own = len(program.outputs)
    assert outputs[Instrument.NONE] == outputs[Instrument.TAP] == [own, own]
    assert outputs[Instrument.PROFILE] == outputs[Instrument.ARENA] == [own, own + 1]


def test_float_at_the_edge_stays_on_the_device() -> None:
    program = interpreted(float_boundary_model())
    assert [t.dtype for t in program.inputs] == ["float32"]
    assert all(t.boundary is None for t in (*program.inputs, *program.outputs))
    assert "TB_FLOAT32" in render_interpreted(program, None, BUILD_ID)["model.cc"]


def test_macs_are_those_that_the_compiler_counts() -> None:
    for model in (conv_model(), float_boundary_model()):
        assert interpreted(model).macs == compile_graph(parse_tflite(model)).macs


def test_the_project_holds_what_it_took_and_shares_its_objects(tmp_path: Path) -> None:
    tflm = write_files(tmp_path / "tflm", FILES)
    esp_nn = write_files(tmp_path / "esp_nn", ESP_NN_FILES)
    taken = tuple(take_files(Checkouts(tflm, esp_nn), ["AddConv2D"]))
    program = Interpreted(**{**vars(interpreted(conv_model())), "taken": taken})
    project = render_project(
        program,
        load_board("virt-c3"),
        engine="tflm",
        labels=None,
        build_id=BUILD_ID,
        out=tmp_path / "project",
    )
    for file in taken:
        copied = project / "src" / file.component / file.path
        assert copied.read_bytes() == file.origin.read_bytes()
    for path in project.rglob("*"):
        assert not path.is_file() or str(tmp_path).encode() not in path.read_bytes(), path
    rows = {row["path"]: row for row in json.loads((project / "sources.json").read_text())}
    kernel = rows[f"src/esp-tflite-micro/{MICRO}/kernels/esp_nn/conv.cc"]
    assert kernel["shared"] and "-DESP_NN" in kernel["flags"]
    common = rows[f"src/esp-tflite-micro/{MICRO}/kernels/conv_common.cc"]
    assert common["shared"] and "-DESP_NN" not in common["flags"]
    for name in ("src/model.cc", "src/tflm/tb_tflm.cc"):
        assert "shared" not in rows[name]
        assert {"-Werror", "-Wconversion", "-DTF_LITE_STATIC_MEMORY"} <= set(rows[name]["flags"])
    facts = json.loads((project / "platform/boards/virt-c3.json").read_text())
    assert facts["build"]["cxx_library"] is True


@pytest.mark.parametrize("kind", [Instrument.NULL])
def test_without_a_model_nothing_of_tflm_is_there(tmp_path: Path, kind: Instrument) -> None:
    tflm = write_files(tmp_path / "tflm", FILES)
    taken = tuple(take_files(Checkouts(tflm, None), ["AddConv2D"]))
    program = Interpreted(**{**vars(interpreted(conv_model())), "taken": taken})
    project = render_project(
        program,
        load_board("virt-c3"),
        engine="tflm",
        labels=None,
        build_id=BUILD_ID,
        out=tmp_path / "project",
        instrument=kind,
    )
    assert not list(project.rglob("*tflite*"))
    assert not (project / "src" / "tflm").exists()


def test_a_real_board_takes_exact_versions_from_the_registry(tmp_path: Path) -> None:
    project = render_project(
        interpreted(conv_model()),
        load_board("esp32cam"),
        engine="tflm",
        labels=None,
        build_id=BUILD_ID,
        out=tmp_path,
    )
    manifest = (project / "main" / "idf_component.yml").read_text()
    assert 'espressif/esp-tflite-micro: "==1.4.0"' in manifest
    assert 'espressif/esp-nn: "==1.2.3"' in manifest
    assert (project / "main" / "tflm" / "tb_tflm.cc").is_file()
    assert not (project / "main" / "tflm-virtual").exists()
    assert "-isystem" not in (project / "main" / "CMakeLists.txt").read_text()
    aot = render_project(
        compile_graph(parse_tflite(conv_model())),
        load_board("esp32cam"),
        engine="aot",
        labels=None,
        build_id=BUILD_ID,
        out=tmp_path / "aot",
    )
    assert "espressif" not in (aot / "main" / "idf_component.yml").read_text()
