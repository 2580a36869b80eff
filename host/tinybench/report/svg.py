"""Figures of matplotlib as SVG: no window, no screen, the same bytes every time."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tinybench.whole import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    return figure


def save_svg(figure: Figure, target: Path | TextIO, *, tight: bool = True) -> None:
    """Writes a figure, its text as text.

    Args:
        figure: as it is drawn.
        target: file to write; at a path it is the old one or complete, never half of it.
        tight: find margins that fit, which takes seconds where there are hundreds of labels.

    Raises:
        OSError: it cannot be written.
    """
    from matplotlib import rc_context

    if tight:
        figure.tight_layout()
    with rc_context({"svg.hashsalt": "tinybench", "svg.fonttype": "none"}):
        page = StringIO()
        figure.savefig(page, format="svg", metadata={"Date": None})
    if isinstance(target, Path):
        write_whole(target, page.getvalue().encode())
    else:
        target.write(page.getvalue())


def svg_element(text: str) -> str:
    """What a page can hold of an SVG file: its <svg>; "" where there is none.

    Its natural width is there for style sheets, as ``--width``.
    """
    if "<svg" not in text:
        return ""
    sized = r'<svg style="--width: \2" \1width="\2"'
    return re.sub(r'<svg ([^>]*?)width="([\d.]+pt)"', sized, text[text.index("<svg") :], count=1)
