"""result.json: every figure with its unit and how it was obtained, or the reason it is missing.

A value that could not be had is null, and ``<key>_reason`` beside it says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinybench import __version__
from tinybench.bench.records import Footprint, Measured
from tinybench.bench.summary import Figure, count, latency, top1_share
from tinybench.boards import Board

SCHEMA = "tinybench.result/1"

Json = dict[str, Any]


@dataclass(frozen=True)
class ReferenceFacts:
    """Which runtimes the device is compared with; see model/worker.py.

    Attributes:
        desktop: the desktop TFLite's name.
        oracle: the byte-exact runtime's name; None with ``oracle_reason``.
        memory_bytes: what the desktop runtime needed; None where it cannot be measured.
    """

    desktop: str
    oracle: str | None
    oracle_reason: str | None
    memory_bytes: int | None
    memory_method: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RunFacts:
    """All that a result says besides the measurements.

    Attributes:
        started, finished: ISO 8601, UTC.
        engine: {"name": ..., "build_id": ...}.
        model: what it is: name, sha256, sizes, MACs, notes.
        data: path, kind, preprocessing.
        device: what the hello said.
        arena_bytes: planned.
        flash: total, weights and code in bytes, from the ELF; None where not built here.
    """

    started: str
    finished: str
    board: Board
    engine: Mapping[str, Any]
    model: Mapping[str, Any]
    data: Mapping[str, Any]
    device: Mapping[str, Any]
    arena_bytes: int
    flash: Mapping[str, int] | None
    reference: ReferenceFacts | None


def build_result(facts: RunFacts, measured: Measured) -> Json:
    """The whole of result.json."""
    return {
        "schema": SCHEMA,
        "tinybench": __version__,
        "status": measured.status,
        "status_reason": measured.reason or None,
        "started": facts.started,
        "finished": facts.finished,
        "board": _board(facts.board),
        "engine": dict(facts.engine),
        "model": dict(facts.model),
        "data": dict(facts.data),
        "device": dict(facts.device),
        "samples": _samples(measured),
        "accuracy": _accuracy(facts, measured),
        "agreement": _agreement(facts, measured),
        "latency": _latency(facts.board, measured),
        "desktop": _desktop(facts, measured),
        "memory": _memory(facts, measured.footprint),
        "flash": _flash(facts),
    }


def _put(target: Json, key: str, figure: Figure[Any]) -> None:
    target[key] = figure.value
    if figure.reason:
        target[f"{key}_reason"] = figure.reason


def _or_reason(value: Any, reason: str) -> Figure[Any]:
    return Figure(value) if value is not None else Figure(reason=reason)


def _board(board: Board) -> Json:
    return {
        "name": board.name,
        "kind": board.kind,
        "title": board.title,
        "chip": board.chip.name,
        "isa": board.chip.isa,
        "clock_hz": board.chip.clock_hz or None,
    }


def _samples(measured: Measured) -> Json:
    return {
        "planned": measured.planned,
        "measured": len(measured.records),
        "unreadable": len(measured.unreadable),
        "unreadable_names": list(measured.unreadable),
        "resends": sum(r.resends for r in measured.records),
    }


def _accuracy(facts: RunFacts, measured: Measured) -> Json:
    out: Json = {"n": sum(r.label is not None for r in measured.records)}
    _put(out, "device_top1", top1_share(measured.records, lambda r: r.device_top1))
    _put(out, "desktop_top1", top1_share(measured.records, lambda r: r.desktop_top1))
    _put(out, "oracle_top1", top1_share(measured.records, lambda r: r.oracle_top1))
    out["desktop"] = facts.reference.desktop if facts.reference else None
    return out


def _agreement(facts: RunFacts, measured: Measured) -> Json:
    """Counts of samples; the oracle is TFLM where it runs, else the desktop runtime."""
    records = measured.records
    reference = facts.reference
    by_oracle = reference is not None and reference.oracle is not None
    out: Json = {"n": len(records)}
    out["oracle"] = None if reference is None else reference.oracle or reference.desktop
    if reference is not None and not by_oracle:
        out["oracle_note"] = f"not byte-exact with TFLM by design: {reference.oracle_reason}"
    argmax = count(
        records,
        lambda r: r.device_top1 == (r.oracle_top1 if by_oracle else r.desktop_top1),
    )
    _put(out, "argmax_equal", argmax)
    equal = count(records, lambda r: r.outputs_equal if by_oracle else r.desktop_equal)
    _put(out, "outputs_byte_equal", equal)
    _put(out, "desktop_argmax_equal", count(records, lambda r: r.device_top1 == r.desktop_top1))
    _put(out, "desktop_byte_equal", count(records, lambda r: r.desktop_equal))
    worst = [r.largest_difference for r in records if r.largest_difference is not None]
    _put(
        out,
        "largest_difference_steps",
        _or_reason(max(worst, default=None), "no oracle, or no sample"),
    )
    return out


def _latency(board: Board, measured: Measured) -> Json:
    figures = latency(measured.records)
    out: Json = {
        "unit": board.counter.unit,
        "method": board.counter.method,
        "window": "raw input tensor in RAM to complete output tensor; link quiet",
    }
    if figures is None:
        nothing = dict.fromkeys(("min", "median", "p90", "p99", "max"))
        return out | {"n": 0, **nothing, "median_reason": "no sample was measured"}
    return out | vars(figures)


def _desktop(facts: RunFacts, measured: Measured) -> Json:
    out: Json = {"runtime": facts.reference.desktop if facts.reference else None}
    times = sorted(r.desktop_us for r in measured.records)
    middle = round(times[(len(times) - 1) // 2], 1) if times else None
    _put(out, "latency_us_median", _or_reason(middle, "no sample was measured"))
    out["latency_method"] = "wall time of one inference on this computer, other work beside it"
    memory = facts.reference.memory_bytes if facts.reference else None
    _put(out, "memory_bytes", _or_reason(memory, "this system does not tell"))
    out["memory_method"] = facts.reference.memory_method if facts.reference else None
    out["notes"] = list(facts.reference.notes) if facts.reference else []
    return out


def _memory(facts: RunFacts, footprint: Footprint | None) -> Json:
    out: Json = {"arena_bytes": facts.arena_bytes, "arena_method": "planned at build time"}
    unknown = "the board cannot tell" if footprint else "no sample was measured"
    _put(
        out,
        "arena_used_bytes",
        _or_reason(footprint.arena_used if footprint else None, unknown),
    )
    _put(out, "stack_bytes", _or_reason(footprint.stack if footprint else None, unknown))
    out["used_method"] = "high-water marks of two painted inferences, the larger of each"
    ram = facts.flash.get("ram_static") if facts.flash else None
    _put(out, "static_bytes", _or_reason(ram, "no ELF of this build"))
    out["static_method"] = ".data + .bss of the ELF, without the stack"
    return out


def _flash(facts: RunFacts) -> Json:
    out: Json = {"method": "sections and symbols of the ELF"}
    for key in ("total", "weights", "code"):
        value = facts.flash.get(key) if facts.flash else None
        _put(out, f"{key}_bytes", _or_reason(value, "no ELF of this build"))
    return out
