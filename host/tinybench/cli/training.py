"""What is shown while a network trains: a bar per stage on a terminal, else a line per epoch."""

from __future__ import annotations

import re
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tinybench.cli.console import news
from tinybench.cli.progress import make_bar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_EPOCH = re.compile(r"(.*): epoch (\d+) of (\d+), (.*)")


class TrainingProgress:
    """Called with the lines of news that a job reports."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, line: str) -> None:
        """A line of news."""
        epoch = _EPOCH.fullmatch(line)
        if epoch is None or not sys.stderr.isatty():
            (self._bar.console.print if self._bar else news)(line)
            return
        stage, done, planned, figures = epoch.groups()
        bar = self._bar or self._start()
        if stage not in self._tasks:
            self._tasks[stage] = bar.add_task(stage, total=int(planned))
        bar.update(self._tasks[stage], completed=int(done), description=f"{stage}: {figures}")

    def _start(self) -> Progress:
        self._bar = make_bar()
        self._bar.start()
        return self._bar

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
