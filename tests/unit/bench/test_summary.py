"""Figures over records: shares, counts and percentiles that were measured, or the reason."""

from __future__ import annotations

import dataclasses

import hypothesis
import hypothesis.strategies as st
import pytest

from support.fake_run import FakeReference, FakeSamples, make_bench
from tinybench.bench.records import SampleRecord
from tinybench.bench.run import run
from tinybench.bench.summary import Figure, count, latency, top1_share


def records(n: int, *, labelled: bool = True, oracle: bool = True) -> tuple[SampleRecord, ...]:
    samples = FakeSamples(n, labelled=labelled)
    bench, _ = make_bench(samples, reference=FakeReference(with_oracle=oracle))
    return run(bench)[0].records


@pytest.mark.parametrize(("value", "reason"), [(None, ""), (0, "but why")])
def test_a_figure_is_a_value_or_a_reason(value: int | None, reason: str) -> None:
    with pytest.raises(ValueError, match="either a value or a reason"):
        Figure(value, reason)


def test_top1_is_the_share_of_the_labelled() -> None:
    rows = [dataclasses.replace(r, device_top1=1, label=i) for i, r in enumerate(records(4))]
    assert top1_share(rows, lambda r: r.device_top1) == Figure(0.25)
    rows[0] = dataclasses.replace(rows[0], label=None)
    assert top1_share(rows, lambda r: r.device_top1) == Figure(1 / 3)


def test_what_is_missing_has_its_reason() -> None:
    def share(rows: tuple[SampleRecord, ...]) -> str:
        return top1_share(rows, lambda r: r.oracle_top1, "nobody wrote them down").reason

    assert share(()) == "no sample was measured"
    assert share(records(3, labelled=False)) == "nobody wrote them down"
    assert share(records(3, oracle=False)) == "this runtime did not run"
    assert count((), lambda r: True).reason == "no sample was measured"
    assert count(records(3, oracle=False), lambda r: r.outputs_equal).reason
    assert count(records(3), lambda r: r.outputs_equal) == Figure(3)
    assert count(records(3), lambda r: r.index == 1) == Figure(1)
    assert latency(()) is None


@hypothesis.given(st.lists(st.integers(0, 2**62), min_size=1, max_size=60))
def test_percentiles_are_latencies_that_were_measured(ticks: list[int]) -> None:
    template = records(1)[0]
    figures = latency([dataclasses.replace(template, latency=value) for value in ticks])
    assert figures is not None
    ordered = sorted(ticks)

    def nearest_rank(percent: int) -> int:
        return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]

    assert figures.n == len(ticks)
    assert (figures.min, figures.max) == (ordered[0], ordered[-1])
    shares = {50: figures.median, 90: figures.p90, 99: figures.p99}
    assert shares == {percent: nearest_rank(percent) for percent in shares}
