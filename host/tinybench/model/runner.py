"""What the two desktop runtimes have in common: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from tinybench.errors import DataError
from tinybench.model.graph import Graph

Array = NDArray[Any]


class Runner(Protocol):
    """A runtime that has one model loaded.

    Attributes:
        name: the runtime and its version, for reports.
        notes: what was changed or should be known, one sentence each.
        last_us: wall time of the last inference in microseconds, without copying tensors in
            and out; 0.0 before the first.
    """

    name: str
    notes: tuple[str, ...]
    last_us: float

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """One inference.

        Args:
            inputs: one array per input of the graph, in its shape and dtype.

        Returns:
            One array per output of the graph.
        """
        ...

    def close(self) -> None:
        """Frees the model."""
        ...


def check_inputs(graph: Graph, inputs: Sequence[Array]) -> None:
    """Checks that arrays are what the graph takes.

    Raises:
        DataError: number, shape or dtype differ.
    """
    wanted = [(graph.tensors[index].dtype, graph.tensors[index].shape) for index in graph.inputs]
    seen = [(array.dtype.name, array.shape) for array in inputs]
    if wanted != seen:
        raise DataError(
            f"the model takes {_spell(wanted)}", f"got {_spell(seen)}", "check the data's format"
        )


def _spell(tensors: list[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{dtype} {shape}" for dtype, shape in tensors) or "no tensor"
