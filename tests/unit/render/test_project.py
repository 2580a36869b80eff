"""Rendered projects: complete, repeatable, standing alone."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from tinybench import resources
from tinybench.boards import Board, list_boards, load_board
from tinybench.errors import ConfigError
from tinybench.render.instrument import Instrument
from tinybench.render.project import Identity, write_project
from tinybench.render.sources import load_sources

MODEL = {"model.cc": "int x;\n", "labels.h": ""}


def write(board: Board, out: Path) -> Path:
    return write_project(MODEL, board, Identity("ab" * 16, board.name, "aot", "cd" * 32), out=out)


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("board", list_boards("virtual"), ids=lambda b: b.name)
def test_equal_input_gives_equal_bytes_and_touches_nothing(board: Board, tmp_path: Path) -> None:
    first = write(board, tmp_path / "a")
    times = {p: p.stat().st_mtime_ns for p in first.rglob("*")}
    write(board, tmp_path / "a")
    assert {p: p.stat().st_mtime_ns for p in first.rglob("*")} == times
    assert contents(write(board, tmp_path / "b")) == contents(first)


@pytest.mark.parametrize("board", list_boards("virtual"), ids=lambda b: b.name)
def test_no_file_names_a_place_on_this_computer(board: Board, tmp_path: Path) -> None:
    for name, content in contents(write(board, tmp_path / "p")).items():
        assert str(tmp_path).encode() not in content, name
        assert str(resources.firmware()).encode() not in content, name


@pytest.mark.parametrize("board", list_boards("virtual"), ids=lambda b: b.name)
def test_sources_json_names_every_source_and_only_those(board: Board, tmp_path: Path) -> None:
    project = write(board, tmp_path)
    rows = json.loads((project / "sources.json").read_text())
    compiled = {p.relative_to(project).as_posix() for p in (project / "src").rglob("*")}
    compiled = {name for name in compiled if name.endswith((".c", ".cc", ".S"))}
    assert {row["path"] for row in rows} == compiled
    assert "src/model.cc" in compiled
    assert "src/core/tb_main.c" in compiled


@pytest.mark.parametrize("instrument", list(Instrument))
def test_what_projects_share_knows_no_other_macro(instrument: Instrument) -> None:
    board = load_board("virt-c3")
    own = {"TB_BOARD_NAME", "TB_CHIP_NAME", "TB_CLOCK_HZ", "TB_BUILD_OPTIONS", *instrument.defines}
    shared = [s for s in load_sources().collect(board, "aot") if s.macros is not None]
    assert {s.path.parent.name for s in shared} == {"core", "kernels"}
    for source in shared:
        words = set(re.findall(r"\w+", source.origin.read_text()))
        assert words & own <= set(source.macros or ()), source.path


def test_sizes_stand_once(tmp_path: Path) -> None:
    board = load_board("virt-c3")
    smaller = dataclasses.replace(board.memory, ram_bytes=12_345, flash_bytes=54_321)
    project = write(dataclasses.replace(board, memory=smaller), tmp_path)
    script = (project / "memory.ld").read_text()
    assert "LENGTH = 12345" in script
    assert "LENGTH = 54321" in script
    facts = json.loads((project / "platform/boards/virt-c3.json").read_text())
    assert facts["upload"] == {"maximum_size": 54_321, "maximum_ram_size": 12_345}


def test_c_and_cxx_are_compiled_strictly() -> None:
    table = load_sources()
    for source in table.collect(load_board("virt-c3"), "aot"):
        if source.path.suffix == ".c":
            assert source.flags is not None
            assert {"-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2"} <= set(source.flags)
    assert {"-std=gnu++17", "-fno-exceptions", "-fno-rtti"} <= set(
        table.model_flags("aot", load_board("virt-c3"))
    )


def test_flags_of_a_file_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fake_firmware(tmp_path, '"k/a.c" = { flags = ["-fno-ivopts"] }')
    monkeypatch.setattr(resources, "firmware", lambda: root)
    flags = {s.path.name: s.flags for s in load_sources().collect(load_board("native"), "aot")}
    assert flags == {"a.c": ("-O2", "-std=c99", "-fno-ivopts"), "b.c": ("-O2", "-std=c99")}


@pytest.mark.parametrize("files", ['"k/none.c" = { flags = [] }', '"k" = { flags = [] }'])
def test_flags_for_a_file_that_does_not_exist_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: str
) -> None:
    root = fake_firmware(tmp_path, files)
    monkeypatch.setattr(resources, "firmware", lambda: root)
    with pytest.raises(ConfigError, match="files"):
        load_sources()


def fake_firmware(folder: Path, files: str) -> Path:
    (folder / "k").mkdir()
    (folder / "k" / "a.c").touch()
    (folder / "k" / "b.c").touch()
    (folder / "virtual" / "native").mkdir(parents=True)
    (folder / "sources.toml").write_text(
        '[flags]\nall = ["-O2"]\nc = ["-std=c99"]\ncxx = []\n'
        '[sets.kernels]\nsources = ["k/*.c"]\n[engines.aot]\nsets = ["kernels"]\n'
        f"[files]\n{files}\n"
    )
    return folder


def test_an_unknown_engine_or_port_is_refused(tmp_path: Path) -> None:
    board = load_board("native")
    with pytest.raises(ConfigError, match="engine='none'"):
        write_project(MODEL, board, Identity("", board.name, "none", ""), out=tmp_path)
    lost = dataclasses.replace(board, build=dataclasses.replace(board.build, port="nowhere"))
    with pytest.raises(ConfigError, match=r"build\.port"):
        write(lost, tmp_path)
