"""`tinybench flash`: firmware onto a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.asking import asker
from tinybench.cli.console import news, reports_errors
from tinybench.cli.options import (
    HERE,
    Board,
    Engine,
    EspNnSource,
    Folder,
    Kernels,
    Labels,
    Mac,
    Model,
    Port,
    TflmSource,
    Weights,
    WeightsIn,
    alone,
    project_from,
)
from tinybench.project import Project, overlay


@reports_errors
def flash(
    ctx: typer.Context,
    model: Model = None,
    board: Board = None,
    engine: Engine = None,
    weights: Weights = None,
    weights_in: WeightsIn = None,
    kernels: Kernels = None,
    tflm_source: TflmSource = None,
    esp_nn_source: EspNnSource = None,
    labels: Labels = None,
    port: Port = None,
    mac: Mac = None,
    image: Annotated[
        Path | None,
        typer.Option(
            "--image",
            metavar="FILE",
            help="Write this .bin of `build --merged`, with esptool alone; needs no model.",
        ),
    ] = None,
    build: Annotated[
        bool, typer.Option("--build/--no-build", help="Build first, or use the last build.")
    ] = True,
    folder: Folder = HERE,
) -> None:
    """Put firmware onto a board and have it answer.

    A real board is found by its USB id; ESPPORT names another port, ESPBAUD another speed.
    """
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow import flash_firmware

    if image is not None:
        heeded = ("image", "board", "port", "mac", "folder")
        alone(ctx, "--image", "it is a whole firmware", heeded)
        _flash_image(image, overlay(Project(folder), port=port, mac=mac), board)
        return
    project = project_from(
        folder,
        model,
        board,
        engine,
        labels,
        weights,
        weights_in,
        kernels=kernels,
        tflm_source=tflm_source,
        esp_nn_source=esp_nn_source,
    )
    project = overlay(project, port=port, mac=mac)
    flashed, hello = flash_firmware(project, build=build, watch=BenchProgress(), choose=asker())
    news(f"{hello.board} answers: {hello.engine}, model {flashed.model_sha256[:12]}")


def _flash_image(
    image: Path,
    project: Project,
    board: str | None,
) -> None:
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow import flash_image

    manifest, hello = flash_image(image, project, board, watch=BenchProgress(), choose=asker())
    news(
        f"{hello.board} answers: {hello.engine}, {manifest.model}, "
        f"model {manifest.model_sha256[:12]}"
    )
