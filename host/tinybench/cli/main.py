"""The `tinybench` command: registers the subcommands."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Annotated

import typer

from tinybench import __version__
from tinybench.cli.bench import bench
from tinybench.cli.boards import boards_app
from tinybench.cli.build import build
from tinybench.cli.cable import cable
from tinybench.cli.check import check
from tinybench.cli.compare import compare
from tinybench.cli.compress import compress_app, new
from tinybench.cli.demo import demo
from tinybench.cli.doctor import doctor
from tinybench.cli.flash import flash
from tinybench.cli.init import init
from tinybench.cli.inspect import inspect
from tinybench.cli.pipeline import pipeline
from tinybench.cli.ports import ports
from tinybench.cli.profile import profile
from tinybench.cli.quantize import quantize
from tinybench.cli.report import report
from tinybench.cli.runs import runs
from tinybench.cli.verify import verify

EXIT_CODES = """
Exit codes: 0 ok; 1 a gate failed, does not fit, or device and reference differ; 2 usage or bad
input; 3 device or link; 4 build or flash; 5 not comparable; 70 a bug in tinybench; 130 interrupted.
"""

app = typer.Typer(
    name="tinybench",
    help="Gets a neural network onto an ESP32 and proves that it works there.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(demo, init, inspect, build, flash, bench, compare, check, runs, report),
    *(profile, verify, ports, cable, doctor),
    quantize,
    pipeline,
):
    app.command(command.__name__)(command)
app.command("new")(new)
app.add_typer(boards_app, name="boards")
app.add_typer(compress_app, name="compress")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tinybench {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the console script."""
    _end_like_ctrl_c("SIGTERM", "SIGHUP")
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")  # None: closed
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names that the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    app()


def _end_like_ctrl_c(*names: str) -> None:
    """Lets a run that is asked to end write down what it has measured."""
    for name in names:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
