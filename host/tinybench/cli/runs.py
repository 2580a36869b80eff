"""`tinybench runs`: the runs of a project, and one of them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinybench.cli.console import news, print_json, print_table, reports_errors
from tinybench.cli.options import HERE, AsJson, Folder
from tinybench.project import load_project

if TYPE_CHECKING:
    from tinybench.report.runs import Listed

_COLUMNS = ("run", "status", "model", "board", "samples", "top-1", "latency, median")


@reports_errors
def runs(
    run: Annotated[
        Path | None, typer.Argument(help="Show this one as `bench` did. [default: list all]")
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the runs of a project, newest first, or show one."""
    from tinybench.cli.tables import show_result
    from tinybench.report.load import load_result
    from tinybench.report.runs import list_runs

    where = load_project(folder).runs_folder
    if run is not None:
        result = load_result(run if run.exists() else where / run)
        print_json(result) if as_json else show_result(result)
        return
    found = list_runs(where)
    if as_json:
        print_json([_row_json(listed) for listed in found])
    elif found:
        print_table(_COLUMNS, [_row(listed) for listed in found], right=(4, 5))
    else:
        news(f"no runs in {where}; `tinybench bench` makes one")


def _row_json(listed: Listed) -> dict[str, Any]:
    row: dict[str, Any] = {"folder": str(listed.folder), "result": listed.result}
    return row | ({"result_reason": listed.reason} if listed.result is None else {})


def _row(listed: Listed) -> tuple[str, ...]:
    result, name = listed.result, listed.folder.name
    if result is None:
        return (name, listed.reason, "", "", "", "", "")
    samples, latency = result["samples"], result["latency"]
    top1, median = result["accuracy"]["device_top1"], latency["median"]
    failed = [verdict["gate"] for verdict in result["gates"] if not verdict["passed"]]
    return (
        name,
        result["status"] + (f", {len(failed)} gates not kept" if failed else ""),
        result["model"]["name"],
        result["board"]["name"],
        f"{samples['measured']:,} of {samples['planned']:,}",
        "-" if top1 is None else f"{top1:.4f}",
        "-" if median is None else f"{median:,} {latency['unit']}",
    )
