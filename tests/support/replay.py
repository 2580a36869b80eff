"""Plays a program's steps on an arena whose bytes remember which tensor they belong to.

Nothing here asks the planner what it meant: only where tensors lie, and what each step touches.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinybench.compiler import Program
from tinybench.model.graph import Graph

NOBODY = -1


def check_memory(graph: Graph, program: Program) -> None:
    """Demands that every step, and the host at the end, finds the tensors that it reads.

    Args:
        graph: what the program was compiled from, for its views.
        program: with its plan.
    """
    arena = _Arena(graph, program)
    for device_tensor in program.inputs:
        arena.write(device_tensor.tensor)
    for number, step in enumerate(program.steps):
        for position, tensor in enumerate(step.inputs):
            if graph.tensors[tensor].data is None:
                arena.read(tensor, f"step {number} ({step.label}), input {position}")
                _check_in_place(arena, step.output, tensor, position in step.in_place)
        arena.write(step.output)
    for device_tensor in program.outputs:
        arena.read(device_tensor.tensor, f"output '{device_tensor.name}'")
        assert device_tensor.offset == arena.place(device_tensor.tensor)[0]


def _check_in_place(arena: _Arena, output: int, source: int, allowed: bool) -> None:
    """Output and input of one step lie apart, or exactly on each other where that is allowed."""
    out, place = arena.place(output), arena.place(source)
    apart = out[1] <= place[0] or place[1] <= out[0]
    assert apart or (allowed and out == place), (out, place, allowed)


class _Arena:
    def __init__(self, graph: Graph, program: Program) -> None:
        self._graph = graph
        self._owner = [NOBODY] * program.arena_bytes
        self._roots = _roots(graph, program)
        self._offsets = {t: b.offset for b in program.plan.buffers for t in b.tensors}

    def place(self, tensor: int) -> tuple[int, int]:
        """First byte and the one behind the last."""
        offset = self._offsets[tensor]
        assert offset % 4 == 0
        return offset, offset + self._graph.tensors[tensor].nbytes

    def write(self, tensor: int) -> None:
        first, end = self.place(tensor)
        assert 0 <= first < end <= len(self._owner)
        self._owner[first:end] = [self._roots.get(tensor, tensor)] * (end - first)

    def read(self, tensor: int, who: str) -> None:
        first, end = self.place(tensor)
        owners = set(self._owner[first:end])
        assert owners == {self._roots.get(tensor, tensor)}, (
            f"{who}: tensor {tensor}, found {owners}"
        )


def _roots(graph: Graph, program: Program) -> Mapping[int, int]:
    """View -> the tensor whose bytes it shows, from the file's own reshapes."""
    roots: dict[int, int] = {}
    for op in graph.ops:
        if program.folded.get(op.index) == "view":
            roots[op.outputs[0]] = roots.get(op.inputs[0], op.inputs[0])
    return roots
