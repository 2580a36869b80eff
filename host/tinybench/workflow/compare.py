"""Run folders read back: compared, checked, listed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.errors import Altered, GateFailed

if TYPE_CHECKING:
    from tinybench.report.compare import Comparison
    from tinybench.report.manifest import Checked

SCHEMA = "tinybench.comparison/1"


def compare_runs(base: Path, new: Path, **options: Any) -> Comparison:
    """Compares two run folders.

    Args:
        base, new: run folders.
        options: ``alpha``, ``latency_tolerance``, ``force`` of report.compare.compare().

    Raises:
        UsageError: a folder cannot be read.
        NotComparable: they differ in what decides the figures.
    """
    from tinybench.report.compare import compare
    from tinybench.report.load import load_run

    return compare(load_run(base), load_run(new), **options)


def comparison_json(base: Path, new: Path, comparison: Comparison) -> dict[str, Any]:
    """What `compare --json` prints."""
    return {
        "schema": SCHEMA,
        "base": str(base),
        "new": str(new),
        "comparable": not comparison.differences,
        "differences": list(comparison.differences),
        "n": comparison.n,
        "changes": [asdict(change) for change in comparison.changes],
        "worse": [change.what for change in comparison.worse],
    }


def regression(comparison: Comparison) -> GateFailed | None:
    """The error that names what became worse, or None."""
    if not comparison.worse:
        return None
    return GateFailed(
        "no figure worse than the base's",
        f"{len(comparison.worse)} of {len(comparison.changes)} are",
        "look at what changed between the two runs, or take the new one as the base",
        details=tuple(
            f"{c.what}: {c.base:g} then, {c.new:g} {c.unit} now ({c.method})"
            for c in comparison.worse
        ),
    )


def check_run(folder: Path) -> Checked:
    """Whether a run folder is as the run left it.

    Raises:
        UsageError: it has no manifest.
        Altered: it is not; names each file.
    """
    from tinybench.report.manifest import check_folder

    checked = check_folder(folder)
    if checked.changes:
        raise Altered(
            f"all {checked.files} files of {folder} as the run left them",
            f"{len(checked.changes)} changed",
            "do not trust its figures; bench again",
            details=checked.changes,
        )
    return checked
