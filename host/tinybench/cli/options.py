"""Options that several commands share, and the project that they are laid over."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from tinybench.cli.console import news
from tinybench.errors import UsageError
from tinybench.project import FILE_NAME, Project, load_project, overlay

Model = Annotated[
    Path | None, typer.Argument(help="int8 .tflite file. [default: from tinybench.toml]")
]
Board = Annotated[
    str | None,
    typer.Option("--board", "-b", help="Board name or board file; `tinybench boards` lists them."),
]
Boards = Annotated[
    list[str] | None,
    typer.Option("--board", "-b", help="Board name or board file; several run at the same time."),
]
Engine = Annotated[str | None, typer.Option("--engine", help="aot|tflm.")]
Engines = Annotated[
    list[str] | None,
    typer.Option("--engine", help="aot|tflm; several are measured one after the other."),
]
Kernels = Annotated[
    str | None, typer.Option("--kernels", help="esp-nn|reference: kernels of --engine tflm.")
]
TflmSource = Annotated[
    Path | None,
    typer.Option(
        "--tflm-source",
        help="Checkout of espressif/esp-tflite-micro. [default: TINYBENCH_TFLM_SOURCE]",
    ),
]
EspNnSource = Annotated[
    Path | None,
    typer.Option(
        "--esp-nn-source", help="Checkout of espressif/esp-nn. [default: TINYBENCH_ESP_NN_SOURCE]"
    ),
]
Weights = Annotated[
    str | None, typer.Option("--weights", help="plain|huffman: how filters are kept in flash.")
]
WeightsIn = Annotated[
    str | None,
    typer.Option("--weights-in", help="flash|ram: ram copies them there at boot, if they fit."),
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", help="Class names: one a line, or one comma-separated line."),
]
Folder = Annotated[
    Path, typer.Option("--project", "-C", help="Folder with tinybench.toml and .tinybench/.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else there.")]
SomeData = Annotated[
    Path | None,
    typer.Option("--data", help="Samples to run; seeded random inputs where there are none."),
]
Port = Annotated[
    str | None,
    typer.Option(
        "--port",
        "-p",
        help="Port of the board: /dev/ttyUSB0, COM3, a USB serial number, socket://HOST:PORT, "
        "rfc2217://HOST:PORT, labgrid:PLACE.",
    ),
]
Mac = Annotated[
    str | None, typer.Option("--mac", help="MAC of a real board, where several are plugged in.")
]
HERE = Path()


def project_from(
    folder: Path,
    model: Path | None = None,
    board: str | None = None,
    engine: str | None = None,
    labels: Path | None = None,
    weights: str | None = None,
    weights_in: str | None = None,
    *,
    kernels: str | None = None,
    tflm_source: Path | None = None,
    esp_nn_source: Path | None = None,
) -> Project:
    """tinybench.toml of a folder with these flags laid over it."""
    return overlay(
        load_project(folder),
        model=model,
        board=board,
        engine=engine,
        labels=labels,
        weights=weights,
        weights_in=weights_in,
        kernels=kernels,
        tflm_source=tflm_source,
        esp_nn_source=esp_nn_source,
    )


def tell_borrowed(folder: Path, project: Project) -> None:
    """Says so where the samples of a project's model run through another model.

    Args:
        folder: of the project's file.
        project: with the flags laid over it.
    """
    own = load_project(folder)
    if own.model is None or project.model is None or same_file(own.model, project.model):
        return
    names = [
        name
        for name, key in (("data", "path"), ("labels", "labels"))
        if (used := getattr(project.data, key)) and used == getattr(own.data, key)
    ]
    if names:
        news(
            f"note: {' and '.join(names)} are those of {own.model.name} in {own.root / FILE_NAME}, "
            f"here for {project.model.name}"
        )


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths mean the same file."""
    return one.resolve() == other.resolve()


def alone(ctx: typer.Context, option: str, why: str, beside: Collection[str]) -> None:
    """Refuses an option that stands for a whole command line where others are given.

    Args:
        ctx: of the command.
        option: by its name.
        why: what makes the others senseless.
        beside: names of the parameters that are heeded with it.

    Raises:
        UsageError: naming those that are given all the same.
    """
    given = [
        _called(param, ctx.params[str(param.name)])
        for param in ctx.command.params
        if param.name not in beside and _is_given(ctx, str(param.name))
    ]
    if given:
        seen = f"{' and '.join(given)} beside it"
        raise UsageError(f"{option} alone: {why}", seen, "leave one of them out")


def _is_given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _called(param: Any, value: object) -> str:
    """As it stands on the command line: an argument, an option, a switch turned off."""
    if param.param_type_name == "argument":
        return f"a {param.name}"
    names = param.secondary_opts if value is False else param.opts
    return str(next(name for name in names if name.startswith("--")))
