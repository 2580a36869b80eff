"""Two runs beside each other: what differs in truth, and what may be chance.

With ``alpha`` = 0.05, two runs of one and the same thing are told apart in at most 5 % of cases:
half of it for accuracy, half for latency. Memory and bytes are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tinybench.bench.records import SampleRecord
from tinybench.errors import NotComparable
from tinybench.report.load import Run
from tinybench.report.statistics import mcnemar, median, median_change

ALPHA = 0.05

Judgement = Literal["same", "better", "worse", "unknown"]
Pairs = list[tuple[SampleRecord, SampleRecord]]


@dataclass(frozen=True)
class Change:
    """One figure in both runs.

    Attributes:
        what: e.g. "top-1 accuracy".
        base, new: the figures; None where one could not be had.
        unit: of both.
        judgement: of the new one; "unknown" where a figure is missing.
        method: how it was judged, with its numbers.
    """

    what: str
    base: float | int | None
    new: float | int | None
    unit: str
    judgement: Judgement
    method: str


@dataclass(frozen=True)
class Comparison:
    """All that is said of two runs.

    Attributes:
        differences: why they would not be comparable; empty unless that was forced.
        n: samples that both have.
        changes: a line per figure.
    """

    differences: tuple[str, ...]
    n: int
    changes: tuple[Change, ...]

    @property
    def worse(self) -> tuple[Change, ...]:
        """The regressions."""
        return tuple(change for change in self.changes if change.judgement == "worse")


def compare(
    base: Run,
    new: Run,
    *,
    alpha: float = ALPHA,
    latency_tolerance: float = 0.0,
    force: bool = False,
) -> Comparison:
    """Compares two runs on the samples that both have.

    Args:
        base, new: of the same data on the same board; model and engine may differ.
        alpha: how often two equal runs may be told apart by accuracy or latency, a share.
        latency_tolerance: up to so much slower, a share of the base's median, is not worse.
        force: compare whatever they are.

    Raises:
        NotComparable: they differ in what decides the figures, unless forced.
    """
    differences = tuple(_differences(base, new))
    if differences and not force:
        raise NotComparable(
            "two complete runs of the same data on the same board",
            f"they differ in {len(differences)} thing{'s' * (len(differences) != 1)}",
            "bench both anew alike, or compare all the same with --force",
            details=differences,
        )
    others = {record.name: record for record in new.records}
    pairs = [(r, others[r.name]) for r in base.records if r.name in others]
    changes = (
        _accuracy(pairs, alpha / 2),
        _latency(base, new, pairs, alpha / 2, latency_tolerance),
        _wrong_bytes(pairs),
        *_sizes(base.result, new.result),
    )
    return Comparison(differences, len(pairs), changes)


# --- comparable? ---------------------------------------------------------------------------------

_ALIKE = {
    "the kind of board": ("board", "kind"),
    "the board": ("board", "name"),
    "what the board's file states": ("board", "facts_sha256"),
    "the clock, Hz": ("board", "clock_hz"),
    "the unit of latency": ("latency", "unit"),
    "how latency is measured": ("latency", "window"),
    "the form of the data": ("data", "kind"),
    "the preprocessing": ("data", "preparation"),
}


def _differences(base: Run, new: Run) -> Iterator[str]:
    for run in (base, new):
        if run.result["status"] != "complete":
            yield f"{run.folder} is {run.result['status']}"
    for what, (section, key) in _ALIKE.items():
        old, now = base.result[section].get(key), new.result[section].get(key)
        if old != now:
            yield f"{what}: {old}, then {now}"
    then = [(record.name, record.label) for record in base.records]
    now = [(record.name, record.label) for record in new.records]
    if then != now:
        yield f"the samples: {_first_difference(then, now)}"
    elif _same_model(base, new) and _crcs(base) != _crcs(new):
        yield "the samples' content: other input bytes of the same model under the same names"


def _first_difference(then: list[Any], now: list[Any]) -> str:
    if len(then) != len(now):
        return f"{len(then):,}, then {len(now):,}"
    index = next(i for i, (a, b) in enumerate(zip(then, now, strict=True)) if a != b)
    return f"number {index} is {then[index]}, then {now[index]}"


def _same_model(base: Run, new: Run) -> bool:
    return bool(base.result["model"]["sha256"] == new.result["model"]["sha256"])


def _crcs(run: Run) -> list[int]:
    return [record.input_crc for record in run.records]


# --- figures -------------------------------------------------------------------------------------


def _accuracy(pairs: Pairs, alpha: float) -> Change:
    what, unit = "top-1 accuracy", "share"
    answered = [(a.device_top1 == a.label, b.device_top1 == b.label) for a, b in _labelled(pairs)]
    if not answered:
        return Change(what, None, None, unit, "unknown", "no labelled sample in both")
    n = len(answered)
    lost = sum(a and not b for a, b in answered)
    won = sum(b and not a for a, b in answered)
    p = mcnemar(lost, won)
    return Change(
        what,
        sum(a for a, _ in answered) / n,
        sum(b for _, b in answered) / n,
        unit,
        _direction(lost - won) if p < alpha else "same",
        f"exact McNemar: {lost} lost, {won} won, p={p:.3g}, alpha={alpha:g}, n={n}",
    )


def _labelled(pairs: Pairs) -> Pairs:
    return [(a, b) for a, b in pairs if a.label is not None and a.label == b.label]


def _latency(base: Run, new: Run, pairs: Pairs, alpha: float, tolerance: float) -> Change:
    what, unit = "latency, median", base.result["latency"]["unit"]
    other = new.result["latency"]["unit"]
    if other != unit:  # forced; numbers of two units are still neither more nor less
        return Change(what, None, None, "-", "unknown", f"in {unit}, then in {other}")
    if len(pairs) < 2:
        return Change(what, None, None, unit, "unknown", "fewer than two samples in both")
    old = [a.latency for a, _ in pairs if a.latency is not None]
    now = [b.latency for _, b in pairs if b.latency is not None]
    if len(old) != len(pairs) or len(now) != len(pairs):
        return Change(what, None, None, unit, "unknown", "throughput mode: no latency was taken")
    before, after = int(median(old)), int(median(now))
    ends = median_change(old, now, 1 - alpha)
    allowed = tolerance * before
    judgement: Judgement = "same"
    if ends.low > allowed:
        judgement = "worse"
    elif ends.high < 0:
        judgement = "better"
    return Change(
        what,
        before,
        after,
        unit,
        judgement,
        f"bootstrap of pairs: change {ends.low:+,.0f} .. {ends.high:+,.0f} at {1 - alpha:.4g}, "
        f"n={len(pairs)}" + (f", tolerance {tolerance:g}" if tolerance else ""),
    )


def _wrong_bytes(pairs: Pairs) -> Change:
    what, unit = "samples unlike TFLM", "samples"
    if any(a.outputs_equal is None or b.outputs_equal is None for a, b in pairs) or not pairs:
        return Change(what, None, None, unit, "unknown", "TFLM did not run on both")
    before = sum(not a.outputs_equal for a, _ in pairs)
    after = sum(not b.outputs_equal for _, b in pairs)
    return Change(what, before, after, unit, _direction(after - before), "exact")


_SIZES = {
    "arena": ("memory", "arena_bytes"),
    "RAM with arena": ("memory", "static_bytes"),
    "stack": ("memory", "stack_bytes"),
    "flash": ("flash", "total_bytes"),
}


def _sizes(base: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for what, (section, key) in _SIZES.items():
        before, after = base[section][key], new[section][key]
        if before is None or after is None:
            reason = base[section].get(f"{key}_reason") or new[section].get(f"{key}_reason")
            yield Change(what, before, after, "B", "unknown", str(reason))
        else:
            yield Change(what, before, after, "B", _direction(after - before), "exact")


def _direction(growth: float) -> Judgement:
    """Of what should be small."""
    if growth == 0:
        return "same"
    return "worse" if growth > 0 else "better"
