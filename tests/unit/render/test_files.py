"""Files are written whole, and only where something changed."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import jinja2
import pytest

from tinybench.errors import BuildError
from tinybench.render.files import render_template, write_if_changed, write_tree


def test_an_unchanged_file_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    assert write_if_changed(path, b"one")
    os.utime(path, (1, 1))
    assert not write_if_changed(path, b"one")
    assert path.stat().st_mtime == 1
    assert write_if_changed(path, b"two")
    assert path.read_bytes() == b"two"


def test_a_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_if_changed(path, b"old")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BuildError, match="No space left on device") as caught:
        write_if_changed(path, b"new")
    assert "free some space" in caught.value.todo
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_bytes() == b"old"


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(BuildError):
        write_if_changed(tmp_path / "a" / "b", b"")


def test_owned_folders_hold_nothing_else(tmp_path: Path) -> None:
    for name in ("src/old.c", "src/core/old.h", "notes.txt"):
        write_if_changed(tmp_path / name, b"")
    write_tree(tmp_path, {PurePosixPath("src/new.c"): b"x"}, owned=("src",))
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"src/new.c", "notes.txt"}


def test_a_template_refuses_a_context_that_lacks_a_field() -> None:
    @dataclass(frozen=True)
    class Empty:
        pass

    with pytest.raises(jinja2.UndefinedError):
        render_template("virt.ld.j2", Empty())
