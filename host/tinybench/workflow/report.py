"""Run folders as a report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.errors import UsageError, system_error
from tinybench.workflow.profile import SCHEMA as PROFILE

if TYPE_CHECKING:
    from tinybench.report.load import Run


def make_report(folder: Path, form: str, *, profile: Path | None = None) -> str:
    """A report's text.

    Args:
        folder: of a run, complete or not.
        form: "html", "md", "json", "junit" or "csv".
        profile: what `tinybench profile --json` said of the same model and board, for the page.

    Raises:
        UsageError: no such format, or a file cannot be read or is of something else.
    """
    from tinybench.report.folder import SAMPLES
    from tinybench.report.formats import as_junit, as_markdown
    from tinybench.report.html import render_report
    from tinybench.report.load import load_run

    def samples(run: Run) -> str:
        return (run.folder / SAMPLES).read_text("utf-8")

    makers = {
        "html": lambda run: render_report(run, _read_profile(profile, run)),
        "md": as_markdown,
        "json": lambda run: json.dumps(run.result, indent=2) + "\n",
        "junit": as_junit,
        "csv": samples,
    }
    if form not in makers:
        raise UsageError(f"a format among {', '.join(makers)}", form, "choose one of these")
    return makers[form](load_run(folder))


def compare_report(folders: Sequence[Path], form: str) -> str:
    """A report of two or more runs, each judged against the first.

    Args:
        folders: of the runs.
        form: "html", "md" or "json".

    Raises:
        UsageError: no such format for several runs, or a folder cannot be read.
    """
    from tinybench.report.load import load_run
    from tinybench.report.together import as_html, as_json, as_markdown

    makers = {"html": as_html, "md": as_markdown, "json": as_json}
    if form not in makers:
        raise UsageError(
            f"for several runs a format among {', '.join(makers)}",
            form,
            "choose one of these, or report one run at a time",
        )
    return makers[form]([load_run(folder) for folder in folders])


def _read_profile(path: Path | None, run: Run) -> Mapping[str, Any] | None:
    if path is None:
        return None
    try:
        profile: dict[str, Any] = json.loads(path.read_text("utf-8"))
        seen = profile["schema"], profile["model_sha256"], profile["board"]
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "what `tinybench profile --json` says",
            f"{path}: {type(error).__name__}: {error}",
            "profile anew",
        ) from error
    wanted = PROFILE, run.result["model"]["sha256"], run.result["board"]["name"]
    if seen != wanted:
        raise UsageError(
            f"a profile of {run.result['model']['name']} on {wanted[2]}, schema {PROFILE}",
            f"{path} is of {profile.get('model')} (sha256 {seen[1]:.12}) on {seen[2]}, {seen[0]}",
            "profile the run's own model on its board",
        )
    return profile


def write_report(path: Path, text: str) -> None:
    """Writes a report, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    from tinybench.report.folder import replacing

    with replacing(path) as file:
        file.write(text)
