"""tinybench.toml and what is laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tinybench.errors import ConfigError
from tinybench.gates import read_limits
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
        ({"limit": -1}, "limit as a number from 0 up", "0 means all"),
        ({"limit": "3"}, "limit as a number from 0 up", "0 means all"),
        ({"strict": 1}, "strict as true or false", "write true or false"),
        ({"model": 3}, "model as a string", "write it in quotes"),
        ({"board": Path("b.toml")}, "board as a string", "write it in quotes"),
        ({"board": ""}, "board, not empty", "`tinybench boards` lists them"),
        ({"engine": ""}, "engine, not empty", "leave it out"),
        ({"engine": "magic"}, "engine as one of aot, tflm", "choose"),
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


def test_gates_are_read_and_laid_over(tmp_path: Path) -> None:
    (tmp_path / "tinybench.toml").write_text("[gates]\nmin_accuracy = 1\nmax_arena_bytes = 9\n")
    gates = overlay(load_project(tmp_path), max_arena_bytes=7).gates
    assert (gates.min_accuracy, gates.max_arena_bytes, gates.max_stack_bytes) == (1, 7, None)


@pytest.mark.parametrize(
    ("text", "wanted", "todo"),
    [
        ("[gates]\nmin_acuracy = 1", "keys that it can have", "did you mean 'min_accuracy'?"),
        ("min_accuracy = 1", "keys that it can have", "move min_accuracy below [gates]"),
        ("gates = 3", "[gates] as a table", "write [gates] on a line of its own"),
        ("[gates]\nmin_accuracy = 85", "gates.min_accuracy as a share from 0 to 1", "such as"),
        ("[gates]\nmin_accuracy = true", "gates.min_accuracy as a share from 0 to 1", "such as"),
        ("[gates]\nmax_arena_bytes = 0.5", "gates.max_arena_bytes as a number of bytes", "such as"),
        ("[gates]\nmax_latency_p99 = -1", "max_latency_p99 as a number in the board's", "such as"),
    ],
)
def test_gates_that_make_no_sense_are_refused(
    tmp_path: Path, text: str, wanted: str, todo: str
) -> None:
    (tmp_path / "tinybench.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert wanted in caught.value.wanted
    assert caught.value.todo.startswith(todo)


def test_gates_of_the_command_line() -> None:
    assert read_limits(["min_accuracy=0.5", "max_flash_bytes=7"]) == {
        "min_accuracy": 0.5,
        "max_flash_bytes": 7,
    }
    for word in ("min_accuracy", "min_accuracy=", "min_accuracy=high"):
        with pytest.raises(ConfigError, match="KEY=NUMBER"):
            read_limits([word])
    with pytest.raises(ConfigError, match="did you mean 'min_accuracy'"):
        read_limits(["min_acuracy=0.5"])
    with pytest.raises(ConfigError, match="keys: min_accuracy, "):
        read_limits(["port=7"])  # a key of a project, but no gate
