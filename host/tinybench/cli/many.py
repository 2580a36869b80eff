"""A bench on several boards or engines: one display while it runs, one table at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.cli.console import news, print_json, print_table, show, show_error
from tinybench.cli.progress import BenchProgress

if TYPE_CHECKING:
    from tinybench.bench.records import SampleRecord
    from tinybench.errors import TinybenchError
    from tinybench.workflow.many import BoardRun, Target


_COLUMNS = (
    *("board", "engine", "samples", "top-1", "as TFLM", "latency, median"),
    *("arena, B", "RAM, B", "flash, B", "run"),
)


class OneOfMany:
    """Tells of one board among others: lines with its name in front, in one bar for all."""

    def __init__(self, board: str, everyone: BenchProgress) -> None:
        self._board = board
        self._everyone = everyone

    def phase(self, text: str) -> None:
        """Something that takes a while begins."""
        self._everyone.phase(f"[{self._board}] {text}")

    def start(self, planned: int) -> None:
        """Samples are going to be measured."""
        self._everyone.add(planned)

    def record(self, record: SampleRecord) -> None:
        """A sample is done."""
        self._everyone.record(record)

    def unreadable(self, name: str) -> None:
        """A sample could not be read."""
        self._everyone.unreadable(f"[{self._board}] {name}")

    def board(self, state: str) -> None:
        """It was reset, is away, or is back."""
        self._everyone.board(state, self._board)


def run_name(target: Target, by_board: bool, by_engine: bool) -> str:
    """What tells a run from the others: its board, its engine, or both."""
    board, engine = Path(target.name).stem, target.project.engine
    return " ".join([board] * (by_board or not by_engine) + [engine] * by_engine)


def show_runs(runs: Sequence[BoardRun], as_json: bool) -> None:
    """A column per figure, a row per board and engine; then each one's error."""
    if as_json:
        print_json([_json(run) for run in runs])
    else:
        print_table(_COLUMNS, [_row(run) for run in runs], right=tuple(range(2, 9)))
        show("")
    several = len({run.engine for run in runs}) > 1
    for run in runs:
        if run.error is not None:
            news(f"[{run.board} {run.engine}]" if several else f"[{run.board}]")
            show_error(run.error)


def worst(runs: Sequence[BoardRun]) -> TinybenchError | None:
    """The error that decides the exit code: what a retry cannot mend before what it can."""
    errors = [run.error for run in runs if run.error is not None]
    order = (130, 2, 4, 1, 5, 3)
    return min(errors, key=lambda e: order.index(e.exit_code), default=None)


def _json(run: BoardRun) -> dict[str, Any]:
    return {
        "board": run.board,
        "engine": run.engine,
        "folder": str(run.report.folder) if run.report else None,
        "result": run.report.result if run.report else None,
        "error": str(run.error) if run.error else None,
    }


def _row(run: BoardRun) -> tuple[str, ...]:
    if run.report is None:
        return (run.board, run.engine, *("-" * 7), "did not begin")
    result = run.report.result
    top1, median = result["accuracy"]["device_top1"], result["latency"]["median"]
    agreement = result["agreement"]
    return (
        run.board,
        run.engine,
        f"{result['samples']['measured']:,} of {result['samples']['planned']:,}",
        "-" if top1 is None else f"{top1:.4f}",
        "-" if agreement["outputs_byte_equal"] is None else f"{agreement['outputs_byte_equal']:,}",
        "-" if median is None else f"{median:,} {result['latency']['unit']}",
        f"{result['memory']['arena_bytes']:,}",
        f"{result['memory']['static_bytes']:,}",
        f"{result['flash']['total_bytes']:,}",
        str(run.report.folder),
    )
