"""Figures of matplotlib as SVG: no window, no screen, the same bytes every time."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import re
import shutil
import tempfile
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import platformdirs

from tinybench.whole import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    _settle_cache()
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    return figure


@functools.cache
def _settle_cache() -> None:
    """Gives matplotlib a folder of this process's own where it could not write the user's.

    It would make one by itself, but say so on stderr.
    """
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # that it takes a moment
    own = (platformdirs.user_config_path("matplotlib"), platformdirs.user_cache_path("matplotlib"))
    if "MPLCONFIGDIR" not in os.environ and not all(map(_is_writable, own)):
        folder = tempfile.mkdtemp(prefix="tinybench-matplotlib-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["MPLCONFIGDIR"] = folder


def _is_writable(folder: Path) -> bool:
    """Whether it is there, or can be made, and can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


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
