"""What a .tflite costs on a board: flash, arena, ticks of an inference; and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.errors import DoesNotFit, UnsupportedModel
from tinybench.project import DataConfig, Project
from tinybench.workflow.watch import Silent, Watch


@dataclass(frozen=True)
class OnDevice:
    """A model on a board.

    Attributes:
        board, kind, weights: where, and how weights are kept.
        flash_bytes: of the whole firmware, from its ELF.
        weights_bytes: of them, the model's constants.
        arena_bytes: planned by the compiler.
        ticks: median of an inference, in ``unit``, by ``method``.
        n: samples that ran.
        byte_equal, argmax_equal: of them, how many agree with desktop TFLite.
        reason: why there are no figures; "" where there are.
    """

    board: str
    weights: str
    kind: str = ""
    flash_bytes: int | None = None
    weights_bytes: int | None = None
    arena_bytes: int | None = None
    ticks: int | None = None
    unit: str = ""
    method: str = ""
    n: int = 0
    byte_equal: int | None = None
    argmax_equal: int | None = None
    reason: str = ""


def measure_on_device(
    model: Path,
    data: Path,
    board: str,
    folder: Path,
    *,
    weights: str = "plain",
    samples: int = 20,
    watch: Watch | None = None,
) -> OnDevice:
    """Builds, flashes and benches a model.

    Args:
        model: int8 .tflite.
        data: .npz of its input tensors.
        board: by name.
        folder: for builds and the run.
        weights: plain or huffman.
        samples: at most so many.
        watch: told of the steps.

    Returns:
        Figures; or the reason, where the model cannot be compiled or does not fit.

    Raises:
        BuildError, DeviceError: the tools are missing, or fail.
    """
    from tinybench.workflow.bench import bench_model

    project = Project(
        root=folder,
        model=model,
        board=board,
        weights=weights,
        data=DataConfig(path=data, limit=samples),
    )
    try:
        report = bench_model(project, watch=watch or Silent())
    except (DoesNotFit, UnsupportedModel) as error:
        lines = "; ".join(error.details[:4])
        return OnDevice(board, weights, reason=f"{error.seen}" + (f": {lines}" if lines else ""))
    if report.error is not None:
        raise report.error
    return _figures(report.result, board, weights)


def _figures(result: dict[str, Any], board: str, weights: str) -> OnDevice:
    latency, agreement = result["latency"], result["agreement"]
    return OnDevice(
        board=board,
        weights=weights,
        kind=result["board"]["kind"],
        flash_bytes=result["flash"]["total_bytes"],
        weights_bytes=result["flash"]["weights_bytes"],
        arena_bytes=result["memory"]["arena_bytes"],
        ticks=latency["median"],
        unit=latency["unit"],
        method=latency["method"],
        n=latency["n"],
        byte_equal=agreement["desktop_byte_equal"],
        argmax_equal=agreement["desktop_argmax_equal"],
    )
