"""The figures of a run as rows for people, the same in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tinybench.bench.records import SampleRecord
from tinybench.report.link import link_rows
from tinybench.report.load import Run
from tinybench.report.statistics import share_interval

Json = Mapping[str, Any]


AGREEMENT = {
    "same top-1 as TFLM": "argmax_equal",
    "same bytes as TFLM": "outputs_byte_equal",
    "same top-1 as desktop": "desktop_argmax_equal",
    "same bytes as desktop": "desktop_byte_equal",
}
"""Keys of a result's ``agreement``, by what people call them."""

SIZES = {
    "RAM with arena": ("memory", "static_bytes", "static_method"),
    "stack": ("memory", "stack_bytes", "used_method"),
    "flash": ("flash", "total_bytes", "method"),
    "  weights": ("flash", "weights_bytes", "method"),
    "  code": ("flash", "code_bytes", "method"),
}
"""Section, key and method of a result's sizes in bytes, by what people call them."""


def agreement_keys(agreement: Json) -> dict[str, str]:
    """Those of AGREEMENT that say something: without TFLM nothing is compared with it."""
    alone = "oracle_note" in agreement
    return {what: key for what, key in AGREEMENT.items() if not (alone and "TFLM" in what)}


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: its name.
        device, desktop: with unit; "" where there is none to show.
        how: n and method, or the reason why it is missing.
    """

    what: str
    device: str
    desktop: str
    how: str


@dataclass(frozen=True)
class Confusion:
    """How often samples of one class were taken for another."""

    label: str
    answer: str
    count: int


def rows(run: Run) -> list[Row]:
    """Accuracy, agreement, latency, memory, flash and link, each with its method."""
    result = run.result
    latency, memory = result["latency"], result["memory"]
    unit, used = latency["unit"], memory["used_method"]
    return [
        _accuracy(run),
        *_agreement(result),
        Row(
            "latency, median",
            _value(latency, "median", unit),
            _desktop_us(result),
            f"n={latency['n']}, {latency['method']}",
        ),
        _row("latency, p99", latency, "p99", unit, f"n={latency['n']}, nearest rank"),
        _row("arena", memory, "arena_bytes", "B", memory["arena_method"]),
        _row("arena used", memory, "arena_used_bytes", "B", used),
        *(
            _row(what, result[part], key, "B", result[part][method])
            for what, (part, key, method) in SIZES.items()
        ),
        *(Row(what, value, "", how) for what, value, how in link_rows(result)),
    ]


def _row(what: str, section: Json, key: str, unit: str, method: str) -> Row:
    """A figure of the device alone."""
    return Row(what, _value(section, key, unit), "", _why(section, key) or method)


def verdict(result: Json) -> str:
    """One sentence: what became of the run."""
    if result["status"] != "complete":
        return f"{result['status']}: {result['status_reason']}"
    failed = [gate["gate"] for gate in result["gates"] if not gate["passed"]]
    agreement = result["agreement"]
    equal = agreement["outputs_byte_equal"]
    said = []
    if equal is not None and equal < agreement["n"]:
        said.append(f"{agreement['n'] - equal:,} of {agreement['n']:,} samples differ from TFLM")
    if failed:
        said.append(f"gates not kept: {', '.join(failed)}")
    return "; ".join(said) or "passed"


def cell(text: str) -> str:
    """A text that a cell of a Markdown table can hold."""
    return text.replace("|", "\\|").replace("\n", " ")


def class_names(records: Sequence[SampleRecord]) -> dict[int, str]:
    """Names of the classes, where the samples lie in a folder per class; else their numbers."""
    folders: dict[int, Counter[str]] = {}
    for record in records:
        folder = PurePosixPath(record.name).parent.as_posix()
        if record.label is not None and folder != ".":
            folders.setdefault(record.label, Counter())[folder] += 1
    named = {label: seen.most_common(1)[0][0] for label, seen in folders.items()}
    return named if len(set(named.values())) == len(named) else {}


def confusions(records: Sequence[SampleRecord]) -> list[Confusion]:
    """Pairs of classes that the device takes for each other, most frequent first."""
    names = class_names(records)
    wrong = Counter(
        (r.label, r.device_top1)
        for r in records
        if r.label is not None and r.label != r.device_top1
    )
    return [
        Confusion(names.get(label, str(label)), names.get(answer, str(answer)), n)
        for (label, answer), n in wrong.most_common()
    ]


def worst(records: Sequence[SampleRecord], count: int) -> list[SampleRecord]:
    """Samples unlike TFLM first, then those that the device is surest of and wrong about."""
    bad = [
        r
        for r in records
        if r.outputs_equal is False or (r.label is not None and r.label != r.device_top1)
    ]
    return sorted(bad, key=lambda r: (r.outputs_equal is not False, -r.device_score))[:count]


def _accuracy(run: Run) -> Row:
    accuracy = run.result["accuracy"]
    cells = []
    for key in ("device_top1", "desktop_top1"):
        share, n = accuracy[key], accuracy["n"]
        if share is None:
            cells.append("-")
            continue
        ends = share_interval(round(share * n), n)
        cells.append(f"{share:.4f} ({ends.low:.3f} to {ends.high:.3f})")
    how = f"n={accuracy['n']}, 95 % interval by Wilson"
    return Row("top-1 accuracy", cells[0], cells[1], _why(accuracy, "device_top1") or how)


def _agreement(result: Json) -> list[Row]:
    agreement, desktop = result["agreement"], result["desktop"]["runtime"]
    return [
        Row(
            what,
            _value(agreement, key, f"of {agreement['n']:,}"),
            "",
            _why(agreement, key) or (agreement["oracle"] if "TFLM" in what else desktop) or "",
        )
        for what, key in agreement_keys(agreement).items()
    ]


def _desktop_us(result: Json) -> str:
    return _value(result["desktop"], "latency_us_median", "us")


def _value(section: Json, key: str, unit: str) -> str:
    value = section[key]
    return "-" if value is None else f"{value:,} {unit}"


def _why(section: Json, key: str) -> str:
    return f"not measured: {section[f'{key}_reason']}" if section[key] is None else ""
