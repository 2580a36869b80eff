"""`tinybench flash`: firmware onto a board."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinybench.cli.console import news, reports_errors
from tinybench.cli.options import (
    HERE,
    Board,
    Engine,
    EspNnSource,
    Folder,
    Kernels,
    Labels,
    Model,
    Port,
    TflmSource,
    Weights,
    WeightsIn,
    project_from,
)
from tinybench.errors import UsageError
from tinybench.project import Project, overlay

if TYPE_CHECKING:
    from tinybench.flash.ports import Port as SerialPort
    from tinybench.workflow.plugged import Choose


@reports_errors
def flash(
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
    mac: Annotated[
        str | None, typer.Option("--mac", help="MAC of the board, where several are plugged in.")
    ] = None,
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
        given = {
            "a model": model,
            "--engine": engine,
            "--weights": weights,
            "--weights-in": weights_in,
            "--labels": labels,
        }
        _flash_image(image, overlay(Project(folder), port=port), board, mac, given)
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
    project = overlay(project, port=port)
    flashed, hello = flash_firmware(
        project, build=build, mac=mac, watch=BenchProgress(), choose=_chooser()
    )
    news(f"{hello.board} answers: {hello.engine}, model {flashed.model_sha256[:12]}")


def _flash_image(
    image: Path,
    project: Project,
    board: str | None,
    mac: str | None,
    given: Mapping[str, object],
) -> None:
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow import flash_image

    if beside := [name for name, value in given.items() if value is not None]:
        seen = f"{' and '.join(beside)} beside it"
        raise UsageError("--image alone: it is a whole firmware", seen, "leave one of them out")
    manifest, hello = flash_image(
        image, project, board, mac=mac, watch=BenchProgress(), choose=_chooser()
    )
    news(
        f"{hello.board} answers: {hello.engine}, {manifest.model}, "
        f"model {manifest.model_sha256[:12]}"
    )


def _chooser() -> Choose | None:
    """Who is asked which port it is; nobody where there is no terminal."""
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def _ask(ports: Sequence[SerialPort]) -> SerialPort:
    from tinybench.flash.ports import describe_port

    news("several boards could be it:")
    for number, port in enumerate(ports, 1):
        news(f"  {number}  {describe_port(port)}")
    while True:
        number = int(typer.prompt("which one", type=int, default=1, err=True))
        if 1 <= number <= len(ports):
            return ports[number - 1]
        news(f"a number from 1 to {len(ports)}")
