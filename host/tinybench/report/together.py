"""Several runs in one report: figures side by side, each judged against the first."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tinybench import __version__
from tinybench.errors import NotComparable
from tinybench.render.files import render_template
from tinybench.report.compare import Change, compare
from tinybench.report.figures import cell, rows, verdict
from tinybench.report.load import Run

SCHEMA = "tinybench.comparison/2"


@dataclass(frozen=True)
class RunLine:
    """A run and the letter that stands for it."""

    mark: str
    name: str
    model: str
    board: str
    engine: str
    samples: str
    verdict: str


@dataclass(frozen=True)
class Figure:
    """One figure of every run, with unit; "-" where a run has none."""

    what: str
    cells: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class ChangeLine:
    """A report.compare.Change in words."""

    what: str
    base: str
    new: str
    unit: str
    judgement: str
    method: str


@dataclass(frozen=True)
class Against:
    """A run against the first.

    Attributes:
        differences: why they are not comparable; else changes has a line per figure.
    """

    mark: str
    differences: tuple[str, ...]
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True)
class Together:
    """What templates/comparison.html.j2 needs."""

    version: str
    verdict: str
    good: bool
    runs: tuple[RunLine, ...]
    figures: tuple[Figure, ...]
    others: tuple[Against, ...]


def put_together(runs: Sequence[Run]) -> Together:
    """What is to be said of two or more runs.

    Args:
        runs: the first is what the others are judged against.
    """
    marks = _marks(len(runs))
    others = tuple(
        _against(mark, runs[0], run) for mark, run in zip(marks[1:], runs[1:], strict=True)
    )
    said = _verdict(others)
    return Together(
        version=__version__,
        verdict=said or "no figure is worse",
        good=not said,
        runs=tuple(_line(mark, run) for mark, run in zip(marks, runs, strict=True)),
        figures=_figures(runs),
        others=others,
    )


def as_html(runs: Sequence[Run]) -> str:
    """The page."""
    return render_template("comparison.html.j2", put_together(runs))


def as_json(runs: Sequence[Run]) -> str:
    """The same for other programs; the runs' own figures are in their result.json."""
    return json.dumps({"schema": SCHEMA, **asdict(put_together(runs))}, indent=2) + "\n"


def as_markdown(runs: Sequence[Run]) -> str:
    """Tables for a pull request."""
    said = put_together(runs)
    lines = [f"### {len(runs)} runs: {said.verdict}", ""]
    lines += [f"- {r.mark}: {r.name}, {r.model} on {r.board}: {r.verdict}" for r in said.runs]
    lines += ["", *_table(["", *(run.mark for run in said.runs), "how"])]
    lines += [_row([f.what.strip(), *f.cells, f.how]) for f in said.figures]
    for other in said.others:
        lines += ["", f"#### {other.mark} against {said.runs[0].mark}", ""]
        lines += [f"- not comparable: {difference}" for difference in other.differences]
        if not other.differences:
            lines += _table(["", said.runs[0].mark, other.mark, "unit", "is", "judged by"])
            lines += [_row(list(asdict(change).values())) for change in other.changes]
    return "\n".join(lines) + "\n"


def _table(heads: list[str]) -> list[str]:
    return [_row(heads), "|" + "---|" * len(heads)]


def _row(cells: list[Any]) -> str:
    return f"| {' | '.join(cell(str(one)) for one in cells)} |"


def _marks(count: int) -> list[str]:
    letters = string.ascii_uppercase
    return [letters[n] if n < len(letters) else f"R{n}" for n in range(count)]


def _line(mark: str, run: Run) -> RunLine:
    result = run.result
    samples = result["samples"]
    return RunLine(
        mark=mark,
        name=run.folder.name,
        model=result["model"]["name"],
        board=f"{result['board']['name']} ({result['board']['kind']})",
        engine=result["engine"]["name"],
        samples=f"{samples['measured']:,} of {samples['planned']:,}",
        verdict=verdict(result),
    )


def _figures(runs: Sequence[Run]) -> tuple[Figure, ...]:
    tables = [{row.what: row for row in rows(run)} for run in runs]
    names = dict.fromkeys(what for table in tables for what in table)
    return tuple(
        Figure(
            what=what,
            cells=tuple(table[what].device if what in table else "-" for table in tables),
            how="; ".join(dict.fromkeys(t[what].how for t in tables if what in t and t[what].how)),
        )
        for what in names
    )


def _against(mark: str, base: Run, new: Run) -> Against:
    try:
        seen = compare(base, new)
    except NotComparable as error:
        return Against(mark, tuple(error.details), ())
    return Against(mark, (), tuple(_change(change) for change in seen.changes))


def _change(change: Change) -> ChangeLine:
    return ChangeLine(
        change.what,
        number(change.base),
        number(change.new),
        change.unit,
        change.judgement,
        change.method,
    )


def number(value: float | int | None) -> str:
    """A figure of a comparison for people; "-" where there is none."""
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def _verdict(others: Sequence[Against]) -> str:
    said = [
        f"{other.mark} is worse in {', '.join(worse)}"
        for other in others
        if (worse := [c.what for c in other.changes if c.judgement == "worse"])
    ]
    said += [f"{other.mark} is not comparable" for other in others if other.differences]
    return "; ".join(said)
