"""result.json as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinybench.cli.console import news, print_table

Json = Mapping[str, Any]


def show_result(result: Json, folder: Path) -> None:
    """The verdict and the figures on stdout; the run folder on stderr."""
    board, model = result["board"], result["model"]
    title = (
        f"{model['name']} on {board['name']} ({board['kind']}, engine {result['engine']['name']})"
    )
    print_table(("figure", "device", "desktop / how"), _rows(result), title)
    for note in (*result["data"]["notes"], *model["notes"], *result["desktop"]["notes"]):
        news(f"note: {note}")
    if result["status"] != "complete":
        news(f"{result['status']}: {result['status_reason']}")
    news(f"run folder: {folder}")


def _value(section: Json, key: str, form: str = "{:,}") -> str:
    value = section.get(key)
    if value is None:
        return f"- ({section.get(key + '_reason', 'unknown')})"
    return form.format(value)


def _rows(result: Json) -> list[tuple[str, str, str]]:
    samples, accuracy, agreement = result["samples"], result["accuracy"], result["agreement"]
    latency, desktop = result["latency"], result["desktop"]
    memory, flash = result["memory"], result["flash"]
    measured = samples["measured"]
    return [
        (
            "samples measured",
            f"{measured:,} of {samples['planned']:,}",
            f"{samples['unreadable']} unreadable, {samples['resends']} frames resent",
        ),
        (
            "top-1 accuracy",
            _value(accuracy, "device_top1", "{:.4f}"),
            f"{_value(accuracy, 'desktop_top1', '{:.4f}')}  {accuracy['desktop']}",
        ),
        (
            "outputs byte-equal",
            f"{_value(agreement, 'outputs_byte_equal')} of {measured:,}",
            f"with {agreement['oracle']}",
        ),
        (
            "same top-1",
            f"{_value(agreement, 'argmax_equal')} of {measured:,}",
            f"{_value(agreement, 'desktop_argmax_equal')} with the desktop",
        ),
        (
            f"latency, {latency['unit']}",
            _value(latency, "median"),
            f"min {_value(latency, 'min')}, p90 {_value(latency, 'p90')}, "
            f"p99 {_value(latency, 'p99')}, max {_value(latency, 'max')}, n={latency['n']}",
        ),
        (
            "",
            latency["method"],
            f"{_value(desktop, 'latency_us_median')} us, {desktop['latency_method']}",
        ),
        (
            "arena, B",
            _value(memory, "arena_bytes"),
            f"planned; {_value(memory, 'arena_used_bytes')} measured; "
            f"desktop needs {_value(desktop, 'memory_bytes')}",
        ),
        ("static RAM, B", _value(memory, "static_bytes"), memory["static_method"]),
        ("stack, B", _value(memory, "stack_bytes"), memory["used_method"]),
        (
            "flash, B",
            _value(flash, "total_bytes"),
            f"weights {_value(flash, 'weights_bytes')}, code {_value(flash, 'code_bytes')}",
        ),
    ]
