"""What is shown while a bench runs: the phase, then a bar with what is known so far. On stderr."""

from __future__ import annotations

import sys
import time
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tinybench.cli.console import news

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from tinybench.bench.records import SampleRecord

_PAUSE_S = 10.0  # between lines where there is no terminal
_RATE_OVER = 50  # samples
_BAR_WIDTH = 20


def make_bar() -> Progress:
    """A bar on stderr: so many of so many, time left, and words."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining
    from rich.table import Column

    words = TextColumn("{task.description}", markup=False, table_column=Column())  # may wrap
    columns = (BarColumn(_BAR_WIDTH), MofNCompleteColumn(), Remaining(), words)
    return Progress(*columns, console=Console(stderr=True))


class BenchProgress:
    """A live bar on a terminal; elsewhere a line per phase, and one now and then."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._planned = self._done = 0
        self._right = self._labelled = self._differing = self._resends = self._away = 0
        self._times: deque[float] = deque(maxlen=_RATE_OVER)
        self._states: dict[str, str] = {}
        self._said = time.monotonic()

    def phase(self, text: str) -> None:
        """Something that takes a while begins."""
        news(text)

    def start(self, planned: int) -> None:
        """Samples are going to be measured."""
        self._planned, self._said = planned, time.monotonic()
        if not sys.stderr.isatty():
            return
        self._bar = make_bar()
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
        self._resends += record.resends
        self._times.append(time.monotonic())
        self._advance()

    def unreadable(self, name: str) -> None:
        """A sample could not be read."""
        news(f"not readable: {name}")
        self._advance()

    def board(self, state: str, name: str = "") -> None:
        """A board is not simply measuring, or does so again. ``name``: which, among several."""
        self._away += bool(state)
        self._states[name] = f"[{name}] {state}" if state and name else state
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=self._figures())

    def _advance(self) -> None:
        self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=self._figures())
        elif time.monotonic() - self._said > _PAUSE_S:
            self._said = time.monotonic()
            news(", ".join(filter(None, (f"{self._done} of {self._planned}", self._figures()))))

    def _figures(self) -> str:
        parts = []
        if len(self._times) > 1 and self._times[-1] > self._times[0]:
            rate = (len(self._times) - 1) / (self._times[-1] - self._times[0])
            parts.append(f"{rate:,.1f}/s")
        if self._labelled:
            parts.append(f"top-1 {self._right / self._labelled:.3f}")
        if self._differing:
            parts.append(f"{self._differing} differ from TFLM")
        if self._resends:
            parts.append(f"{self._resends:,} resent")
        if self._away:
            parts.append(f"{self._away}x away")
        parts += [state for state in self._states.values() if state]
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
