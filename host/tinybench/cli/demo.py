"""`tinybench demo`: the whole path on real handwriting, without any board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import conclude, news, print_json, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def demo(
    board: Annotated[str, typer.Option("--board", "-b", help="Virtual board.")] = "virt-c3",
    folder: Annotated[
        Path, typer.Option("--project", "-C", help="Folder to work in; made if need be.")
    ] = Path("tinybench-demo"),
    as_json: AsJson = False,
) -> None:
    """Train a small CNN on digits, quantize, compile, build, flash, and measure it."""
    from tinybench.cli.progress import BenchProgress
    from tinybench.cli.tables import show_result
    from tinybench.workflow import bench_model, train_demo

    with BenchProgress() as progress:
        demo_model, project = train_demo(folder, board, watch=progress)
        report = bench_model(project, watch=progress)
    if as_json:
        print_json(report.result)
    else:
        show_result(report.result, report.folder)
        news(
            f"float model before quantization: top-1 {demo_model.float_top1:.4f} "
            f"on the same {demo_model.test_samples} held-back samples"
        )
    conclude(report)
