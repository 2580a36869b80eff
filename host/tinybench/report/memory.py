"""The arena over time: what lies where while which kernel runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.compiler.program import Buffer, Program
from tinybench.report.svg import new_figure, save_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = "memory.svg"
_LABELLED = 0.04  # share of the arena that a buffer must have to be named in the picture


def memory_over_time(program: Program) -> list[dict[str, Any]]:
    """Per kernel call its ops and the bytes of the arena that are live while it runs.

    Bytes that an output shares with an input that it overwrites are counted once.
    """
    return [
        {
            "step": number,
            "ops": list(step.ops),
            "label": step.label,
            "live_bytes": _covered(program.plan.live_at(number)),
        }
        for number, step in enumerate(program.steps)
    ]


def _covered(buffers: tuple[Buffer, ...]) -> int:
    """Bytes that lie in at least one of some buffers."""
    covered = end = 0
    for buffer in sorted(buffers, key=lambda b: b.offset):
        last = buffer.offset + buffer.nbytes
        covered += max(0, last - max(buffer.offset, end))
        end = max(end, last)
    return covered


def draw_memory(program: Program, path: Path) -> None:
    """Writes a picture of the arena: calls to the right, addresses upwards, a box per buffer.

    Args:
        program: at least one step.
        path: an .svg file.

    Raises:
        OSError: it cannot be written.
    """
    figure = new_figure(max(6.0, min(18.0, 0.3 * len(program.steps) + 3)), 5)
    axes = figure.add_subplot()
    for buffer in program.plan.buffers:
        _draw_buffer(axes, program, buffer)
    peak = program.plan.peak_step
    axes.axvspan(peak - 0.5, peak + 0.5, color="crimson", alpha=0.15, zorder=0)
    axes.set_xlim(-0.5, len(program.steps) - 0.5)
    axes.set_ylim(0, program.arena_bytes)
    axes.set_xlabel("kernel call (first op)")
    axes.set_xticks(range(len(program.steps)), [str(s.ops[0]) for s in program.steps], fontsize=7)
    axes.set_ylabel("arena, bytes")
    axes.set_title(
        f"arena {program.arena_bytes:,} B planned, at least {program.plan.bound:,} B needed; "
        f"peak at op {program.steps[peak].ops[0]}"
    )
    save_svg(figure, path)


def _draw_buffer(axes: Axes, program: Program, buffer: Buffer) -> None:
    from matplotlib.patches import Rectangle

    tensor = buffer.tensors[-1] if buffer.tensors else None
    color = "lightgray" if tensor is None else f"C{tensor % 10}"
    width = buffer.last - buffer.first + 1
    place = (buffer.first - 0.5, buffer.offset)
    axes.add_patch(
        Rectangle(
            place, width, buffer.nbytes, facecolor=color, alpha=0.6, edgecolor="black", lw=0.4
        )
    )
    if buffer.nbytes >= _LABELLED * program.arena_bytes:
        shape = () if tensor is None else program.graph.tensors[tensor].shape
        text = "x".join(map(str, shape)) if tensor is not None else "scratch"
        middle = (buffer.first + (width - 1) / 2, buffer.offset + buffer.nbytes / 2)
        axes.annotate(text, middle, ha="center", va="center", fontsize=6, clip_on=True)
