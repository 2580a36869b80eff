"""`tinybench init`: a commented tinybench.toml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors, with_words
from tinybench.cli.options import HERE


@reports_errors
def init(
    model: Annotated[
        Path | None, typer.Argument(help="int8 .tflite file. [default: model.tflite there]")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="What to measure with. [default: data there]")
    ] = None,
    board: Annotated[
        str, typer.Option("--board", "-b", help="Board name or board file.")
    ] = "virt-c3",
    folder: Annotated[Path, typer.Option("--project", "-C", help="Where to write it.")] = HERE,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing one.")] = False,
) -> None:
    """Write a tinybench.toml for the other commands.

    They read it, so that they need no more words.
    """
    from tinybench.boards import load_board
    from tinybench.project import init_project

    load_board(board)
    values = {
        "model": _seen_from(folder, model or folder / "model.tflite"),
        "data": _seen_from(folder, data or folder / "data"),
        "board": _seen_from(folder, Path(board)) if board.endswith(".toml") else board,
    }
    path = init_project(folder, values, force=force)
    news(f"wrote {path}; next: {with_words('tinybench bench', {'folder': folder})}")
    for name in ("model", "data"):
        if not (folder / values[name]).exists():
            news(f"note: the {name} is not there yet: {folder / values[name]}")


def _seen_from(folder: Path, path: Path) -> str:
    """A path as tinybench.toml has it: relative to its folder, unless it was absolute."""
    return str(path) if path.is_absolute() else os.path.relpath(path, folder)
