"""`tinybench demo`: the whole path on real handwriting, without any board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def demo(
    board: Annotated[str, typer.Option("--board", "-b", help="Virtual board.")] = "virt-c3",
    folder: Annotated[
        Path, typer.Option("--project", "-C", help="Folder to work in; made if need be.")
    ] = Path("tinybench-demo"),
    as_json: AsJson = False,
) -> None:
    """Train, quantize, build, flash and measure a model.

    A small CNN on scikit-learn's handwritten digits, from nothing to the compared byte.
    """
    from tinybench.cli.progress import BenchProgress
    from tinybench.cli.verdict import conclude
    from tinybench.workflow import bench_model, train_demo

    with BenchProgress() as progress:
        demo_model, project = train_demo(folder, board, watch=progress)
        report = bench_model(project, watch=progress)
    news(
        f"float model before quantization: top-1 {demo_model.float_top1:.4f} "
        f"on the same {demo_model.test_samples} held-back samples"
    )
    conclude(report, as_json)
