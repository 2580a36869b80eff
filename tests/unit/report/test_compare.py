"""Comparing two runs: chance is not called a change, a change is not called chance."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.run_folders import write_run
from tinybench.bench.records import SampleRecord
from tinybench.errors import NotComparable
from tinybench.report.compare import Change, Comparison, compare
from tinybench.report.load import load_run
from tinybench.report.statistics import mcnemar, median, median_change, share_interval

COUNT = 40
SIMULATION = Path(__file__).parents[3] / "tools" / "false_alarms"


def compared(
    tmp_path: Path, bend: Callable[[SampleRecord], SampleRecord] = lambda r: r, **options: Any
) -> Comparison:
    changes = options.pop("changes", {})
    base = load_run(write_run(tmp_path / "base", COUNT))
    return compare(
        base, load_run(write_run(tmp_path / "new", COUNT, bend=bend, **changes)), **options
    )


def change(comparison: Comparison, what: str) -> Change:
    (found,) = [c for c in comparison.changes if c.what == what]
    return found


def test_the_same_run_twice_is_the_same_in_everything(tmp_path: Path) -> None:
    comparison = compared(tmp_path)
    judged = {c.what: c.judgement for c in comparison.changes}
    assert judged.pop("stack") == "unknown", "the fake board cannot tell"
    assert set(judged.values()) == {"same"}
    assert (comparison.n, comparison.worse) == (COUNT, ())


def test_lost_samples_are_worse_and_won_ones_better(tmp_path: Path) -> None:
    def wrong(record: SampleRecord) -> SampleRecord:
        return replace(record, device_top1=-1)

    lost = change(compared(tmp_path, wrong), "top-1 accuracy")
    right = round((lost.base or 0) * COUNT)
    assert right > 6
    assert (lost.judgement, lost.new) == ("worse", 0)
    assert f"{right} lost, 0 won" in lost.method

    def perfect(record: SampleRecord) -> SampleRecord:
        return replace(record, device_top1=record.label or 0)

    (tmp_path / "again").mkdir()
    won = change(compared(tmp_path / "again", perfect), "top-1 accuracy")
    assert (won.judgement, won.new) == ("better", 1)


def test_one_lost_sample_is_chance(tmp_path: Path) -> None:
    def first_wrong(record: SampleRecord) -> SampleRecord:
        right = record.device_top1 == record.label
        return replace(record, device_top1=-1) if right and record.index < 10 else record

    seen = change(compared(tmp_path, first_wrong), "top-1 accuracy")
    assert seen.judgement == "same"
    assert seen.new != seen.base


@pytest.mark.parametrize(("factor", "judgement"), [(1.01, "worse"), (0.99, "better")])
def test_a_steady_shift_of_latency_is_seen(tmp_path: Path, factor: float, judgement: str) -> None:
    def shift(record: SampleRecord) -> SampleRecord:
        return replace(record, latency=int(record.latency * factor))

    assert change(compared(tmp_path, shift), "latency, median").judgement == judgement


def test_slower_within_the_tolerance_is_not_worse(tmp_path: Path) -> None:
    def shift(record: SampleRecord) -> SampleRecord:
        return replace(record, latency=record.latency + 10)

    allowed = compared(tmp_path, shift, latency_tolerance=0.02)
    assert change(allowed, "latency, median").judgement == "same"


def test_bytes_and_sizes_are_compared_exactly(tmp_path: Path) -> None:
    def differs(record: SampleRecord) -> SampleRecord:
        return replace(record, outputs_equal=record.index != 3)

    comparison = compared(
        tmp_path, differs, changes={"memory": {"arena_bytes": 273}, "flash": {"total_bytes": 99}}
    )
    assert [c.what for c in comparison.worse] == ["samples unlike TFLM", "arena"]
    assert change(comparison, "flash").judgement == "better"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"board": {"kind": "hardware"}}, "the kind of board: virtual, then hardware"),
        ({"board": {"name": "esp32"}}, "the board: virt-c3, then esp32"),
        ({"board": {"clock_hz": 1}}, "the clock, Hz: None, then 1"),
        ({"board": {"facts_sha256": "x"}}, "what the board's file states: "),
        ({"data": {"preparation": "resized"}}, "the preprocessing: none, then resized"),
        ({"latency": {"unit": "us"}}, "the unit of latency: instructions, then us"),
        ({"status": "interrupted"}, "new is interrupted"),
    ],
)
def test_what_is_not_comparable_is_refused_unless_forced(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(NotComparable) as caught:
        compared(tmp_path, changes=changes)
    assert caught.value.exit_code == 5
    assert len(caught.value.details) == 1
    assert named in caught.value.details[0]
    forced = compare(load_run(tmp_path / "base"), load_run(tmp_path / "new"), force=True)
    assert forced.differences == caught.value.details
    assert forced.n == COUNT
    if "latency" in changes:
        latency = change(forced, "latency, median")
        assert (latency.judgement, latency.new) == ("unknown", None), "of two units"


def test_other_data_is_not_comparable(tmp_path: Path) -> None:
    def other_name(record: SampleRecord) -> SampleRecord:
        return replace(record, name="x.png") if record.index == 2 else record

    def other_pixels(record: SampleRecord) -> SampleRecord:
        return replace(record, input_crc=0) if record.index == 2 else record

    with pytest.raises(NotComparable, match="differ in 1 thing"):
        compared(tmp_path, other_name)
    (tmp_path / "again").mkdir()
    with pytest.raises(NotComparable) as caught:
        compared(tmp_path / "again", other_pixels)
    assert "other input bytes of the same model" in caught.value.details[0]


def test_mcnemar_by_counting_all_cases() -> None:
    """Against the sum over all outcomes that are as unlikely or more so."""
    for b in range(9):
        for c in range(9):
            n = b + c
            by_hand = sum(math.comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= abs(b - c))
            assert mcnemar(b, c) == pytest.approx(by_hand / 2**n if n else 1)


def test_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(300):
        ends = share_interval(int(rng.binomial(60, 0.8)), 60)
        inside += ends.low <= 0.8 <= ends.high
    assert inside / 300 > 0.92
    assert int(median([5, 1, 9, 7])) == 5, "a value that was measured"
    ends = median_change([10, 11, 12], [13, 14, 15], 0.95)
    assert (ends.low, ends.high) == (3, 3)


def test_false_alarms_and_power_by_simulation() -> None:
    simulate(25)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_false_alarms_and_power_by_a_long_simulation() -> None:
    simulate(1000)


def simulate(comparisons: int) -> None:
    command = [sys.executable, SIMULATION, "--comparisons", str(comparisons), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
