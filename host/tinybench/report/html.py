"""report.html: one file that needs nothing else, neither network nor the run folder."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench import __version__
from tinybench.bench.records import SampleRecord
from tinybench.render.files import render_template
from tinybench.report import gates
from tinybench.report.figures import (
    Confusion,
    Row,
    class_names,
    confusions,
    rows,
    verdict,
    worst,
)
from tinybench.report.load import Run
from tinybench.report.memory import PICTURE
from tinybench.report.plots import confidence_plot, confusion_plot, latency_plot
from tinybench.report.scores import Scores
from tinybench.report.svg import svg_element

_WORST = 24
_PAIRS = 40
_ZOOMS = (50, 100, 200)  # per cent of a matrix whose letters can be read
_THUMBNAIL = 96  # pixels


@dataclass(frozen=True)
class Worst:
    """A sample that went wrong.

    Attributes:
        picture: data: URL, "" where its file cannot be shown.
        device, desktop: (class, score) of the best scores.
    """

    name: str
    label: str
    equal: str
    picture: str
    device: tuple[tuple[str, str], ...]
    desktop: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ReportContext:
    """What templates/report.html.j2 needs."""

    result: Mapping[str, Any]
    version: str
    verdict: str
    good: bool
    figures: tuple[Row, ...]
    gates: tuple[tuple[bool, str], ...]
    notes: tuple[str, ...]
    latency: str
    confidence: str
    memory: str
    largest: tuple[tuple[str, int], ...]
    profile: Mapping[str, Any] | None
    labelled: int
    matrix: str
    zooms: tuple[int, ...]
    pairs: tuple[Confusion, ...]
    more_pairs: int
    wrong: tuple[Worst, ...]
    command: str


def render_report(run: Run, profile: Mapping[str, Any] | None = None) -> str:
    """The whole page.

    Args:
        run: complete or not.
        profile: of the same model on the same board, as `tinybench profile --json` writes it.
    """
    return render_template("report.html.j2", _context(run, profile))


def _context(run: Run, profile: Mapping[str, Any] | None) -> ReportContext:
    result, records = run.result, run.records
    labelled = sum(record.label is not None for record in records)
    pairs = confusions(records)
    said = verdict(result)
    names = class_names(records)
    places = {record.index: row for row, record in enumerate(records)}
    wrong = worst(records, _WORST)
    scores = Scores(run)
    return ReportContext(
        result=result,
        version=__version__,
        verdict=said,
        good=said == "passed",
        figures=tuple(rows(run)),
        gates=tuple((gate["passed"], gates.say(gate)) for gate in result["gates"]),
        notes=(*result["data"]["notes"], *result["model"]["notes"], *result["desktop"]["notes"]),
        latency=latency_plot(records, result["latency"]["unit"]) if result["latency"]["n"] else "",
        confidence=confidence_plot(records, scores.told) if labelled >= 10 else "",
        memory=_memory(run.folder / PICTURE),
        largest=tuple((one["symbol"], one["bytes"]) for one in result["flash"]["largest"]),
        profile=profile,
        labelled=labelled,
        matrix=confusion_plot(records, names) if labelled else "",
        zooms=_ZOOMS,
        pairs=tuple(pairs[:_PAIRS]),
        more_pairs=max(0, len(pairs) - _PAIRS),
        wrong=tuple(_worst(run, one, scores, places[one.index], names) for one in wrong),
        command=_command(result),
    )


def _memory(path: Path) -> str:
    try:
        return svg_element(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""


def _worst(
    run: Run, record: SampleRecord, scores: Scores, row: int, names: Mapping[int, str]
) -> Worst:
    def name(number: int | None) -> str:
        return "" if number is None else names.get(number, str(number))

    told = (pair.split(":") for pair in record.desktop_top5.split())
    return Worst(
        name=record.name,
        label=name(record.label),
        equal={True: "yes", False: "NO", None: "unknown"}[record.outputs_equal],
        picture=_picture(Path(run.result["data"]["path"]) / record.name),
        device=tuple((name(k), f"{v:.4g}") for k, v in scores.best(row)),
        desktop=tuple((name(int(k)), f"{scores.told(float(v)):.4g}") for k, v in told),
    )


def _picture(path: Path) -> str:
    from PIL import Image

    try:
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((_THUMBNAIL, _THUMBNAIL))
            file = io.BytesIO()
            small.save(file, "JPEG", quality=80)
    except (OSError, ValueError):
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _command(result: Mapping[str, Any]) -> str:
    words = ["tinybench", "bench", result["model"]["name"], "--board", result["board"]["name"]]
    if result["engine"]["name"] != "aot":
        words += ["--engine", result["engine"]["name"], "--kernels", result["engine"]["kernels"]]
    if result["engine"].get("weights", "plain") != "plain":
        words += ["--weights", result["engine"]["weights"]]
    words += ["--data", result["data"]["path"]]
    if result["samples"]["planned"]:
        words += ["--limit", str(result["samples"]["planned"])]
    return shlex.join(words)
