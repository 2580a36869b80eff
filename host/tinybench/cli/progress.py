"""What is shown while a bench runs: the phase, then a bar with accuracy so far. On stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tinybench.cli.console import news

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from tinybench.bench.records import SampleRecord

_PAUSE_S = 10.0  # between lines where there is no terminal


class BenchProgress:
    """A live bar on a terminal; elsewhere a line per phase, and one now and then."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._planned = self._done = 0
        self._right = self._labelled = self._differing = 0
        self._said = time.monotonic()

    def phase(self, text: str) -> None:
        """Something that takes a while begins."""
        news(text)

    def start(self, planned: int) -> None:
        """Samples are going to be measured."""
        self._planned, self._said = planned, time.monotonic()
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            Remaining(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", total=planned)
        self._bar.start()

    def add(self, planned: int) -> None:
        """So many samples more are going to be measured, e.g. on another board."""
        if self._planned == 0:
            self.start(planned)
            return
        self._planned += planned
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=self._planned)

    def record(self, record: SampleRecord) -> None:
        """A sample is done."""
        self._labelled += record.label is not None
        self._right += record.label == record.device_top1
        self._differing += record.outputs_equal is False
        self._advance()

    def unreadable(self, name: str) -> None:
        """A sample could not be read."""
        news(f"not readable: {name}")
        self._advance()

    def _advance(self) -> None:
        self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=self._figures())
        elif time.monotonic() - self._said > _PAUSE_S:
            self._said = time.monotonic()
            news(", ".join(filter(None, (f"{self._done} of {self._planned}", self._figures()))))

    def _figures(self) -> str:
        parts = []
        if self._labelled:
            parts.append(f"top-1 {self._right / self._labelled:.3f}")
        if self._differing:
            parts.append(f"{self._differing} differ from TFLM")
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
