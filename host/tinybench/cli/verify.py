"""`tinybench verify`: op by op against TFLite Micro."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tinybench.cli.console import print_json, print_pairs, reports_errors, show
from tinybench.cli.options import (
    HERE,
    AsJson,
    Board,
    Engine,
    EspNnSource,
    Folder,
    Kernels,
    Mac,
    Model,
    Port,
    SomeData,
    TflmSource,
    Weights,
    WeightsIn,
    project_from,
    tell_borrowed,
)
from tinybench.project import overlay

if TYPE_CHECKING:
    from tinybench.workflow.verify import Verified


@reports_errors
def verify(
    model: Model = None,
    board: Board = None,
    engine: Engine = None,
    weights: Weights = None,
    weights_in: WeightsIn = None,
    kernels: Kernels = None,
    tflm_source: TflmSource = None,
    esp_nn_source: EspNnSource = None,
    data: SomeData = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many. [default: 3]")
    ] = None,
    port: Port = None,
    mac: Mac = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare op by op with TFLite Micro.

    Names the first op whose tensor on the board differs.
    Runs the schedule that ships, its rows sent as they are made.
    """
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow.verify import mismatch, verified_json, verify_model

    project = overlay(
        project_from(
            folder,
            model,
            board,
            engine,
            weights=weights,
            weights_in=weights_in,
            kernels=kernels,
            tflm_source=tflm_source,
            esp_nn_source=esp_nn_source,
        ),
        path=data,
        port=port,
        mac=mac,
        limit=limit,
    )
    tell_borrowed(folder, project)
    with BenchProgress() as progress:
        seen = verify_model(project, watch=progress)
    if as_json:
        print_json(verified_json(seen))
    else:
        _show(seen)
    error = mismatch(seen)
    if error is not None:
        raise error


def _show(seen: Verified) -> None:
    show(f"{seen.model} on {seen.board}, engine {seen.engine}, against {seen.oracle}")
    rows = [
        ("compared", f"{seen.tensors} tensors of {seen.ops} ops, {seen.nbytes:,} B a sample"),
        ("samples", f"{seen.samples}, {seen.data}"),
    ]
    rows += [(f"op {op}", f"not seen: {why}") for op, why in seen.fused.items()]
    verdict = "every byte equal" if seen.difference is None else "NOT EQUAL"
    print_pairs([*rows, ("result", verdict)])
