"""Figures where matplotlib cannot keep what it wants to keep."""

import atexit
import os
from pathlib import Path

import pytest

from tinybench.report import svg


@pytest.mark.parametrize("writable", [True, False])
def test_a_home_that_cannot_be_written_is_stood_in_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    home = tmp_path / "home"
    home.mkdir() if writable else home.touch()
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MPLCONFIGDIR", "")  # to be as it was afterwards
    monkeypatch.delenv("MPLCONFIGDIR")
    removed: list[str] = []
    monkeypatch.setattr(atexit, "register", lambda _, folder, **__: removed.append(folder))
    monkeypatch.setattr(svg.tempfile, "mkdtemp", lambda prefix: str(tmp_path / prefix))
    svg._settle_cache.__wrapped__()
    own = os.environ.get("MPLCONFIGDIR")
    assert own == (None if writable else str(tmp_path / "tinybench-matplotlib-"))
    assert removed == ([] if writable else [own])
