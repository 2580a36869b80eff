"""report.html: one file that needs nothing else, neither network nor the run folder."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
from tinybench.report.folder import OUTPUTS
from tinybench.report.load import Run
from tinybench.report.memory import PICTURE
from tinybench.report.plots import confidence_plot, confusion_plot, latency_plot
from tinybench.report.svg import svg_element

_WORST = 24
_PAIRS = 40
_TOP = 5
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
    matrix: str
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
    return ReportContext(
        result=result,
        version=__version__,
        verdict=said,
        good=said == "passed",
        figures=tuple(rows(run)),
        gates=tuple((gate["passed"], gates.say(gate)) for gate in result["gates"]),
        notes=(*result["data"]["notes"], *result["model"]["notes"], *result["desktop"]["notes"]),
        latency=latency_plot(records, result["latency"]["unit"]) if result["latency"]["n"] else "",
        confidence=confidence_plot(records) if labelled >= 10 else "",
        memory=_memory(run.folder / PICTURE),
        largest=tuple((one["symbol"], one["bytes"]) for one in result["flash"]["largest"]),
        profile=profile,
        matrix=confusion_plot(records, names) if labelled else "",
        pairs=tuple(pairs[:_PAIRS]),
        more_pairs=max(0, len(pairs) - _PAIRS),
        wrong=tuple(_worst(run, record, places[record.index], names) for record in wrong),
        command=_command(result),
    )


def _memory(path: Path) -> str:
    try:
        return svg_element(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""


def _worst(run: Run, record: SampleRecord, row: int, names: Mapping[int, str]) -> Worst:
    def name(number: int | None) -> str:
        return "" if number is None else names.get(number, str(number))

    return Worst(
        name=record.name,
        label=name(record.label),
        equal={True: "yes", False: "NO", None: "unknown"}[record.outputs_equal],
        picture=_picture(Path(run.result["data"]["path"]) / record.name),
        device=tuple((name(k), f"{v:g}") for k, v in _top_scores(run, row)),
        desktop=tuple(_desktop_scores(record, name)),
    )


def _desktop_scores(record: SampleRecord, name: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    for pair in record.desktop_top5.split():
        number, _, score = pair.partition(":")
        yield name(int(number)), score


def _top_scores(run: Run, row: int) -> list[tuple[int, float]]:
    """Classes and scores of the device's first output, best first, in the model's units.

    Args:
        run: whose outputs.bin is read.
        row: of samples.csv.
    """
    outputs = run.result["outputs"]
    tensor, size = outputs["tensors"][0], outputs["bytes_per_sample"]
    try:
        with (run.folder / OUTPUTS).open("rb") as file:
            file.seek(row * size)
            data = file.read(size)
    except OSError:
        return []
    count = int(np.prod(tensor["shape"], dtype=np.int64))
    if len(data) < size:
        return []
    raw = np.frombuffer(data, tensor["dtype"], count)
    scores = raw.astype(np.float64)
    if tensor["scale"]:
        scores = (scores - tensor["zero_point"]) * tensor["scale"]
    best = np.argsort(-scores, kind="stable")[:_TOP]
    return [(int(k), float(scores[k])) for k in best]


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
