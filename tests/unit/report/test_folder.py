"""The run folder: nobody else's files, a row per sample at once, a result whole or not at all."""

from __future__ import annotations

import csv
import dataclasses
import json
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.fake_run import FakeSamples, make_bench
from tinybench.bench.run import run
from tinybench.errors import UsageError
from tinybench.report.folder import FIRMWARE, RunFolder, new_run_folder, open_run_folder

NOW = datetime(2026, 11, 23, 10, 15, 30, tzinfo=UTC)
BENCH, SEEN = make_bench(FakeSamples(3))
RECORDS = run(BENCH)[0].records
OUTPUTS = [[data] for data in SEEN.outputs]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "samples.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_there_as_soon_as_they_are_added(tmp_path: Path) -> None:
    with open_run_folder(tmp_path / "a" / "run") as folder:
        folder.begin({})
        assert rows(folder.path) == []
        for n, (record, outputs) in enumerate(zip(RECORDS, OUTPUTS, strict=True), start=1):
            folder.add(record, outputs)
            assert len(rows(folder.path)) == n
            check_outputs(folder.path)
        assert not (folder.path / "result.json").exists()
        folder.finish({"schema": "x"}, RECORDS)
    assert json.loads((folder.path / "result.json").read_text()) == {"schema": "x"}
    assert [row["name"] for row in rows(folder.path)] == ["0.png", "1.png", "2.png"]
    assert {path.name for path in folder.path.iterdir()} == {
        *("manifest.json", "outputs.bin", "result.json", "run.json", "samples.csv")
    }
    check_outputs(folder.path)


@pytest.mark.parametrize("kept", range(4))
def test_a_sample_that_was_broken_off_is_cut_off_at_the_end(tmp_path: Path, kept: int) -> None:
    with open_run_folder(tmp_path / "run") as folder:
        folder.begin({})
        for record, outputs in zip(RECORDS, OUTPUTS, strict=True):
            folder.add(record, outputs)
        for _ in range(2):  # an impatient Ctrl-C has it finished again
            folder.finish({}, RECORDS[:kept])
    assert len(rows(folder.path)) == kept
    check_outputs(folder.path)


def check_outputs(folder: Path) -> None:
    """Each row's output bytes have the CRC that the row says."""
    content = (folder / "outputs.bin").read_bytes()
    parts = [content[start : start + 4] for start in range(0, len(content), 4)]
    assert [str(zlib.crc32(part)) for part in parts] == [r["output_crc"] for r in rows(folder)]


def test_names_that_are_no_unicode_are_written(tmp_path: Path) -> None:
    odd = dataclasses.replace(RECORDS[0], name=b"caf\xe9.png".decode("utf-8", "surrogateescape"))
    with open_run_folder(tmp_path / "run") as folder:
        folder.begin({})
        folder.add(odd, OUTPUTS[0])
        folder.finish({"names": [odd.name]}, [odd])
    assert rows(folder.path)[0]["name"] == r"caf\udce9.png"
    assert json.loads((folder.path / "result.json").read_text())["names"] == [odd.name]


@pytest.mark.parametrize("there_before", [False, True])
def test_a_run_that_does_not_begin_leaves_nothing(tmp_path: Path, there_before: bool) -> None:
    path = tmp_path / "run"
    if there_before:
        path.mkdir()
    with open_run_folder(path) as folder:
        (folder.path / FIRMWARE).write_bytes(b"copied already")
    assert path.exists() == there_before
    assert not there_before or list(path.iterdir()) == []


def test_a_run_that_began_is_kept_whatever_happens(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), open_run_folder(tmp_path / "run") as folder:
        folder.begin({})
        raise RuntimeError
    assert rows(tmp_path / "run") == []


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="is not empty"):
        open_run_folder(tmp_path)
    with pytest.raises(UsageError, match="make the run folder"):
        open_run_folder(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def claim_at_once(open_one: Callable[[], RunFolder]) -> list[RunFolder | UsageError]:
    def claim(_: int) -> RunFolder | UsageError:
        try:
            return open_one()
        except UsageError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(claim, range(8)))


def test_of_runs_that_want_one_folder_one_gets_it(tmp_path: Path) -> None:
    got = claim_at_once(lambda: open_run_folder(tmp_path / "run"))
    assert sum(isinstance(one, RunFolder) for one in got) == 1
    assert all("is not empty" in str(one) for one in got if isinstance(one, UsageError))


def test_runs_of_one_second_get_a_folder_each(tmp_path: Path) -> None:
    got = claim_at_once(lambda: new_run_folder(tmp_path / "runs", "virt-c3", "bird", NOW))
    names = sorted(one.path.name for one in got if isinstance(one, RunFolder))
    base = "20261123-101530-bird-virt-c3"
    assert names == [base, *(f"{base}-{n}" for n in range(2, 9))]


def test_runs_cannot_go_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(UsageError, match="make the run folder"):
        new_run_folder(tmp_path / "runs", "virt-c3", "bird", NOW)


def test_a_full_disk_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Any) -> None:
        raise OSError(28, "No space left on device", str(self))

    with open_run_folder(tmp_path / "run") as folder:
        folder.begin({})
        folder.add(RECORDS[0], OUTPUTS[0])
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full)
            with pytest.raises(UsageError, match="No space left") as caught:
                folder.finish({}, RECORDS[:1])
    assert caught.value.todo == "free some space"
    assert len(rows(folder.path)) == 1
    assert sorted(path.name for path in folder.path.iterdir()) == [
        *("outputs.bin", "run.json", "samples.csv")
    ]
