"""result.json as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinybench.cli.console import news, print_pairs, print_table, show
from tinybench.report.figures import SIZES, agreement_keys
from tinybench.report.gates import say

Json = Mapping[str, Any]
Row = tuple[str, str, str]


def show_result(result: Json) -> None:
    """The figures and how they came about, on stdout; what to mind, on stderr."""
    board, samples = result["board"], result["samples"]
    show(
        f"{result['model']['name']} on {board['name']} ({board['kind']} board), "
        f"engine {result['engine']['name']}: "
        f"{samples['measured']:,} of {samples['planned']:,} samples"
    )
    show("")
    if samples["measured"]:
        print_table(("", "device", "desktop"), _rows(result))
        show("")
        print_pairs(_how(result))
    if result["gates"]:
        show("")
        print_pairs(_gates(result["gates"]))
    for note in _notes(result):
        news(f"note: {note}")


def _rows(result: Json) -> list[Row]:
    latency = result["latency"]
    stream = result["throughput"]
    spread = f"{_value(latency, 'min')} .. {_value(latency, 'max')}"
    tail = f"{_value(latency, 'p90')}, {_value(latency, 'p99')}"
    return [
        (
            "top-1 accuracy",
            _value(result["accuracy"], "device_top1", "{:.4f}"),
            _value(result["accuracy"], "desktop_top1", "{:.4f}"),
        ),
        *_agreement_rows(result["agreement"]),
        (
            "latency, median",
            f"{_value(latency, 'median')} {latency['unit']}",
            _value(result["desktop"], "latency_us_median", "{:,} us"),
        ),
        ("  from .. to", spread, ""),
        ("  p90, p99", tail, ""),
        *([("throughput", f"{stream['samples_per_s']:,} samples/s", "")] if stream else []),
        *_memory_rows(result),
    ]


def _agreement_rows(agreement: Json) -> list[Row]:
    form = f"{{:,}} of {agreement['n']:,}"
    keys = agreement_keys(agreement)
    return [(what, _value(agreement, key, form), "") for what, key in keys.items()]


def _memory_rows(result: Json) -> list[Row]:
    memory = result["memory"]
    used = f"{_value(memory, 'arena_used_bytes')} of {_value(memory, 'arena_bytes')} B used"
    forms = {"stack": "{:,} B used"}
    return [
        ("arena", used, _value(result["desktop"], "memory_bytes", "{:,} B")),
        *(
            (what, _value(result[part], key, forms.get(what, "{:,} B")), "")
            for what, (part, key, _) in SIZES.items()
        ),
    ]


def _value(section: Json, key: str, form: str = "{:,}") -> str:
    """A figure, or a dash; _how() gives the reasons."""
    value = section[key]
    return "-" if value is None else form.format(value)


def _how(result: Json) -> list[tuple[str, str]]:
    """What stands behind the figures, and why some are missing."""
    agreement, latency, desktop = result["agreement"], result["latency"], result["desktop"]
    rows = [("desktop", desktop["runtime"])]
    if "oracle_note" not in agreement:
        rows.append(("TFLM", agreement["oracle"]))
    rows += [
        ("latency", f"{latency['method']}; n={latency['n']}"),
        *([("throughput", result["throughput"]["method"])] if result["throughput"] else []),
        ("", f"desktop: {desktop['latency_method']}"),
        ("memory", f"arena, stack: {result['memory']['used_method']}"),
        ("data", f"{result['data']['path']}: {result['data']['preparation']}"),
    ]
    reasons = {
        "accuracy": result["accuracy"].get("device_top1_reason"),
        "latency": latency.get("median_reason"),
        "same top-1": agreement.get("desktop_argmax_equal_reason"),
        "arena used": result["memory"].get("arena_used_bytes_reason"),
        "stack": result["memory"].get("stack_bytes_reason"),
        "desktop memory": desktop.get("memory_bytes_reason"),
    }
    return rows + [(f"no {name}", reason) for name, reason in reasons.items() if reason]


def _gates(verdicts: Sequence[Json]) -> list[tuple[str, str]]:
    return [("kept" if verdict["passed"] else "NOT KEPT", say(verdict)) for verdict in verdicts]


def _notes(result: Json) -> list[str]:
    samples, agreement = result["samples"], result["agreement"]
    notes = [*result["data"]["notes"], *result["model"]["notes"], *result["desktop"]["notes"]]
    if samples["unreadable"]:
        notes.append(f"{samples['unreadable']} not readable, left out")
    link = result["link"] or {"resends": 0, "resets": 0, "reconnects": 0, "cable": None}
    if link["resends"]:
        notes.append(f"{link['resends']:,} frame{'s' * (link['resends'] != 1)} sent again")
    if link["resets"] or link["reconnects"]:
        notes.append(
            f"the device was away: {link['resets']} resets, {link['reconnects']} reconnects"
        )
    if link["cable"]:
        put = ", ".join(f"{n:,} {kind}" for kind, n in link["cable"]["faults"].items())
        notes.append(f"a bad cable was put in, {link['cable']['spec']}: {put or 'no fault yet'}")
    if "oracle_note" in agreement:
        notes.append(agreement["oracle_note"])
    return notes
