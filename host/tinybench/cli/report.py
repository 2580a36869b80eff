"""`tinybench report`: runs for people and for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors, show

FORMATS = ("html", "md", "json", "junit", "csv")


@reports_errors
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Run folder; several: all judged by the first."),
    ],
    form: Annotated[str, typer.Option("--format", "-f", help="|".join(FORMATS))] = "html",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File. [default: html: report.html in RUN, comparison.html here; else stdout]",
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", help="What `tinybench profile --json` said, to be shown in the page."
        ),
    ] = None,
) -> None:
    """Write a report of a run, or of several together."""
    from tinybench.workflow.report import compare_report, make_report, write_report

    if len(runs) == 1:
        text, page = make_report(runs[0], form, profile=profile), runs[0] / "report.html"
    else:
        text, page = compare_report(runs, form), Path("comparison.html")
    if out is None and form == "html":
        out = page
    if out is None:
        show(text.rstrip("\n"))
        return
    write_report(out, text)
    news(f"report: {out}")
