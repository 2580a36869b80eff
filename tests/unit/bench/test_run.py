"""The run over fakes: what is recorded, what is counted, and what an end in the middle leaves."""

from __future__ import annotations

import dataclasses
import errno
import zlib

import pytest

from support.fake_run import TICKS, FakeDevice, FakeReference, FakeSamples, make_bench, right_answer
from tinybench.bench.records import SampleRecord
from tinybench.bench.run import AHEAD, never_ran, run
from tinybench.errors import (
    DataError,
    DeviceCrashed,
    Interrupted,
    TinybenchError,
    UsageError,
)

SAMPLES = 7


def test_each_sample_is_recorded_once_in_order() -> None:
    samples, device = FakeSamples(SAMPLES), FakeDevice()
    bench, seen = make_bench(samples, device)
    measured, error = run(bench)
    assert error is None
    assert (measured.status, measured.reason, measured.planned) == ("complete", "", SAMPLES)
    assert [record.index for record in measured.records] == list(range(SAMPLES))
    assert list(measured.records) == seen.records
    for record, outputs in zip(measured.records, seen.outputs, strict=True):
        tensor = samples.tensor(record.index)
        answer = right_answer(tensor)
        assert record.name == f"{record.index}.png"
        assert record.device_top1 == record.desktop_top1 == record.oracle_top1 == answer.argmax()
        assert record.device_score == answer.max()
        assert (record.outputs_equal, record.desktop_equal) == (True, True)
        assert record.largest_difference == 0
        assert (record.latency, record.desktop_us) == (TICKS + record.index, 12.5)
        assert record.input_crc == zlib.crc32(tensor.tobytes())
        assert outputs == answer.tobytes()
        assert record.output_crc == zlib.crc32(outputs)
    assert device.painted == [0], "memory is measured once, on the first sample"
    assert measured.footprint is not None
    assert (measured.footprint.arena_used, measured.footprint.stack) == (200, None)


def test_one_byte_that_differs_is_seen() -> None:
    def bend(sample: int, output: bytes) -> bytes:
        return bytes([output[0] ^ 3, *output[1:]]) if sample == 2 else output

    measured, error = run(make_bench(FakeSamples(SAMPLES), FakeDevice(bend=bend))[0])
    assert error is None, "a mismatch is for the caller to judge"
    assert [r.index for r in measured.records if not r.outputs_equal] == [2]
    assert [r.index for r in measured.records if not r.desktop_equal] == [2]
    assert 1 <= (measured.records[2].largest_difference or 0) <= 3


def test_without_an_oracle_nothing_is_said_about_it() -> None:
    measured, _ = run(make_bench(FakeSamples(2), reference=FakeReference(with_oracle=False))[0])
    for record in measured.records:
        assert record.oracle_top1 is record.outputs_equal is record.largest_difference is None
        assert record.desktop_equal


def test_unreadable_samples_are_counted_and_the_run_goes_on() -> None:
    bench, seen = make_bench(FakeSamples(SAMPLES, frozenset({0, 3, 6})))
    measured, error = run(bench)
    assert error is None
    assert [record.index for record in measured.records] == [1, 2, 4, 5]
    assert seen.unreadable == [f"{i}.png: it is damaged" for i in (0, 3, 6)]
    assert list(measured.unreadable) == seen.unreadable
    assert measured.planned == SAMPLES


def test_strict_stops_at_the_first_unreadable_sample() -> None:
    measured, error = run(make_bench(FakeSamples(SAMPLES, frozenset({6})), strict=True)[0])
    assert isinstance(error, DataError)
    assert (error.wanted, error.seen, error.todo) == ("read 6.png", "it is damaged", "mend it")
    assert measured.status == "failed"
    assert "6.png" in measured.reason
    assert len(measured.records) <= 6


def test_nothing_readable_is_an_error() -> None:
    measured, error = run(make_bench(FakeSamples(2, frozenset({0, 1})))[0])
    assert isinstance(error, DataError)
    assert error.seen == "none of 2 could be read"
    assert measured.status == "failed"
    assert measured.footprint is None


@pytest.mark.parametrize("at", range(SAMPLES))
@pytest.mark.parametrize(
    ("failure", "status", "kind"),
    [
        (DeviceCrashed("run sample", "it trapped", ""), "failed", DeviceCrashed),
        (OSError(errno.ENOSPC, "No space left on device"), "failed", UsageError),
        (KeyboardInterrupt(), "interrupted", Interrupted),
    ],
)
def test_what_was_measured_before_the_end_is_kept(
    failure: BaseException, status: str, kind: type[TinybenchError], at: int
) -> None:
    def before(sample: int) -> None:
        if sample == at:
            raise failure

    bench, seen = make_bench(FakeSamples(SAMPLES), FakeDevice(before=before))
    measured, error = run(bench)
    assert type(error) is kind
    assert (measured.status, measured.reason) == (status, str(error))
    assert [record.index for record in measured.records] == list(range(at))
    assert list(measured.records) == seen.records
    assert (measured.footprint is None) == (at == 0)


def test_a_sample_that_was_not_kept_was_not_measured() -> None:
    def keep(record: SampleRecord, _: object) -> None:
        if record.index == 2:
            raise KeyboardInterrupt

    bench = dataclasses.replace(make_bench(FakeSamples(SAMPLES))[0], on_record=keep)
    measured, error = run(bench)
    assert isinstance(error, Interrupted)
    assert [record.index for record in measured.records] == [0, 1]


@pytest.mark.parametrize("failing", range(SAMPLES))
def test_a_reference_that_fails_ends_the_run_and_names_the_sample(failing: int) -> None:
    died = DataError("run the model", "it died", "go on", details=("tail",))
    reference = FakeReference(failing=failing, error=died)
    measured, error = run(make_bench(FakeSamples(SAMPLES), reference=reference)[0])
    assert isinstance(error, DataError)
    assert error.wanted == f"run the model, on sample {failing}.png"
    assert (error.seen, error.todo, error.details) == (died.seen, died.todo, died.details)
    assert len(measured.records) == failing
    assert f"{failing}.png" in measured.reason


def test_the_reference_is_given_a_few_samples_ahead() -> None:
    reference = FakeReference()
    ahead: list[int] = []
    device = FakeDevice(before=lambda sample: ahead.append(reference.submitted - sample))
    run(make_bench(FakeSamples(50), device, reference)[0])
    assert max(ahead) == AHEAD + 1
    assert reference.submitted == 50, "memory is measured without the reference"


def test_a_run_that_never_began() -> None:
    measured, error = never_ran(KeyboardInterrupt(), 12)
    assert isinstance(error, Interrupted)
    assert error.seen == "interrupted after 0 of 12"
    assert "`tinybench bench --resume" in error.todo
    assert (measured.status, measured.planned, measured.records) == ("interrupted", 12, ())
