"""`tinybench check`: whether a run folder is as the run left it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors, show


@reports_errors
def check(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
) -> None:
    """Check that nothing in a run folder was altered since the run."""
    from tinybench.workflow.compare import check_run

    seen = check_run(run)
    show(f"{run}: all {seen.files} files as the run left them")
    for name in seen.added:
        news(f"note: {name} was added later")
