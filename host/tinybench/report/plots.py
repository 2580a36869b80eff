"""Pictures of a run, as SVG text that takes its colours from the page around it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinybench.bench.records import SampleRecord
from tinybench.report.svg import new_figure, save_svg, svg_element

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK = "#777777"  # readable on white and on black


def latency_plot(records: Sequence[SampleRecord], unit: str) -> str:
    """Histogram of latency, and latency over the run.

    Args:
        records: at least one.
        unit: of latency.
    """
    figure = new_figure(9, 2.8)
    values = [record.latency for record in records]
    left, right = figure.subplots(1, 2)
    left.hist(values, bins=min(40, max(1, len(set(values)))), color="tab:blue")
    left.set_xlabel(unit)
    left.set_ylabel("samples")
    right.plot(values, lw=0.8, color="tab:blue")
    right.set_xlabel("sample")
    right.set_ylabel(unit)
    return _svg(figure)


def confidence_plot(records: Sequence[SampleRecord]) -> str:
    """How often the device is right, by how high its top score is: ten equal groups of samples.

    Args:
        records: at least ten with a label.
    """
    import numpy as np

    known = sorted((r for r in records if r.label is not None), key=lambda r: r.device_score)
    figure = new_figure(4.5, 2.8)
    axes = figure.add_subplot()
    groups = np.array_split(np.arange(len(known)), 10)
    scores = [float(np.mean([known[i].device_score for i in g])) for g in groups]
    right = [float(np.mean([known[i].device_top1 == known[i].label for i in g])) for g in groups]
    axes.plot(scores, right, "o-", color="tab:blue")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("mean top score, as the device gives it")
    axes.set_ylabel("share that is right")
    return _svg(figure)


def _svg(figure: Figure) -> str:
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(colors=_INK)
        for text in (axes.xaxis.label, axes.yaxis.label, axes.xaxis.offsetText):
            text.set_color(_INK)
        for spine in axes.spines.values():
            spine.set_color(_INK)
    figure.patch.set_alpha(0)
    page = io.StringIO()
    save_svg(figure, page)
    return svg_element(page.getvalue())
