"""Pictures of a run, as SVG text that takes its colours from the page around it."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from tinybench.bench.records import SampleRecord
from tinybench.report.svg import new_figure, save_svg, svg_element

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

_INK = "#123456"  # stands for the colour of the page's text
_LETTER = 0.075  # inches of a class's name, each
_CELL: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 6, "color": _INK}


def latency_plot(records: Sequence[SampleRecord], unit: str) -> str:
    """Histogram of latency, and latency over the run.

    Args:
        records: at least one with a latency.
        unit: of latency.
    """
    figure = new_figure(9, 2.8)
    values = [record.latency for record in records if record.latency is not None]
    left, right = figure.subplots(1, 2)
    left.hist(values, bins=min(40, max(1, len(set(values)))), color="tab:blue")
    left.locator_params("x", nbins=3)  # long numbers
    if max(values) >= 1000:
        left.xaxis.set_major_formatter("{x:,.0f}")
        right.yaxis.set_major_formatter("{x:,.0f}")
    left.set_xlabel(unit)
    left.set_ylabel("samples")
    right.plot(values, lw=0.8, color="tab:blue")
    right.set_xlabel("sample")
    right.set_ylabel(unit)
    return _svg(figure)


def confidence_plot(records: Sequence[SampleRecord], told: Callable[[float], float]) -> str:
    """How often the device is right, by how high its top score is: ten equal groups of samples.

    Args:
        records: at least ten with a label.
        told: makes a record's score one in the model's units; where all are shares, a line shows
            what they would be if they were right as often as they say.
    """
    import numpy as np

    known = sorted((r for r in records if r.label is not None), key=lambda r: r.device_score)
    figure = new_figure(4.5, 2.8)
    axes = figure.add_subplot()
    groups = np.array_split(np.arange(len(known)), 10)
    scores = [float(np.mean([told(known[i].device_score) for i in g])) for g in groups]
    right = [float(np.mean([known[i].device_top1 == known[i].label for i in g])) for g in groups]
    axes.plot(scores, right, "o-", color="tab:blue")
    if all(0 <= score <= 1 for score in scores):
        axes.plot([0, 1], [0, 1], "--", color=_INK, lw=0.8)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("mean top score of the device")
    axes.set_ylabel("share that is right")
    return _svg(figure)


def confusion_plot(records: Sequence[SampleRecord], names: Mapping[int, str]) -> str:
    """Confusion matrix of the classes that occur: true class downwards, answer to the right.

    Args:
        records: at least one with a label.
        names: of classes; their number where it has none.
    """
    counts = Counter((r.label, r.device_top1) for r in records if r.label is not None)
    classes = sorted({k for pair in counts for k in pair if k is not None})
    place = {k: n for n, k in enumerate(classes)}
    labels = [names.get(k, str(k)) for k in classes]
    margin, side = 0.7 + _LETTER * max(map(len, labels)), max(1.6, 0.2 * len(classes))
    whole = margin + side + 0.1
    figure = new_figure(whole, whole)
    axes = figure.add_axes((margin / whole, margin / whole, side / whole, side / whole))
    for label, answer in counts:  # wrong ones in a colour of their own
        colour = "tab:blue" if label == answer else "tab:red"
        box = (place[answer] - 0.45, place[label] - 0.45)
        shade = 0.5 + 0.35 * counts[label, answer] / max(counts.values())
        axes.add_patch(_box(box, colour, shade)).set_gid(f"cell-{place[label]}-{place[answer]}")
        axes.text(place[answer], place[label], str(counts[label, answer]), **_CELL)
    ticks = range(len(classes))
    axes.set_xticks(ticks, labels, rotation=90, fontsize=7)
    axes.set_yticks(ticks, labels, fontsize=7)
    axes.set_xlim(-0.5, len(classes) - 0.5)
    axes.set_ylim(len(classes) - 0.5, -0.5)
    axes.set_xlabel("the device's answer")
    axes.set_ylabel("true class")
    return _name_cells(_svg(figure, tight=False), labels)


def _name_cells(svg: str, labels: Sequence[str]) -> str:
    """What a cell says when it is pointed at: where names are far away, or too small."""

    def named(cell: re.Match[str]) -> str:
        label, answer = (escape(labels[int(n)]) for n in cell.groups())
        said = label if label == answer else f"{label}, taken for {answer}"
        return f"{cell[0]}<title>{said}</title>"

    return re.sub(r'<g id="cell-(\d+)-(\d+)">', named, svg)


def _box(corner: tuple[float, float], colour: str, shade: float) -> Patch:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, 0.9, 0.9, color=colour, alpha=shade, lw=0)


def _svg(figure: Figure, *, tight: bool = True) -> str:
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(colors=_INK)
        for text in (axes.xaxis.label, axes.yaxis.label, axes.xaxis.offsetText):
            text.set_color(_INK)
        for spine in axes.spines.values():
            spine.set_color(_INK)
    figure.patch.set_alpha(0)
    page = io.StringIO()
    save_svg(figure, page, tight=tight)
    return svg_element(page.getvalue()).replace(_INK, "currentColor")
