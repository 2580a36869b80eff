"""Gates: each is kept at its limit and fails one step beyond it; no figure is no pass."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from support.fake_run import FACTS, FakeDevice, FakeReference, FakeSamples, fake_result, measure
from tinybench.bench.run import never_ran
from tinybench.errors import DeviceCrashed
from tinybench.gates import LIMITS, Gates
from tinybench.report.gates import failure, judge, say

SAMPLES = 8
# What the fake run brings: three of eight right on both sides, ticks 1000..1007, no stack.
SEEN: dict[str, float] = {
    "min_accuracy": 0.375,
    "max_accuracy_loss": 0,
    "min_byte_agreement": 1,
    "min_label_agreement": 1,
    "max_arena_bytes": 272,
    "max_ram_bytes": 300,
    "max_flash_bytes": 100,
    "max_latency_median": 1003,
    "max_latency_p99": 1007,
}


def one_wrong() -> FakeDevice:
    """The last sample's best class is another, which was right before."""
    return FakeDevice(bend=lambda n, out: out if n != 4 else bytes([127, 127, 127, 128]))


@pytest.fixture(scope="module")
def result() -> Any:
    return fake_result(measure(FakeSamples(SAMPLES)))


def verdict(result: Any, gate: str, limit: float) -> Any:
    (judged,) = judge(Gates(**{gate: limit}), result)
    assert judged.gate == gate
    return judged


@pytest.mark.parametrize("gate", SEEN)
def test_a_limit_is_kept_where_it_is_reached_and_not_one_step_beyond(
    result: Any, gate: str
) -> None:
    limit = SEEN[gate]
    assert verdict(result, gate, limit).passed
    step = 1 if limit > 1 else 1e-6
    beyond = limit + step if gate.startswith("min_") else limit - step
    judged = verdict(result, gate, beyond)
    assert (judged.passed, judged.seen) == (False, limit)


def test_every_limit_has_a_figure_and_a_case_here(result: Any) -> None:
    names = {field.name for field in fields(Gates)}
    assert names == set(LIMITS) == {*SEEN, "max_stack_bytes"}
    assert judge(Gates(), result) == []


def test_what_was_not_measured_fails_and_says_so(result: Any) -> None:
    stack = verdict(result, "max_stack_bytes", 10**9)
    assert (stack.passed, stack.seen) == (False, None)
    assert stack.reason == "not measured: the board cannot tell"
    unlabelled = fake_result(measure(FakeSamples(SAMPLES, labelled=False)))
    for gate in ("min_accuracy", "max_accuracy_loss"):
        assert verdict(unlabelled, gate, 0).reason.startswith("not measured: ")


def test_without_tflm_no_byte_agreement_is_claimed() -> None:
    measured = measure(FakeSamples(SAMPLES), reference=FakeReference(with_oracle=False))
    by_desktop = fake_result(measured, reference=FACTS)
    assert not verdict(by_desktop, "min_byte_agreement", 0.5).passed


def test_a_loss_is_counted_in_whole_samples() -> None:
    result = fake_result(measure(FakeSamples(SAMPLES), device=one_wrong()))
    lost = result["accuracy"]["desktop_top1"] - result["accuracy"]["device_top1"]
    assert lost != 0
    assert verdict(result, "max_accuracy_loss", abs(lost)).seen == pytest.approx(lost)


def test_a_run_that_failed_passes_no_gate() -> None:
    measured, _ = never_ran(DeviceCrashed("run", "it trapped", ""), SAMPLES)
    result = fake_result(measured, reference=None)
    judged = verdict(result, "max_arena_bytes", 10**9)
    assert (judged.passed, judged.reason) == (False, "the run is failed")


def test_the_error_names_each_gate_that_failed(result: Any) -> None:
    gates = Gates(min_accuracy=0.9, max_arena_bytes=300, max_latency_p99=1000)
    verdicts = fake_result(measure(FakeSamples(SAMPLES)), gates=gates)["gates"]
    error = failure(verdicts)
    assert error is not None
    assert error.exit_code == 1
    assert error.seen == "2 of 3 not"
    assert error.details == (
        "min_accuracy: wanted >= 0.9 share, seen 0.375 share",
        "max_latency_p99: wanted <= 1,000 instructions, seen 1,007 instructions",
    )
    assert failure([v for v in verdicts if v["passed"]]) is None
    assert say(verdicts[1]) == "max_arena_bytes: wanted <= 300 B, seen 272 B"
