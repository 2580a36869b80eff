"""What a run looks like: the table at its end, and what is said while it goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.fake_run import FakeDevice, FakeReference, FakeSamples, fake_result, measure
from tinybench.bench.link_stats import LinkStats
from tinybench.bench.run import never_ran
from tinybench.cli import progress
from tinybench.cli.progress import BenchProgress
from tinybench.cli.tables import show_result
from tinybench.cli.verdict import conclude
from tinybench.errors import DeviceCrashed, Interrupted
from tinybench.model.answers import Facts
from tinybench.workflow import BenchReport

COMPLETE = """\
m.tflite on virt-c3 (virtual board), engine aot: 8 of 8 samples

                        device               desktop
────────────────────────────────────────────────────
top-1 accuracy          0.3750               0.3750
same top-1 as TFLM      8 of 8
same bytes as TFLM      8 of 8
same top-1 as desktop   8 of 8
same bytes as desktop   8 of 8
latency, median         1,003 instructions   12.5 us
  from .. to            1,000 .. 1,007
  p90, p99              1,007, 1,007
arena                   200 of 272 B used    4,096 B
RAM with arena          300 B
stack                   -
flash                   100 B
  weights               60 B
  code                  30 B

desktop   LiteRT
TFLM      TFLM
"""


def test_a_complete_run(capsys: pytest.CaptureFixture[str]) -> None:
    show_result(fake_result(measure(FakeSamples(8))))
    out, err = capsys.readouterr()
    assert out.startswith(COMPLETE)
    assert "no stack  the board cannot tell" in out
    assert err == ""


def test_what_the_link_went_through_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = LinkStats(900, 800, 30, 30, 0, 0, 0)
    show_result(fake_result(measure(FakeSamples(8)), link=quiet))
    assert capsys.readouterr().err == ""
    met = replace(quiet, resends=1_234, resets=2, cable="seed=1,ber=0.1", faults={"flip": 5})
    show_result(fake_result(measure(FakeSamples(8)), link=met))
    assert capsys.readouterr().err.splitlines() == [
        "note: 1,234 frames sent again",
        "note: the device was away: 2 resets, 0 reconnects",
        "note: a bad cable was put in, seed=1,ber=0.1: 5 flip",
    ]


def test_it_fits_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    show_result(fake_result(measure(FakeSamples(8))))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_what_is_missing_is_a_dash_with_its_reason_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = measure(FakeSamples(3, labelled=False), reference=FakeReference(with_oracle=False))
    facts = Facts("LiteRT", None, "not installed", None, "by a fake", ())
    show_result(fake_result(measured, facts, "d.npz has no labels"))
    out, err = capsys.readouterr()
    assert "TFLM" not in out
    assert ["top-1", "accuracy", "-", "-"] in [line.split() for line in out.splitlines()]
    assert "no accuracy        d.npz has no labels" in out
    assert "no desktop memory  this system does not tell" in out
    assert "note: LiteRT in place of TFLM" in err


def test_without_classes_there_is_no_top1(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a single score, as hello_world has it, any answer would be the right one."""
    result = fake_result(measure(FakeSamples(3)), classes=None)
    show_result(result)
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    figures = {row[0]: [cell.strip() for cell in row[1:] if cell] for row in rows}
    assert figures["top-1 accuracy"] == ["-", "-"]
    assert figures["same top-1 as TFLM"] == figures["same top-1 as desktop"] == ["-"]
    assert figures["same bytes as TFLM"] == ["3 of 3"]
    reason = ["the model's output is not one score per class"]
    assert figures["no accuracy"] == figures["no same top-1"] == reason
    assert result["agreement"]["argmax_equal_reason"] == reason[0]


def test_a_run_without_samples_has_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    measured, _ = never_ran(KeyboardInterrupt(), 5)
    show_result(fake_result(measured, None))
    assert capsys.readouterr().out.splitlines() == [
        "m.tflite on virt-c3 (virtual board), engine aot: 0 of 5 samples",
        "",
    ]


def test_a_verdict_is_shown_before_it_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    def before(sample: int) -> None:
        if sample == 2:
            raise DeviceCrashed("run sample 2", "it trapped", "")

    result = fake_result(measure(FakeSamples(8), device=FakeDevice(before=before)))
    error = DeviceCrashed("run sample 2", "it trapped", "")
    report = BenchReport(Path("runs/x"), result, error)
    assert not report.interrupted
    for as_json in (False, True):
        with pytest.raises(DeviceCrashed):
            conclude(report, as_json)
        out, err = capsys.readouterr()
        assert out.startswith("{\n" if as_json else "m.tflite on virt-c3")
        assert err.endswith("run folder: runs/x\n")
    assert BenchReport(Path(), result, Interrupted("all", "some", "")).interrupted


# While it runs -----------------------------------------------------------------------------------


def show_progress(watch: BenchProgress, *, wrong: bool = False) -> None:
    def bend(sample: int, output: bytes) -> bytes:
        return bytes(reversed(output)) if wrong else output

    records = measure(FakeSamples(4), device=FakeDevice(bend=bend)).records
    with watch:
        watch.phase("building")
        watch.start(5)
        watch.unreadable("x.png: damaged")
        for record in records[:2]:
            watch.record(record)
        watch.board("was reset", "shelf-1")
        for record in records[2:]:
            watch.record(record)


def test_without_a_terminal_lines_come_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show_progress(BenchProgress())
    assert capsys.readouterr().err.splitlines() == ["building", "not readable: x.png: damaged"]
    monkeypatch.setattr(progress, "_PAUSE_S", -1.0)
    show_progress(BenchProgress(), wrong=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[2] == "1 of 5"
    last = err.splitlines()[-1].split(", ")
    assert last[0] == "5 of 5"
    assert last[1].endswith("/s")
    assert last[2].startswith("top-1 ")
    assert last[3:] == ["4 differ from TFLM", "2 resent", "1x away", "[shelf-1] was reset"]


def test_on_a_terminal_there_is_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    show_progress(BenchProgress())
    out, err = capsys.readouterr()
    assert out == ""
    assert "5/5" in err
    assert "top-1 " in err
    assert "2 resent" in err
    assert "[shelf-1] was reset" in " ".join(err.split())
    assert "not readable: x.png: damaged" in err


def test_a_bar_that_ends_early_frees_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    watch = BenchProgress()
    with pytest.raises(KeyboardInterrupt), watch:
        watch.start(5)
        raise KeyboardInterrupt
    with BenchProgress() as second:
        second.start(5)  # rich refuses a second live display
