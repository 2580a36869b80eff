"""`tinybench profile`: where the time of an inference goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybench.cli.console import print_json, print_pairs, print_table, reports_errors, show
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
    from tinybench.workflow.profile import Profile, ProfiledCall

_LONGEST_LABEL = 60


@reports_errors
def profile(
    model: Model = None,
    board: Board = None,
    engine: Engine = None,
    weights: Weights = None,
    weights_in: WeightsIn = None,
    kernels: Kernels = None,
    tflm_source: TflmSource = None,
    esp_nn_source: EspNnSource = None,
    data: SomeData = None,
    port: Port = None,
    mac: Mac = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show where the time of an inference goes."""
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow.profile import profile_json, profile_model

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
    )
    tell_borrowed(folder, project)
    with BenchProgress() as progress:
        seen = profile_model(project, watch=progress)
    if as_json:
        print_json(profile_json(seen))
    else:
        _show(seen)


def _show(seen: Profile) -> None:
    show(f"{seen.model} on {seen.board} ({seen.kind} board), engine {seen.engine}")
    show("")
    columns = ("ops", "what", seen.unit, "share", "MACs", "per MAC", "weights, B", "streamed, B")
    rows = [_row(call) for call in seen.calls]
    macs = sum(call.macs for call in seen.calls)
    rows.append(
        (
            *("", "all calls", f"{sum(call.ticks for call in seen.calls):,}", "100.0 %"),
            *(f"{macs:,}", f"{seen.shipped / macs:.2f}" if macs else ""),
            f"{sum(call.weight_bytes for call in seen.calls):,}",
            _sum([call.streamed_bytes for call in seen.calls]),
        )
    )
    print_table(columns, rows, right=(2, 3, 4, 5, 6, 7))
    show("")
    print_pairs(
        [
            ("as it ships", f"{seen.shipped:,} {seen.unit}"),
            ("profiled", f"{seen.profiled:,} {seen.unit}: profiling adds {seen.overhead:,}"),
            ("method", f"{seen.method}; median of n={seen.n}, {seen.data}"),
            ("streamed", "constants from flash, read again where a step's exceed the cache budget"),
        ]
    )


def _sum(parts: list[int | None]) -> str:
    known = [part for part in parts if part is not None]
    return f"{sum(known):,}" if len(known) == len(parts) else "-"


def _row(call: ProfiledCall) -> tuple[str, ...]:
    first, last = call.ops[0], call.ops[-1]
    label = call.label
    if len(label) > _LONGEST_LABEL:
        label = f"{label[:_LONGEST_LABEL]}..."
    return (
        str(first) if first == last else f"{first}-{last}",
        label,
        f"{call.ticks:,}",
        f"{call.share:.1%}".replace("%", " %"),
        f"{call.macs:,}" if call.macs else "",
        f"{call.ticks / call.macs:.2f}" if call.macs else "",
        f"{call.weight_bytes:,}" if call.weight_bytes else "",
        f"{call.streamed_bytes:,}" if call.streamed_bytes else "",
    )
