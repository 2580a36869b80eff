"""`tinybench bench`: the device against desktop TFLite, on data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinybench.cli.asking import asker
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
    Mac,
    Model,
    TflmSource,
    Weights,
    WeightsIn,
    alone,
    project_from,
    tell_borrowed,
)
from tinybench.errors import UsageError
from tinybench.gates import read_limits
from tinybench.project import MODES, PIXEL_RANGES, overlay

if TYPE_CHECKING:
    from tinybench.workflow.many import Target


@reports_errors
def bench(
    ctx: typer.Context,
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
    port: Annotated[
        list[str] | None,
        typer.Option(
            "--port",
            "-p",
            help="Port of the board: /dev/ttyUSB0, COM3, a USB serial number, socket://HOST:PORT, "
            "rfc2217://HOST:PORT, labgrid:PLACE. Several: of as many boards of one kind.",
        ),
    ] = None,
    mac: Mac = None,
    lab: Annotated[
        Path | None,
        typer.Option("--lab", help="lab.toml: boards and ports; all, or those that --board names."),
    ] = None,
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
        typer.Option(
            "--resume",
            help="Go on with this run, which was broken off; needs no more, but takes --port and "
            "--mac, should the board be elsewhere now.",
        ),
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a board, against desktop TFLite."""
    from tinybench.cli.progress import BenchProgress
    from tinybench.cli.verdict import conclude
    from tinybench.workflow import bench_model, resume_bench
    from tinybench.workflow.many import find_targets

    if resume is not None:
        if len(port or []) > 1:
            raise UsageError("--resume with one port", "a second --port", "name the run's own")
        heeded = ("resume", "port", "mac", "folder", "as_json")
        alone(ctx, "--resume", "it goes on with what the run was begun with", heeded)
        with BenchProgress() as progress:
            report = resume_bench(
                resume, port=port[0] if port else None, mac=mac, watch=progress, choose=asker()
            )
        conclude(report, as_json)
        return
    boards, engines = list(dict.fromkeys(board or [])), list(dict.fromkeys(engine or []))
    project = overlay(
        project_from(
            folder,
            model,
            None,
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
        cable=cable,
        mac=mac,
        **read_limits(gate or []),
    )
    tell_borrowed(folder, project)
    targets = find_targets(project, boards, port or [], lab)
    if len(targets) > 1 or len(engines) > 1:
        _bench_many(targets, engines, out, flash, as_json)
        return
    with BenchProgress() as progress:
        report = bench_model(
            targets[0].project, out=out, flash=flash, watch=progress, choose=asker()
        )
    conclude(report, as_json)


def _bench_many(
    targets: Sequence[Target],
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
        for engine in engines or [targets[0].project.engine]:
            here = [replace(t, project=overlay(t.project, engine=engine)) for t in targets]
            names = [run_name(t, len(targets) > 1, len(engines) > 1) for t in here]
            outs = [out / name.replace(" ", "-") if out else None for name in names]
            watches = [OneOfMany(name, progress) for name in names]
            runs += bench_boards(here, outs, watches, flash=flash)
            if runs[-1].interrupted:
                break
    show_runs(runs, as_json)
    error = worst(runs)
    if error is not None:
        raise typer.Exit(error.exit_code)
