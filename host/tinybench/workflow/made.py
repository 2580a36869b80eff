"""What a device makes while it computes, tensor by tensor, and as what a tap build tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinybench.compiler.groups import tap_of
from tinybench.compiler.program import Step
from tinybench.model.graph import Graph


@dataclass(frozen=True)
class Made:
    """A tensor, or some channels of one that never exists as a whole.

    Attributes:
        part: what makes it; the last one, where several do.
        tap: by which number a tap build tells of it.
        shape: of what is made.
        channels: which of the tensor's.
    """

    part: Step
    tap: int
    shape: tuple[int, ...]
    channels: slice


def made_by(graph: Graph, steps: Sequence[Step]) -> list[Made]:
    """Everything that is made, in the order in which it is complete.

    Args:
        graph: of the tensors.
        steps: of the program. In a group of channels the first link makes some channels of its
            tensor, as the last link's place tells; the second one's rows are what the last copies.
    """
    made: dict[int, Made] = {}
    for number, step in enumerate(steps):
        for position, part in enumerate(step.parts):
            tap, shape = tap_of(graph, number, position, part), graph.tensors[part.output].shape
            channels = slice(None)
            if tap != part.output:
                if position > 0:
                    continue
                channels = _channels(step)
                shape = (*shape[:-1], channels.stop - channels.start)
            made.pop(tap, None)
            made[tap] = Made(part, tap, shape, channels)
    return list(made.values())


def _channels(group: Step) -> slice:
    first, window = group.links[-1].kernel.fields["out_offset"], group.links[0].window
    assert isinstance(first, int) and window is not None
    return slice(first, first + window.out_c)
