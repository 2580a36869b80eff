"""The ledger: what each step of a pipeline bought, on the desktop and on the device."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMA = "tinybench.ledger/1"
_WORTH = 0.005  # of the figure: less is said to be nothing


@dataclass(frozen=True)
class Row:
    """A step.

    Attributes:
        step, source, what, options: as in the pipeline file.
        figures: parameters, zeros, sizes, accuracies, as ``compress`` reports them.
        facts: of the method.
        device: per way to keep weights, what :class:`~tinybench.workflow.device.OnDevice` says.
        control: the comparison with the method's control; None where there was none.
        verdict: what the step bought against the one that it started from, one sentence each.
    """

    step: str
    source: str
    what: str
    options: Mapping[str, Any]
    figures: Mapping[str, Any]
    facts: Mapping[str, Any]
    device: Sequence[Mapping[str, Any]]
    control: Mapping[str, Any] | None = None
    verdict: tuple[str, ...] = field(default_factory=tuple)

    def on(self, weights: str) -> Mapping[str, Any] | None:
        """The device's figures with weights kept so; None where there are none."""
        for way in self.device:
            if way["weights"] == weights and way["ticks"] is not None:
                return way
        return None


def add_verdict(row: Row, source: Row | None) -> Row:
    """The row with what it bought against its source, in words."""
    lines = [] if source is None else [*_on_device(row, source), *_elsewhere(row, source)]
    lines += [way["reason"] for way in row.device if way["reason"]][:1]
    if row.control is not None:
        lines.append(_against_control(row.control))
    return dataclasses.replace(row, verdict=tuple(lines))


def _on_device(row: Row, source: Row) -> list[str]:
    now, then = row.on("plain"), source.on("plain")
    if now is None or then is None:
        return []
    gains = [
        _change(now, then, key, unit)
        for key, unit in (("flash_bytes", "B flash"), ("arena_bytes", "B arena"))
    ]
    gains.append(_change(now, then, "ticks", now["unit"]))
    if any(gains):
        return ["on the device: " + ", ".join(gain for gain in gains if gain)]
    return ["buys nothing on the device with plain weights"]


def _elsewhere(row: Row, source: Row) -> list[str]:
    lines = []
    if "gzip_bytes" in row.figures and "gzip_bytes" in source.figures:
        zipped = _change(row.figures, source.figures, "gzip_bytes", "B")
        lines += [f"zipped: {zipped}"] if zipped else []
    now, then, plain = row.on("huffman"), source.on("huffman"), row.on("plain")
    if now is None or then is None or plain is None:
        return lines
    if now["flash_bytes"] > (1 - _WORTH) * plain["flash_bytes"]:
        return [*lines, "Huffman code buys nothing beside plain weights"]
    flash = _change(now, then, "flash_bytes", "B flash")
    if flash:
        cost = f"{now['ticks'] / plain['ticks'] - 1:+.1%} {now['unit']}"
        arena = now["arena_bytes"] - plain["arena_bytes"]
        cost += f" and {arena:+,} B arena" if arena else ""
        lines.append(f"with Huffman-coded weights: {flash}, for {cost}")
    return lines


def _change(now: Mapping[str, Any], then: Mapping[str, Any], key: str, unit: str) -> str:
    new, old = now[key], then[key]
    if abs(new - old) < _WORTH * old:
        return ""
    return f"{new - old:+,} {unit} ({(new - old) / old:+.0%})"


def _against_control(control: Mapping[str, Any]) -> str:
    gain, n = 100 * control["mean_gain"], len(control["seeds"])
    if control["beats"]:
        return f"beats its control ({control['name']}) with each of {n} seeds, by {gain:.1f} points"
    return f"did not beat its control ({control['name']}) over {n} seeds: {gain:+.1f} points"


def ledger_json(rows: Sequence[Row]) -> dict[str, Any]:
    """What ledger.json holds."""
    return {"schema": SCHEMA, "rows": [dataclasses.asdict(row) for row in rows]}


def draw_ledger(rows: Sequence[Row], picture: Path) -> None:
    """Accuracy (int8, 95 % interval) against flash and against ticks, as .svg.

    Raises:
        OSError: it cannot be written.
    """
    from tinybench.report.svg import new_figure, save_svg

    figure = new_figure(11, 4.5)
    for axes, key in zip(figure.subplots(1, 2, sharey=True), ("flash_bytes", "ticks"), strict=True):
        for weights, mark in (("plain", "o"), ("huffman", "^")):
            _draw(axes, rows, key, weights, mark)
        axes.grid(alpha=0.3)
        axes.set_ylabel("top-1, int8")
    units = {way["unit"] for row in rows for way in row.device if way["ticks"] is not None}
    left, right = figure.axes
    left.set_xlabel("flash of the firmware, B")
    right.set_xlabel(f"{', '.join(sorted(units)) or 'ticks'} per inference")
    left.legend(["plain weights", "Huffman-coded"])
    save_svg(figure, picture)


def _draw(axes: Any, rows: Sequence[Row], key: str, weights: str, mark: str) -> None:
    known = [
        (way[key], row.figures["int8_top1"], row.step)
        for row in rows
        if (way := row.on(weights)) is not None and row.figures.get("int8_top1") is not None
    ]
    if not known:
        return
    x, top1, names = zip(*known, strict=True)
    y = [t["value"] for t in top1]
    ends = [
        [t["value"] - t["low"] for t in top1],
        [t["high"] - t["value"] for t in top1],
    ]
    axes.errorbar(x, y, yerr=ends, fmt=mark, ms=5, lw=0.8, label=weights)
    if weights == "plain":
        for at, value, name in zip(x, y, names, strict=True):
            axes.annotate(name, (at, value), xytext=(4, 4), textcoords="offset points", fontsize=7)
