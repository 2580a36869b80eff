"""tools/figures --check: what may become worse, and by how much."""

from __future__ import annotations

import dataclasses
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "tools" / "figures"


@pytest.fixture(scope="module")
def tool() -> Any:
    loader = SourceFileLoader("figures_tool", str(PATH))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


@pytest.fixture
def figures(tool: Any) -> Any:
    return tool.Figures(
        macs=10,
        instructions=10_000,
        arena_bytes=500,
        added_ram=500,
        added_stack=100,
        added_flash=900,
        file_bytes=1000,
        streamed_bytes=20_000,
    )


@pytest.mark.parametrize(
    ("key", "accepted", "refused"),
    [
        ("instructions", 10_100, 10_101),
        ("streamed_bytes", 20_200, 20_201),
        ("arena_bytes", 500, 501),
    ],
)
def test_the_limit(tool: Any, figures: Any, key: str, accepted: int, refused: int) -> None:
    known = dataclasses.asdict(figures)
    assert tool._worse("m", dataclasses.replace(figures, **{key: accepted}), known) == []
    (line,) = tool._worse("m", dataclasses.replace(figures, **{key: refused}), known)
    assert f"m: {refused:,} " in line
    better = dataclasses.replace(figures, **{key: 1})
    assert tool._worse("m", better, known) == []


def test_a_model_without_a_record_is_told_of(tool: Any, figures: Any) -> None:
    (line,) = tool._worse("m", figures, None)
    assert "not in the record" in line


def test_worse_figures_end_the_check(
    tool: Any, figures: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {"gcc 1": {"m": dataclasses.asdict(figures)}}
    monkeypatch.setattr(tool, "_read_record", lambda: record)
    monkeypatch.setattr(tool, "_compiler", lambda: "gcc 1")
    tool._check({"m": figures})
    with pytest.raises(SystemExit, match="501 B of arena, 500"):
        tool._check({"m": dataclasses.replace(figures, arena_bytes=501)})
    monkeypatch.setattr(tool, "_compiler", lambda: "gcc 2")
    tool._check({"m": dataclasses.replace(figures, arena_bytes=501)})
    assert "no record for gcc 2: figures are not compared" in capsys.readouterr().out
