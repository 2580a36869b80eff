"""How commands speak: errors and news on stderr, results on stdout."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

from tinybench.errors import Interrupted, TinybenchError

if TYPE_CHECKING:
    from tinybench.workflow import BenchReport

P = ParamSpec("P")


def reports_errors(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose TinybenchErrors become words and an exit code."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except TinybenchError as error:
            show_error(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            news("interrupted")
            raise typer.Exit(Interrupted.exit_code) from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader of stdout has left; nothing more to say
            raise typer.Exit(0) from None

    return guarded


def conclude(report: BenchReport) -> None:
    """Ends a command as its bench ended.

    Raises:
        TinybenchError: why the run is not a success.
        Interrupted: it was ended by Ctrl-C; what was measured is in the run folder.
    """
    if report.interrupted:
        raise Interrupted("A whole run", "Ctrl-C", f"what was measured is in {report.folder}")
    if report.error is not None:
        raise report.error


def show_error(error: TinybenchError) -> None:
    """What was wanted, what was seen, what to do next."""
    lines = [f"error: {error.wanted}", f"  seen: {error.seen}"]
    lines += [f"    {line}" for line in error.details]
    if error.todo:
        lines.append(f"  next: {error.todo}")
    typer.echo("\n".join(lines), err=True)


def news(text: str) -> None:
    """A line about what goes on; never on stdout."""
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """The only thing that --json puts on stdout."""
    typer.echo(json.dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """A table on stdout; full width where stdout is not a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 160
    Console(width=width, markup=False, highlight=False).print(table)
