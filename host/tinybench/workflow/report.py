"""A run folder as a report."""

from __future__ import annotations

import json
from pathlib import Path

from tinybench.errors import UsageError


def make_report(folder: Path, form: str) -> str:
    """A report's text.

    Args:
        folder: of a run, complete or not.
        form: "html", "md", "json", "junit" or "csv".

    Raises:
        UsageError: no such format, or the folder cannot be read.
    """
    from tinybench.report.folder import SAMPLES
    from tinybench.report.formats import as_junit, as_markdown
    from tinybench.report.html import render_report
    from tinybench.report.load import Run, load_run

    def samples(run: Run) -> str:
        return (run.folder / SAMPLES).read_text("utf-8")

    makers = {
        "html": render_report,
        "md": as_markdown,
        "json": lambda run: json.dumps(run.result, indent=2) + "\n",
        "junit": as_junit,
        "csv": samples,
    }
    if form not in makers:
        raise UsageError(f"a format among {', '.join(makers)}", form, "choose one of these")
    return makers[form](load_run(folder))


def write_report(path: Path, text: str) -> None:
    """Writes a report, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    from tinybench.report.folder import replacing

    with replacing(path) as file:
        file.write(text)
