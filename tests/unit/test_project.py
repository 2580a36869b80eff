"""tinybench.toml and what is laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tinybench.errors import ConfigError
from tinybench.project import Project, load_project, overlay

PROJECT = Project(Path("here"), model=Path("a.tflite"), board="virt-c3")


def test_flags_are_laid_over_and_none_changes_nothing() -> None:
    changed = overlay(PROJECT, model=Path("b.tflite"), path="data.npz", limit=3, strict=None)
    assert (changed.model, changed.board) == (Path("b.tflite"), "virt-c3")
    assert changed.data.path == Path("data.npz"), "text does for a path"
    assert (changed.data.limit, changed.data.strict) == (3, False)
    assert overlay(PROJECT, model=None, limit=None) == PROJECT


@pytest.mark.parametrize(
    ("flags", "wanted", "todo"),
    [
        ({"modle": Path("b")}, "keys that a project has", "did you mean 'model'?"),
        ({"modle": None}, "keys that a project has", "did you mean 'model'?"),
        ({"bogus": 1}, "keys that a project has", "known keys: model, board, "),
        ({"limit": -1}, "limit as a number from 0 up", "mend it"),
        ({"limit": "3"}, "limit as a number from 0 up", "mend it"),
        ({"strict": 1}, "strict as true or false", "mend it"),
        ({"model": 3}, "model as a string", "mend it"),
        ({"board": Path("b.toml")}, "board as a string", "mend it"),
        ({"engine": "tflm"}, "engine as one of aot", "choose"),
    ],
)
def test_what_no_project_has_is_refused(flags: dict[str, Any], wanted: str, todo: str) -> None:
    with pytest.raises(ConfigError) as caught:
        overlay(PROJECT, **flags)
    assert caught.value.wanted == wanted
    assert caught.value.todo.startswith(todo)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tinybench.toml").write_bytes(b'engine = "aot"\nmodel = "caf\xe9.tflite"\n')
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert (caught.value.seen, caught.value.todo) == ("line 2 is not UTF-8", "save it as UTF-8")
