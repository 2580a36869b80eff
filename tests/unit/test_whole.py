"""A file is the old one or the new one, whoever else writes it and whatever goes wrong."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinybench.whole import check_writable, write_whole


def test_many_at_once_leave_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    written = [bytes([i]) * 50_000 for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: write_whole(path, data), written))
    assert path.read_bytes() in written
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check_writable(tmp_path / "a" / "b" / "new")
    check_writable(tmp_path / "file")
    for path, kind in ((tmp_path, IsADirectoryError), (tmp_path / "file/x", NotADirectoryError)):
        with pytest.raises(kind):
            check_writable(path)
    with pytest.raises(OSError, match="/proc'"):
        check_writable(Path("/proc/x"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
