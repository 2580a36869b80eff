"""`tinybench bench`: the device against desktop TFLite, on data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import reports_errors
from tinybench.cli.options import (
    HERE,
    AsJson,
    Boards,
    Engines,
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
from tinybench.gates import read_limits
from tinybench.project import MODES, PIXEL_RANGES, Project, overlay


@reports_errors
def bench(
    model: Model = None,
    board: Boards = None,
    engine: Engines = None,
    weights: Weights = None,
    weights_in: WeightsIn = None,
    kernels: Kernels = None,
    tflm_source: TflmSource = None,
    esp_nn_source: EspNnSource = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="Folder per class of images, .npz, IDX files, or folder of .bin tensors."
        ),
    ] = None,
    labels: Labels = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help="At most so many samples; 0: all.")
    ] = None,
    pixel_range: Annotated[
        str | None, typer.Option("--pixel-range", help="|".join(PIXEL_RANGES))
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--no-strict", help="Stop at an unreadable image, or count it."),
    ] = None,
    gate: Annotated[
        list[str] | None,
        typer.Option(
            "--gate", metavar="KEY=NUMBER", help="A limit as in [gates]; may be repeated."
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help="|".join(MODES) + ": quiet link, or the next input on its way meanwhile.",
        ),
    ] = None,
    port: Port = None,
    cable: Annotated[
        str | None,
        typer.Option(
            "--cable",
            metavar="KEY=NUMBER,...",
            help="Put a bad cable between, as `tinybench cable` does.",
        ),
    ] = None,
    flash: Annotated[
        bool,
        typer.Option("--flash/--no-flash", help="Build and flash first, or use what is there."),
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Run folder. [default: runs/TIME-MODEL-BOARD]"),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", help="Go on with this run, which was broken off; needs no more."),
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a board, against desktop TFLite."""
    from tinybench.cli.progress import BenchProgress
    from tinybench.cli.verdict import conclude
    from tinybench.workflow import bench_model, resume_bench

    if resume is not None:
        with BenchProgress() as progress:
            report = resume_bench(resume, watch=progress)
        conclude(report, as_json)
        return
    boards, engines = list(dict.fromkeys(board or [])), list(dict.fromkeys(engine or []))
    project = overlay(
        project_from(
            folder,
            model,
            boards[0] if boards else None,
            engines[0] if engines else None,
            labels,
            weights,
            weights_in,
            kernels=kernels,
            tflm_source=tflm_source,
            esp_nn_source=esp_nn_source,
        ),
        path=data,
        limit=limit,
        pixel_range=pixel_range,
        strict=strict,
        link_mode=mode,
        port=port,
        cable=cable,
        **read_limits(gate or []),
    )
    if len(boards) > 1 or len(engines) > 1:
        _bench_many(project, boards, engines, out, flash, as_json)
        return
    with BenchProgress() as progress:
        report = bench_model(project, out=out, flash=flash, watch=progress)
    conclude(report, as_json)


def _bench_many(
    project: Project,
    boards: list[str],
    engines: list[str],
    out: Path | None,
    flash: bool,
    as_json: bool,
) -> None:
    """Boards at the same time, engines one after the other: two cannot be on one board."""
    from tinybench.cli.many import OneOfMany, run_name, show_runs, worst
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow.many import BoardRun, bench_boards

    runs: list[BoardRun] = []
    with BenchProgress() as progress:
        for engine in engines or [project.engine]:
            own = [overlay(project, board=name) for name in boards] or [project]
            here = [overlay(one, engine=engine) for one in own]
            names = [run_name(p, len(boards) > 1, len(engines) > 1) for p in here]
            outs = [out / name.replace(" ", "-") if out else None for name in names]
            watches = [OneOfMany(name, progress) for name in names]
            runs += bench_boards(here, outs, watches, flash=flash)
            if runs[-1].interrupted:
                break
    show_runs(runs, as_json)
    error = worst(runs)
    if error is not None:
        raise typer.Exit(error.exit_code)
