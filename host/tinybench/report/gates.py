"""Which gates a result keeps: what was wanted, what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tinybench.errors import GateFailed
from tinybench.gates import Gates

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What became of one gate.

    Attributes:
        gate: its key in [gates].
        wanted: the limit.
        seen: the figure; None where it could not be had.
        unit: of both.
        passed: False too where there is no figure.
        reason: why there is none; "" where there is.
    """

    gate: str
    wanted: float | int
    seen: float | int | None
    unit: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class _Seen:
    value: float | int | None
    reason: str = ""


def _at(section: str, key: str) -> Callable[[Json], _Seen]:
    """A figure of result.json."""

    def read(result: Json) -> _Seen:
        part = result[section]
        return _Seen(part[key], part.get(f"{key}_reason", ""))

    return read


def _share_of_samples(key: str) -> Callable[[Json], _Seen]:
    def read(result: Json) -> _Seen:
        part = result["agreement"]
        if part[key] is None:
            return _Seen(None, part[f"{key}_reason"])
        return _Seen(part[key] / part["n"])

    return read


def _accuracy_loss(result: Json) -> _Seen:
    accuracy = result["accuracy"]
    for key in ("device_top1", "desktop_top1"):
        if accuracy[key] is None:
            return _Seen(None, accuracy[f"{key}_reason"])
    n = accuracy["n"]  # whole samples, so that a loss of one of 300 is exactly 1/300
    return _Seen(round((accuracy["desktop_top1"] - accuracy["device_top1"]) * n) / n)


_FIGURES: dict[str, tuple[Callable[[Json], _Seen], str]] = {
    "min_accuracy": (_at("accuracy", "device_top1"), "share"),
    "max_accuracy_loss": (_accuracy_loss, "share"),
    "min_byte_agreement": (_share_of_samples("outputs_byte_equal"), "share"),
    "min_label_agreement": (_share_of_samples("desktop_argmax_equal"), "share"),
    "max_arena_bytes": (_at("memory", "arena_bytes"), "B"),
    "max_ram_bytes": (_at("memory", "static_bytes"), "B"),
    "max_stack_bytes": (_at("memory", "stack_bytes"), "B"),
    "max_flash_bytes": (_at("flash", "total_bytes"), "B"),
    "max_latency_median": (_at("latency", "median"), ""),
    "max_latency_p99": (_at("latency", "p99"), ""),
}


def judge(gates: Gates, result: Json) -> list[Verdict]:
    """A verdict per limit that is set, in the order of [gates].

    Args:
        gates: the limits.
        result: the content of result.json. A run that is not complete passes no gate.
    """
    limits = {name: limit for name, limit in asdict(gates).items() if limit is not None}
    return [_judge(name, limit, result) for name, limit in limits.items()]


def _judge(name: str, limit: float | int, result: Json) -> Verdict:
    read, unit = _FIGURES[name]
    unit = unit or result["latency"]["unit"]
    seen = read(result)
    if result["status"] != "complete":
        return Verdict(name, limit, seen.value, unit, False, f"the run is {result['status']}")
    if seen.value is None:
        return Verdict(name, limit, None, unit, False, f"not measured: {seen.reason}")
    passed = seen.value >= limit if name.startswith("min_") else seen.value <= limit
    return Verdict(name, limit, seen.value, unit, passed)


def as_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """For result.json; a reason is there only where there is one."""
    rows = [asdict(verdict) for verdict in verdicts]
    return [{k: v for k, v in row.items() if k != "reason" or v} for row in rows]


def say(verdict: Mapping[str, Any]) -> str:
    """One verdict of result.json, e.g. ``min_accuracy: wanted >= 0.85 share, seen 0.8 share``."""
    sign = ">=" if verdict["gate"].startswith("min_") else "<="
    unit = verdict["unit"]
    seen = verdict.get("reason") or f"seen {_number(verdict['seen'])} {unit}"
    return f"{verdict['gate']}: wanted {sign} {_number(verdict['wanted'])} {unit}, {seen}"


def _number(value: float | int) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def failure(verdicts: Sequence[Mapping[str, Any]]) -> GateFailed | None:
    """The error that names each gate that was not kept, or None.

    Args:
        verdicts: ``gates`` of result.json.
    """
    failed = [verdict for verdict in verdicts if not verdict["passed"]]
    if not failed:
        return None
    return GateFailed(
        "every gate kept",
        f"{len(failed)} of {len(verdicts)} not",
        "see the run folder for what changed, or set the limit in [gates] of tinybench.toml anew",
        details=tuple(say(verdict) for verdict in failed),
    )
