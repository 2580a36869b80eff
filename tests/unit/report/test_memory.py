"""The arena over time: no byte counted twice, none left out, and a picture of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from support.builds import small_program
from support.models import conv_model
from tinybench.compiler import compile_graph
from tinybench.errors import UsageError
from tinybench.model.read import parse_tflite
from tinybench.report.memory import draw_memory, memory_over_time
from tinybench.workflow.firmware import draw


def test_live_bytes_are_those_that_some_buffer_covers() -> None:
    program = small_program()
    steps = memory_over_time(program)
    assert [step["ops"] for step in steps] == [list(s.ops) for s in program.steps]
    for number, step in enumerate(steps):
        live = program.plan.live_at(number)
        covered = {b.offset + i for b in live for i in range(b.nbytes)}
        assert step["live_bytes"] == len(covered) > 0
    assert max(step["live_bytes"] for step in steps) <= program.arena_bytes


def test_the_picture_is_svg_and_the_same_every_time(tmp_path: Path) -> None:
    program = compile_graph(parse_tflite(conv_model()))
    path = tmp_path / "memory.svg"
    draw_memory(program, path)
    root = ET.parse(path).getroot()
    assert root.tag.endswith("svg")
    text = path.read_text()
    assert f"arena {program.arena_bytes:,} B planned" in text
    draw_memory(program, tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == text


def test_a_picture_is_the_old_one_until_the_new_one_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memory.svg"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="No space left"):
        draw(small_program(), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["memory.svg"]


def test_a_picture_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"write .*file"):
        draw(small_program(), tmp_path / "file" / "memory.svg")
