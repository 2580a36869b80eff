"""In which order a step makes its rows: from the top or the bottom, and how many at a time.

Where a convolution's weights are more than a flash cache holds, they are read again for every row.
Rows made together, a piece of the output channels after the other, read them once per band of rows.
A band writes all its rows while the input of all of them is still read, so it wants more room
beside its input. Bands as high as leave the arena's peak are asked for before tensors are placed;
afterwards each is as high as the places allow. The arena never grows for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tinybench.compiler.kernel import ConstArray, Kernel, Value, const_arrays
from tinybench.compiler.program import Plan, Step, Target
from tinybench.compiler.traffic import is_gathered, streamed_bytes
from tinybench.compiler.window import Window
from tinybench.model.graph import Graph

CONVOLUTION, BANDS = "tb_conv2d", "tb_conv2d_bands"


Peak = Callable[[Sequence[Step]], int]


def want_bands(steps: Sequence[Step], target: Target, peak: Peak) -> tuple[Step, ...]:
    """The steps, with bands as high as leave the peak, those first that read most from flash.

    Args:
        steps: as they are to be planned.
        target: ``chain_bytes`` is the cache's budget.
        peak: most bytes live at once, of some steps.
    """
    best, lowest = tuple(steps), peak(steps)
    for number in sorted(range(len(best)), key=lambda i: -streamed_bytes(best[i], 0, target)):
        step = best[number]
        if step.window is None or not _blocks_in_cache(step, step.window, target):
            continue
        for height in _heights(step.window.out_h):
            tried = (*best[:number], replace(step, band=height), *best[number + 1 :])
            if peak(tried) <= lowest:
                best = tried
                break
    return best


def choose_orders(
    steps: Sequence[Step], plan: Plan, graph: Graph, target: Target
) -> tuple[Step, ...]:
    """The steps, with those made from the bottom whose output lies above the input it is over.

    Args:
        steps: as they were planned.
        plan: where their tensors lie.
        graph: their tensors.
        target: ``chain_bytes`` is the cache's budget.
    """
    places = {t: b.offset for b in plan.buffers for t in b.tensors}
    return tuple(_order(step, places, graph, target) for step in steps)


def _order(step: Step, places: Mapping[int, int], graph: Graph, target: Target) -> Step:
    window = step.window
    if window is None:
        return step
    blocks = _blocks_in_cache(step, window, target)
    heights = _heights(window.out_h) if blocks else (1,)
    if step.inputs[0] not in places:  # a constant
        return _in_bands(step, heights[0], blocks)
    source, out = places[step.inputs[0]], places[step.output]
    behind = source + graph.tensors[step.inputs[0]].nbytes
    if out >= behind or out + window.out_bytes <= source:
        return _in_bands(step, heights[0], blocks)
    down = next((rows for rows in heights if out + window.lag_below(rows) <= source), 0)
    if down:
        return _in_bands(step, down, blocks)
    up = next((rows for rows in heights if out >= source + window.lag_above(rows)), 1)
    return _in_bands(_from_the_bottom(step, window), up, blocks)


def _blocks_in_cache(step: Step, window: Window, target: Target) -> int:
    """How many blocks of channels a band's rows share; 0 where they need not or cannot."""
    filters = step.kernel.fields.get("filter")
    constants = sum(a.data.nbytes for a in const_arrays(step.kernel))
    if constants <= target.chain_bytes or step.kernel.function != CONVOLUTION:
        return 0
    assert isinstance(filters, ConstArray)
    gathered = is_gathered(step.kernel, window)
    return 0 if gathered else target.chain_bytes // filters.data[0].nbytes


def _heights(rows: int) -> tuple[int, ...]:
    """Of the bands, from one of all rows to a row each; as even as so many bands can be."""
    return tuple(sorted({-(-rows // bands) for bands in range(1, rows + 1)}, reverse=True))


def _from_the_bottom(step: Step, window: Window) -> Step:
    own = step.kernel.fields["window"]
    assert isinstance(own, Window)
    fields = {**step.kernel.fields, "window": own._replace(bottom_up=1)}
    kernel = replace(step.kernel, fields=fields)
    return replace(step, kernel=kernel, window=window._replace(bottom_up=1))


def _in_bands(step: Step, rows: int, blocks: int) -> Step:
    """A step that makes so many rows at a time."""
    if rows == 1:
        return step
    fields: dict[str, Value] = {"conv": step.kernel.fields, "rows": rows, "blocks": blocks}
    return replace(step, kernel=Kernel(BANDS, fields), band=rows)
