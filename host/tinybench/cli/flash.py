"""`tinybench flash`: firmware onto a board."""

from __future__ import annotations

from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors
from tinybench.cli.options import HERE, Board, Engine, Folder, Labels, Model, Weights, project_from


@reports_errors
def flash(
    model: Model = None,
    board: Board = None,
    engine: Engine = None,
    weights: Weights = None,
    labels: Labels = None,
    build: Annotated[
        bool, typer.Option("--build/--no-build", help="Build first, or use the last build.")
    ] = True,
    folder: Folder = HERE,
) -> None:
    """Put firmware onto a board and have it answer."""
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow import flash_firmware

    project = project_from(folder, model, board, engine, labels, weights)
    flashed, hello = flash_firmware(project, build=build, watch=BenchProgress())
    news(f"{hello.board} answers: {hello.engine}, model {flashed.model_sha256[:12]}")
