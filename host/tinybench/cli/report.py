"""`tinybench report`: a run for people and for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors, show

FORMATS = ("html", "md", "json", "junit", "csv")


@reports_errors
def report(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    form: Annotated[str, typer.Option("--format", "-f", help="|".join(FORMATS))] = "html",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File. [default: html: report.html in RUN; else stdout]"),
    ] = None,
) -> None:
    """Write a report of a run: HTML, Markdown, JSON, JUnit or CSV."""
    from tinybench.workflow.report import make_report, write_report

    text = make_report(run, form)
    if out is None and form == "html":
        out = run / "report.html"
    if out is None:
        show(text.rstrip("\n"))
        return
    write_report(out, text)
    news(f"report: {out}")
