"""Run folders read back: what was written, or a sentence about what is broken."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support.fake_run import FakeSamples, measure
from support.run_folders import write_run
from tinybench.errors import Altered, UsageError
from tinybench.report.load import load_run
from tinybench.report.manifest import check_folder
from tinybench.report.runs import list_runs
from tinybench.workflow.compare import check_run


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    odd = 'a "b",\n c.png'
    run = load_run(write_run(tmp_path / "run", bend=lambda r: replace(r, name=odd + r.name)))
    wanted = tuple(replace(r, name=odd + r.name) for r in measure(FakeSamples(8)).records)
    assert run.records == wanted
    assert run.result["samples"]["measured"] == 8


def remove_result(run: Path) -> None:
    (run / "result.json").unlink()


def cut_result(run: Path) -> None:
    text = (run / "result.json").read_text()
    (run / "result.json").write_text(text[: len(text) // 2])


def other_schema(run: Path) -> None:
    (run / "result.json").write_text(json.dumps({"schema": "tinybench.result/99"}))


def before_there_were_gates(run: Path) -> None:
    result = json.loads((run / "result.json").read_text())
    del result["gates"]
    (run / "result.json").write_text(json.dumps(result | {"schema": "tinybench.result/1"}))


def no_object(run: Path) -> None:
    (run / "result.json").write_text("[1]")


def remove_samples(run: Path) -> None:
    (run / "samples.csv").unlink()


def cut_samples(run: Path) -> None:
    text = (run / "samples.csv").read_text()
    (run / "samples.csv").write_text(text[: len(text) // 2])


def drop_a_row(run: Path) -> None:
    lines = (run / "samples.csv").read_text().splitlines()
    (run / "samples.csv").write_text("\n".join(lines[:-1]) + "\n")


def other_columns(run: Path) -> None:
    text = (run / "samples.csv").read_text()
    (run / "samples.csv").write_text(text.replace("latency", "lateness"))


def another_accuracy(run: Path) -> None:
    result = json.loads((run / "result.json").read_text())
    result["accuracy"]["device_top1"] = 0.999
    (run / "result.json").write_text(json.dumps(result))


def no_latency(run: Path) -> None:
    result = json.loads((run / "result.json").read_text())
    del result["latency"]
    (run / "result.json").write_text(json.dumps(result))


def another_label(run: Path) -> None:
    text = (run / "samples.csv").read_text()
    (run / "samples.csv").write_text(text.replace(",True,", ",False,", 1))


def cut_outputs(run: Path) -> None:
    (run / "outputs.bin").write_bytes((run / "outputs.bin").read_bytes()[:-1])


def no_folder(run: Path) -> None:
    run.rename(run.with_name("elsewhere"))


def binary(run: Path) -> None:
    (run / "result.json").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    ("damage", "seen", "todo"),
    [
        (
            remove_result,
            "there is none",
            "this run was killed before its end: `tinybench bench --resume",
        ),
        (remove_samples, "there is none", "`tinybench check`"),
        (cut_result, "JSONDecodeError", "`tinybench check`"),
        (no_object, "TypeError", "`tinybench check`"),
        (other_schema, "it is of 'tinybench.result/99'", "bench again with this tinybench"),
        (before_there_were_gates, "it is of 'tinybench.result/1'", "bench again"),
        (cut_samples, "it is cut off", "`tinybench check`"),
        (drop_a_row, "7", "`tinybench check`"),
        (other_columns, "lateness", "`tinybench check`"),
        (another_accuracy, "result.json: ", "`tinybench check`"),
        (no_latency, "result.json: ", "`tinybench check`"),
        (another_label, "samples.csv: ", "`tinybench check`"),
        (cut_outputs, "outputs.bin: ", "`tinybench check`"),
        (no_folder, "is none", "`tinybench runs`"),
        (binary, "invalid start byte", "`tinybench check`"),
    ],
)
def test_a_broken_folder_is_told_of(
    tmp_path: Path, damage: Callable[[Path], None], seen: str, todo: str
) -> None:
    run = write_run(tmp_path / "run")
    damage(run)
    with pytest.raises(UsageError) as caught:
        load_run(run)
    assert seen in caught.value.seen
    assert caught.value.todo.startswith(todo)


def test_samples_cut_anywhere_are_never_taken_for_whole(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    whole = (run / "samples.csv").read_bytes()
    for end in range(len(whole)):
        (run / "samples.csv").write_bytes(whole[:end])
        try:
            kept = load_run(run).records
        except UsageError:
            continue
        pytest.fail(f"cut at {end} of {len(whole)}: {kept[-1]}")


def test_any_changed_byte_shows(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "report.html").write_text("made later")
    assert check_run(run).files == 4
    assert check_folder(run).added == ("report.html",)
    rng = random.Random(3)
    for name in ("result.json", "samples.csv", "outputs.bin"):
        whole = (run / name).read_bytes()
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        for content, said in ((bytes(damaged), "sha256"), (whole + b"x", "bytes then")):
            (run / name).write_bytes(content)
            with pytest.raises(Altered) as caught:
                check_run(run)
            (line,) = caught.value.details
            assert line.startswith(f"{name}: ")
            assert said in line
        (run / name).unlink()
        with pytest.raises(Altered) as caught:
            check_run(run)
        assert caught.value.details == (f"{name}: is gone",)
        (run / name).write_bytes(whole)
    check_run(run)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "x"}', '{"schema": "S"}'])
def test_no_manifest_is_told_of(tmp_path: Path, content: str) -> None:
    run = write_run(tmp_path / "run")
    text = content.replace("S", "tinybench.manifest/1")
    (run / "manifest.json").write_text(text)
    for read in (check_run, load_run):  # a damaged manifest is no reason to believe the figures
        with pytest.raises(UsageError, match="its content is something else"):
            read(run)
    (run / "manifest.json").unlink()
    load_run(run)
    for path in (run, run / "result.json"):
        with pytest.raises(UsageError, match="has none"):
            check_run(path)


def test_runs_are_listed_newest_first_and_broken_ones_too(tmp_path: Path) -> None:
    for name in ("20260101-m", "20260301-m", "20260201-m"):
        write_run(tmp_path / name)
    remove_result(tmp_path / "20260201-m")
    other_schema(tmp_path / "20260101-m")
    (tmp_path / "notes").mkdir()
    found = list_runs(tmp_path)
    assert [f.folder.name[:6] for f in found] == ["202603", "202602", "202601"]
    assert [f.result is None for f in found] == [False, True, True]
    assert found[1].reason.startswith("unfinished: no result.json;")
    assert found[2].reason.startswith("broken: ")
    assert "result.json of schema tinybench.result/" in found[2].reason
    assert list_runs(tmp_path / "nowhere") == []
