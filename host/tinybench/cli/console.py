"""How commands speak: errors and news on stderr, results on stdout."""

from __future__ import annotations

import functools
import io
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, ParamSpec, TextIO

import typer

from tinybench.errors import InternalError, Interrupted, TinybenchError, system_error

P = ParamSpec("P")

_COMMANDS = ("tinybench build", "tinybench flash")  # what errors tell to run
_WIDE = 200  # columns of a table that goes to a file or a program
_LONGEST = 240  # characters of one line of an error's details


def reports_errors(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose errors become words and an exit code."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except TinybenchError as error:
            if error.todo in _COMMANDS:
                error.todo = with_words(error.todo, kwargs)
            show_error(error)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:  # a folder, a file, a disk that nobody looked at before
            what = error.filename or "this computer's files"
            refused = system_error(f"use {what}", error)
            show_error(refused)
            raise typer.Exit(refused.exit_code) from None
        except (KeyboardInterrupt, typer.Abort):  # Abort: Ctrl-C where a question was asked
            news("interrupted")
            raise typer.Exit(Interrupted.exit_code) from None
        except (typer.Exit, typer.BadParameter):
            raise
        except Exception as error:
            show_bug(error)
            raise typer.Exit(InternalError.exit_code) from None

    return guarded


def with_words(command: str, given: Mapping[str, Any]) -> str:
    """A command to run next, with the words that say what it is about as they were given here.

    Args:
        command: "tinybench flash".
        given: parameters of a command, by name.
    """
    model, folder = given.get("model"), given.get("folder")
    words = [command] if model is None else [command, shlex.quote(str(model))]
    if folder is not None and folder != Path():
        words.append(f"-C {shlex.quote(str(folder))}")
    for name in ("board", "engine", "weights", "weights-in", "labels"):
        value = given.get(name, given.get(name.replace("-", "_")))
        several = value if isinstance(value, list) else [value]
        words += [f"--{name} {shlex.quote(str(v))}" for v in several if v is not None]
    return " ".join(words)


def show_bug(error: Exception) -> None:
    """One line; all of it for those who ask, with TINYBENCH_TRACEBACK=1 or python -X dev."""
    if os.environ.get("TINYBENCH_TRACEBACK") or sys.flags.dev_mode:
        import traceback

        news("".join(traceback.format_exception(error)).rstrip())
    what = _shorten(" ".join(f"{type(error).__name__}: {error}".split()))
    news(
        f"error: a bug in tinybench, {what}; "
        "please report it with what TINYBENCH_TRACEBACK=1 makes the same command say"
    )


def show_error(error: TinybenchError) -> None:
    """What was wanted, what was seen, what to do next."""
    lines = [f"error: {error.wanted}", f"  seen: {error.seen}"]
    lines += [f"    {_shorten(line)}" for line in error.details]
    if error.todo:
        lines.append(f"  next: {error.todo}")
    news("\n".join(lines))


def _shorten(line: str) -> str:
    """Without the middle of a very long line, such as the name of a fused tensor."""
    if len(line) <= _LONGEST:
        return line
    half = _LONGEST // 2
    return f"{line[:half]} ... {line[-half:]}"


def news(text: str) -> None:
    """A line about what goes on; never on stdout."""
    _say(text, sys.stderr)


def show(text: str) -> None:
    """A line of the result, on stdout."""
    _say(text, sys.stdout)


def _say(text: str, stream: TextIO) -> None:
    """Whoever reads may leave early; the command still ends as it would have."""
    try:
        typer.echo(text, stream)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(value: Any) -> None:
    """The only thing that --json puts on stdout."""
    show(json.dumps(value, indent=2))


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
) -> None:
    """A table on stdout, as wide as the terminal; hardly ever wrapped where there is none.

    Args:
        columns: their titles.
        rows: a text per column.
        right: numbers of the columns that are flush right.
    """
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, column in enumerate(columns):
        justify: Literal["left", "right"] = "right" if number in right else "left"
        table.add_column(column, overflow="fold", justify=justify)
    for row in rows:
        table.add_row(*row)
    _render(table)


def print_pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Names and what there is to say about each, on stdout."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    _render(table)


def _render(table: Any) -> None:
    """Rich's layout as plain lines without blanks at their ends."""
    from rich.console import Console

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
    text = io.StringIO()
    Console(file=text, width=width, markup=False, emoji=False, highlight=False).print(table)
    for line in text.getvalue().splitlines():
        show(line.rstrip())
