"""`tinybench init`: a commented tinybench.toml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors
from tinybench.cli.options import HERE


@reports_errors
def init(
    model: Annotated[Path, typer.Argument(help="int8 .tflite file.")] = Path("model.tflite"),
    data: Annotated[Path, typer.Option("--data", help="What to measure with.")] = Path("data"),
    board: Annotated[str, typer.Option("--board", "-b", help="Board name.")] = "virt-c3",
    folder: Annotated[Path, typer.Option("--project", "-C", help="Where to write it.")] = HERE,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing one.")] = False,
) -> None:
    """Write a commented tinybench.toml, so that the other commands need no more words."""
    from tinybench.boards import load_board
    from tinybench.project import FILE_NAME, init_project

    load_board(board)
    values = {"model": str(model), "data": str(data), "board": board}
    path = init_project(folder, {k: json.dumps(v) for k, v in values.items()}, force=force)
    news(f"wrote {path}; next: tinybench bench ({FILE_NAME} names model, board and data)")
