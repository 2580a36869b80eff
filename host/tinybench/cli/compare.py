"""`tinybench compare`: two runs, and whether the new one is worse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, print_json, print_table, reports_errors, show
from tinybench.cli.options import AsJson


@reports_errors
def compare(
    base: Annotated[Path, typer.Argument(help="Run folder to compare with.")],
    new: Annotated[Path, typer.Argument(help="Run folder to judge.")],
    fail: Annotated[
        bool, typer.Option("--fail-on-regression", help="Exit code 1 where a figure is worse.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compare what is not comparable, and say so.")
    ] = False,
    alpha: Annotated[
        float,
        typer.Option("--alpha", min=0.0001, max=0.5, help="Rate of false alarms, a share."),
    ] = 0.05,
    tolerance: Annotated[
        float,
        typer.Option("--latency-tolerance", min=0, help="So much slower is not worse, a share."),
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Compare two runs of the same data on the same board."""
    from tinybench.report.together import number
    from tinybench.workflow.compare import compare_runs, comparison_json, regression

    seen = compare_runs(base, new, alpha=alpha, latency_tolerance=tolerance, force=force)
    for difference in seen.differences:
        news(f"note: not comparable: {difference}")
    if as_json:
        print_json(comparison_json(base, new, seen))
    else:
        show(f"{new} against {base}: {seen.n:,} samples in both")
        show("")
        rows = [
            (c.what, number(c.base), number(c.new), c.unit, c.judgement, c.method)
            for c in seen.changes
        ]
        print_table(("", "base", "new", "unit", "new is", "judged by"), rows, right=(1, 2))
    worse = regression(seen)
    if fail and worse:
        raise worse
