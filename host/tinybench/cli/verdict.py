"""How a bench ends: its result on stdout, its run folder on stderr, its error raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybench.cli.console import news, print_json
from tinybench.cli.tables import show_result

if TYPE_CHECKING:
    from tinybench.workflow import BenchReport


def conclude(report: BenchReport, as_json: bool) -> None:
    """Shows a run, complete or not.

    Raises:
        TinybenchError: why it is not a success.
    """
    if as_json:
        print_json(report.result)
    else:
        show_result(report.result)
    news(f"run folder: {report.folder}")
    if report.error is not None:
        raise report.error
