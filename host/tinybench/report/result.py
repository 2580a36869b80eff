"""result.json: every figure with its unit and how it was obtained, or the reason it is missing.

A value that could not be had is null, and ``<key>_reason`` beside it says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinybench import __version__
from tinybench.bench.records import Footprint, Measured, Mode
from tinybench.bench.summary import NO_SAMPLE, Figure, count, latency, top1_share
from tinybench.boards import Board
from tinybench.compiler.program import DeviceTensor
from tinybench.model.answers import Facts
from tinybench.report.folder import OUTPUTS
from tinybench.report.link import describe_link, describe_throughput

SCHEMA = "tinybench.result/3"

_NO_CLASSES = "the model's output is not one score per class"
_NO_REFERENCE = "the run ended before the desktop runtime answered"
_NO_CLOCK = "this board counts no time"
_KEEPS = "TFLM keeps in it what must stay from one inference to the next, so it cannot be painted"
_WINDOW = "raw input tensor in RAM to complete output tensor; link quiet"
_NO_WINDOW = "none: throughput mode"
_BUSY = "throughput mode: the link was busy while the device computed; bench with --mode latency"
_NO_WORST = f"TFLM did not run, or {NO_SAMPLE}"

Json = dict[str, Any]


@dataclass(frozen=True)
class RunFacts:
    """All that a result says besides the measurements.

    Attributes:
        started, finished: ISO 8601, UTC.
        board: where it ran.
        engine: {"name": ..., "build_id": ..., "elf_sha256": of the ELF that ran}.
        model: what it is: name, sha256, sizes, MACs, notes.
        data: path, kind, preparation, notes.
        classes: how many scores the first output has; None where it is not a row of scores.
        no_labels: why the data has no labels; "" where it has.
        device: what the hello said; None where the device never answered.
        outputs: what lies in outputs.bin for each sample.
        arena_bytes, arena_method: its size, and how it was found.
        arena_place, weights_place: "internal RAM", "PSRAM", "flash".
        flash: "total", "weights", "code" and "ram_static" in bytes, from the ELF.
        largest: (symbol, bytes) of what takes most of the flash.
        reference: which runtimes the device is compared with; None where they never answered.
        mode: whether latency or throughput was measured.
    """

    started: str
    finished: str
    board: Board
    engine: Mapping[str, Any]
    model: Mapping[str, Any]
    data: Mapping[str, Any]
    classes: int | None
    no_labels: str
    device: Mapping[str, Any] | None
    outputs: Sequence[DeviceTensor]
    arena_bytes: int
    arena_method: str
    arena_place: str
    weights_place: str
    flash: Mapping[str, int]
    largest: Sequence[tuple[str, int]]
    reference: Facts | None
    mode: Mode = "latency"


def build_result(facts: RunFacts, measured: Measured) -> Json:
    """The whole of result.json."""
    return {
        "schema": SCHEMA,
        "tinybench": __version__,
        **_status(measured),
        "started": facts.started,
        "finished": facts.finished,
        "board": _board(facts.board),
        "engine": dict(facts.engine),
        "model": dict(facts.model),
        "data": dict(facts.data),
        **_or_reason("device", facts.device, "the device never answered"),
        "samples": _samples(measured),
        "outputs": tell_outputs(facts.outputs),
        "accuracy": _accuracy(facts, measured),
        "agreement": _agreement(facts, measured),
        "latency": _latency(facts, measured),
        "desktop": _desktop(facts.reference, measured),
        "memory": _memory(facts, measured.footprint),
        "flash": _flash(facts.flash, facts.largest),
        **describe_throughput(measured.stream, measured.link, facts.board.kind),
        **describe_link(measured.link),
    }


def _put(key: str, figure: Figure[Any]) -> Json:
    if figure.value is None:
        return {key: None, f"{key}_reason": figure.reason}
    return {key: figure.value}


def _or_reason(key: str, value: Any, reason: str) -> Json:
    return _put(key, Figure(value) if value is not None else Figure(reason=reason))


def _status(measured: Measured) -> Json:
    if measured.status == "complete":
        return {"status": "complete"}
    return {"status": measured.status, "status_reason": measured.reason}


def _board(board: Board) -> Json:
    return {
        "name": board.name,
        "kind": board.kind,
        "title": board.title,
        "chip": board.chip.name,
        "isa": board.chip.isa,
        **_or_reason("clock_hz", board.chip.clock_hz or None, _NO_CLOCK),
        "flash_bytes": board.memory.flash_bytes,
        "ram_bytes": board.memory.ram_bytes,
        "facts_sha256": board.facts_sha256,
    }


def _samples(measured: Measured) -> Json:
    return {
        "planned": measured.planned,
        "measured": len(measured.records),
        "unreadable": len(measured.unreadable),
        "unreadable_names": list(measured.unreadable),
        "resends": sum(r.resends for r in measured.records),
    }


def tell_outputs(tensors: Sequence[DeviceTensor]) -> Json:
    """How outputs.bin is to be read."""
    return {
        "file": OUTPUTS,
        "layout": "the tensors below of each row of samples.csv, one row after the other",
        "bytes_per_sample": sum(tensor.nbytes for tensor in tensors),
        "tensors": [
            {
                "name": tensor.name,
                "dtype": tensor.dtype,
                "shape": list(tensor.shape),
                "scale": tensor.scale,
                "zero_point": tensor.zero_point,
                "file": _of_file(tensor),
            }
            for tensor in tensors
        ],
    }


def _of_file(tensor: DeviceTensor) -> Json:
    """What the model file has there, and samples.csv: where it ends in a (DE)QUANTIZE, that."""
    if tensor.boundary is None:
        own = tensor.dtype, tensor.scale, tensor.zero_point
    else:
        own = tensor.boundary.graph_dtype, tensor.boundary.scale, tensor.boundary.zero_point
    return dict(zip(("dtype", "scale", "zero_point"), own, strict=True))


def _accuracy(facts: RunFacts, measured: Measured) -> Json:
    records, reference = measured.records, facts.reference
    no_labels = facts.no_labels or "the samples measured so far have no labels"
    shares = {
        "device_top1": top1_share(records, lambda r: r.device_top1, no_labels),
        "desktop_top1": top1_share(records, lambda r: r.desktop_top1, no_labels),
        "oracle_top1": top1_share(records, lambda r: r.oracle_top1, no_labels),
    }
    out: Json = {"n": sum(r.label is not None for r in records)}
    for key, share in shares.items():
        out |= _put(key, _of_classes(facts, share))
    return out | _or_reason("desktop", reference and reference.desktop, _NO_REFERENCE)


def _of_classes(facts: RunFacts, figure: Figure[Any]) -> Figure[Any]:
    """A figure about top-1 classes, where there are classes: of a single score each is the best."""
    return figure if facts.classes is not None else Figure(reason=_NO_CLASSES)


def _agreement(facts: RunFacts, measured: Measured) -> Json:
    """Counts of samples; the oracle is TFLM where it runs, else the desktop runtime."""
    records, reference = measured.records, facts.reference
    by_tflm = reference is not None and reference.oracle is not None
    out: Json = {"n": len(records)}
    oracle = reference and (reference.oracle or reference.desktop)
    out |= _or_reason("oracle", oracle, _NO_REFERENCE)
    if reference is not None and not by_tflm:
        out["oracle_note"] = f"LiteRT in place of TFLM, not byte-exact: {reference.oracle_reason}"
    argmax = count(
        records, lambda r: r.device_top1 == (r.oracle_top1 if by_tflm else r.desktop_top1)
    )
    by_desktop = count(records, lambda r: r.device_top1 == r.desktop_top1)
    equal = count(records, lambda r: r.outputs_equal if by_tflm else r.desktop_equal)
    worst = [r.largest_difference for r in records if r.largest_difference is not None]
    return {
        **out,
        **_put("argmax_equal", _of_classes(facts, argmax)),
        **_put("outputs_byte_equal", equal),
        **_put("desktop_argmax_equal", _of_classes(facts, by_desktop)),
        **_put("desktop_byte_equal", count(records, lambda r: r.desktop_equal)),
        **_or_reason("largest_difference_steps", max(worst, default=None), _NO_WORST),
    }


def _latency(facts: RunFacts, measured: Measured) -> Json:
    figures, board, quiet = latency(measured.records), facts.board, facts.mode == "latency"
    out: Json = {
        "unit": board.counter.unit,
        "method": board.counter.method,
        "window": _WINDOW if quiet else _NO_WINDOW,
        "n": figures.n if figures else 0,
    }
    for key in ("min", "median", "p90", "p99", "max"):
        out |= _or_reason(key, figures and getattr(figures, key), NO_SAMPLE if quiet else _BUSY)
    return out


def _desktop(reference: Facts | None, measured: Measured) -> Json:
    times = sorted(r.desktop_us for r in measured.records)
    middle = round(times[(len(times) - 1) // 2], 1) if times else None
    no_memory = "this system does not tell" if reference else _NO_REFERENCE
    return {
        **_or_reason("runtime", reference and reference.desktop, _NO_REFERENCE),
        **_or_reason("latency_us_median", middle, NO_SAMPLE),
        "latency_method": "wall time of one inference on this computer, other work beside it",
        **_or_reason("memory_bytes", reference and reference.memory_bytes, no_memory),
        **_or_reason("memory_method", reference and reference.memory_method, _NO_REFERENCE),
        "notes": list(reference.notes) if reference else [],
    }


def _memory(facts: RunFacts, footprint: Footprint | None) -> Json:
    unknown = "the board cannot tell" if footprint else NO_SAMPLE
    return {
        "arena_bytes": facts.arena_bytes,
        "arena_method": facts.arena_method,
        "arena_place": facts.arena_place,
        "weights_place": facts.weights_place,
        **_or_reason(
            "arena_used_bytes",
            footprint and footprint.arena_used,
            _KEEPS if footprint and facts.engine["name"] == "tflm" else unknown,
        ),
        **_or_reason("stack_bytes", footprint and footprint.stack, unknown),
        "used_method": "high-water marks of two painted inferences, the larger of each",
        "static_bytes": facts.flash["ram_static"],
        "static_method": ".data + .bss of the ELF, the arena included, the stack not",
    }


def _flash(sizes: Mapping[str, int], largest: Sequence[tuple[str, int]]) -> Json:
    return {
        "method": "sections and symbols of the ELF",
        "total_bytes": sizes["total"],
        "weights_bytes": sizes["weights"],
        "code_bytes": sizes["code"],
        "largest": [{"symbol": name, "bytes": size} for name, size in largest],
    }
