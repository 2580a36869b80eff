"""What is shown while a bench runs: the phase, then a bar with accuracy so far. On stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tinybench.cli.console import news

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from tinybench.bench.records import SampleRecord


class BenchProgress:
    """A live bar on a terminal; one line per phase elsewhere."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._right = self._labelled = self._differing = 0

    def phase(self, text: str) -> None:
        """Something that takes a while begins."""
        news(text)

    def start(self, planned: int) -> None:
        """Samples are going to be measured."""
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Remaining(),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("measuring", total=planned, figures="")
        self._bar.start()

    def record(self, record: SampleRecord) -> None:
        """A sample is done."""
        self._labelled += record.label is not None
        self._right += record.label == record.device_top1
        self._differing += record.outputs_equal is False
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, figures=self._figures())

    def unreadable(self, name: str) -> None:
        """A sample could not be read."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1)
        news(f"not readable: {name}")

    def _figures(self) -> str:
        parts = []
        if self._labelled:
            parts.append(f"top-1 {self._right / self._labelled:.3f}")
        if self._differing:
            parts.append(f"{self._differing} differ from the oracle")
        return ", ".join(parts)

    def __enter__(self) -> Self:
        """Ends the bar at the end of the block, however it ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
