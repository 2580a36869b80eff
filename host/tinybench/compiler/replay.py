"""Plays a program on an arena whose bytes remember which tensor they belong to.

Independent of the planner: nothing here asks what it meant, only where tensors lie and what each
kernel reads and writes, row by row where it works so. It runs on every program that is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.program import Program, Step
from tinybench.compiler.rowwise import COPY
from tinybench.compiler.window import Window

NOBODY = -1
_ROW = 1 << 32  # owners of rows in a ring: tensor + row * _ROW
_SCRATCH = -2  # owners of a step's scratches: -2, -3, ...


class PlanClashError(Exception):
    """A step finds bytes of another tensor where its own should be: a bug in the compiler."""


def replay(program: Program, views: Mapping[int, int]) -> None:
    """Runs through all steps.

    Args:
        program: with its plan.
        views: tensor -> the tensor whose bytes it shows.

    Raises:
        PlanClashError: which step, which tensor.
    """
    arena = _Arena(program, views)
    for device_tensor in program.inputs:
        arena.write(device_tensor.tensor)
    for number, step in enumerate(program.steps):
        who = f"step {number} ({step.label})"
        arena.write_scratch(number, step)
        arena.run(step, who)
        arena.read_scratch(number, step, who)
    for device_tensor in program.outputs:
        arena.read(device_tensor.tensor, f"output '{device_tensor.name}'")


class _Arena:
    """Owner of every byte; ``places`` are (first, end) of each planned tensor."""

    def __init__(self, program: Program, views: Mapping[int, int]) -> None:
        self._owner: NDArray[np.int64] = np.full(program.arena_bytes, NOBODY, np.int64)
        self._views = views
        self._plan = program.plan
        tensors = program.graph.tensors
        self._places = {
            t: (b.offset, b.offset + tensors[t].nbytes)
            for b in program.plan.buffers
            for t in b.tensors
        }

    def run(self, step: Step, who: str) -> None:
        """Every byte that the step reads must be there when it does."""
        read = [t for t in step.inputs if t in self._places]
        if step.links:
            _Chain(self, step, who).run()
            return
        if step.window is not None:
            self._run_rows(step, step.window, who)
            return
        for tensor in read:
            self.read(tensor, who)
        self._check_apart(step, read, who)
        self.write_made(step, step.output)

    def write_made(self, step: Step, tensor: int, begin: int = 0, size: int | None = None) -> None:
        """Makes what a call writes its own: of a copy only the pieces."""
        made = self._bytes(tensor, begin, None if size is None else begin + size)
        if step.kernel.function == COPY:
            fields = step.kernel.fields
            rows, first, piece = fields["rows"], fields["out_offset"], fields["bytes"]
            assert isinstance(rows, int) and isinstance(first, int) and isinstance(piece, int)
            made = made.reshape(rows, -1)[:, first : first + piece]
        made[:] = self._views.get(tensor, tensor)

    def forget(self, tensor: int, nbytes: int) -> None:
        """Before a chain runs: what its rings hold is lost."""
        self._bytes(tensor, 0, nbytes)[:] = NOBODY

    def write_scratch(self, number: int, step: Step) -> None:
        """Before a step runs: whatever is there is lost."""
        for owner, place in self._scratches(number, step):
            self._owner[place] = owner

    def read_scratch(self, number: int, step: Step, who: str) -> None:
        """After it has run: nothing it has written may have hit its own scratch."""
        for owner, place in self._scratches(number, step):
            if (self._owner[place] != owner).any():
                raise PlanClashError(f"{who}: its scratch at {place} is overwritten")

    def _scratches(self, number: int, step: Step) -> list[tuple[int, slice]]:
        found = []
        for i, (part, scratch) in enumerate(step.scratches):
            offset = self._plan.scratch_offset(number, part, scratch.role)
            if offset < 0 or offset + scratch.nbytes > self._owner.size:
                raise PlanClashError(f"step {number}: its scratch lies outside of the arena")
            found.append((_SCRATCH - i, slice(offset, offset + scratch.nbytes)))
        return found

    def _run_rows(self, step: Step, window: Window, who: str) -> None:
        """Only this step's own rows can hit its input while it runs: intervals tell."""
        source, out = step.inputs[0], step.output
        self.read(source, who)
        begin, base = self._places[out][0], self._places[source][0]
        for first, end in _bands(window, step.band):
            rows = begin + first * window.out_row, begin + end * window.out_row
            needed = tuple(base + place for place in _needed(window, first, end))
            if max(rows[0], needed[0]) < min(rows[1], needed[1]):
                where = f"row {first}" if end == first + 1 else f"rows {first} to {end - 1}"
                raise PlanClashError(f"{who}: {where} at {rows}, {needed} is still to be read")
        self.write(out)

    def _check_apart(self, step: Step, read: list[int], who: str) -> None:
        """Output and input lie apart, or exactly on each other where that is allowed."""
        out = self._places[step.output]
        for position, tensor in enumerate(step.inputs):
            if tensor not in read:
                continue
            place = self._places[tensor]
            apart = out[1] <= place[0] or place[1] <= out[0]
            if not apart and not (position in step.in_place and out == place):
                raise PlanClashError(f"{who}: output at {out}, input {position} at {place}")

    def write(self, tensor: int, first: int = 0, end: int | None = None, row: int = 0) -> None:
        """Makes bytes of a tensor its own; ``row`` tells rows of a ring from each other."""
        self._bytes(tensor, first, end)[:] = self._views.get(tensor, tensor) + row * _ROW

    def read(
        self, tensor: int, who: str, first: int = 0, end: int | None = None, row: int = 0
    ) -> None:
        """Checks that bytes of a tensor are still its own."""
        found = self._bytes(tensor, first, end)
        if (found != self._views.get(tensor, tensor) + row * _ROW).any():
            raise PlanClashError(f"{who}: tensor {tensor} is overwritten by {set(found.tolist())}")

    def place(self, tensor: int) -> tuple[int, int] | None:
        """(first, end) of a tensor in the arena; None of a constant."""
        return self._places.get(tensor)

    def _bytes(self, tensor: int, first: int, end: int | None) -> NDArray[np.int64]:
        start, stop = self._places[tensor]
        return self._owner[start + first : stop if end is None else start + end]


class _Chain:
    """A chain's links, made by asking for the last one's rows."""

    def __init__(self, arena: _Arena, step: Step, who: str) -> None:
        self._arena = arena
        self._step = step
        self._who = who
        self._made = [0] * len(step.links)
        self._rows = [rows for _, rows in step.rings]

    def run(self) -> None:
        """Makes all rows of the last link, each once."""
        last = len(self._made) - 1
        for link, (tensor, rows) in enumerate(self._step.rings):
            self._arena.forget(tensor, rows * self._window(link).out_row)
        for y in range(self._window(last).out_h):
            self._make(last, y)

    def _window(self, link: int) -> Window:
        window = self._step.links[link].window
        assert window is not None
        return window

    def _make(self, link: int, y: int) -> None:
        first, last = self._window(link).rows_read(y)
        for row in range(self._made[link - 1], last) if link > 0 else ():
            self._make(link - 1, row)
        self._made[link] += 1
        for tensor in self._step.links[link].inputs[1:]:
            self._read_beside(link, y, tensor)
        self._write(link, y)
        for row in range(first, last):
            self._read(link, row)

    def _read_beside(self, link: int, y: int, tensor: int) -> None:
        """A second operand: there as a whole, or the same for every row.

        Elements are read and written in the order of their addresses. So a row may be written over
        the operand's own row, or begin below it, but not over what is read for every row.
        """
        place = self._arena.place(tensor)
        if place is None:
            return
        size = self._window(link).out_row
        rowwise = place[1] - place[0] == size * self._window(link).out_h
        first, end = (y * size, (y + 1) * size) if rowwise else (0, place[1] - place[0])
        who = f"{self._who}, link {link}"
        self._arena.read(tensor, who, first, end)
        begin = self._row_begin(link, y)
        apart = begin + size <= place[0] + first or place[0] + end <= begin
        if not apart and not (rowwise and begin <= place[0] + first):
            raise PlanClashError(f"{who}: row {y} at {begin} is over its second operand")

    def _row_begin(self, link: int, y: int) -> int:
        """Where a row is written in the arena."""
        place = self._arena.place(self._step.links[link].output)
        assert place is not None
        last = link + 1 == len(self._made)
        return place[0] + (y if last else y % self._rows[link]) * self._window(link).out_row

    def _write(self, link: int, y: int) -> None:
        size, tensor = self._window(link).out_row, self._step.links[link].output
        if link + 1 == len(self._made):
            self._arena.write_made(self._step.links[link], tensor, y * size, size)
            return
        slot = y % self._rows[link]
        self._arena.write(tensor, slot * size, (slot + 1) * size, row=y + 1)

    def _read(self, link: int, row: int) -> None:
        size = self._window(link).in_row
        who = f"{self._who}, link {link}"
        if link == 0:
            self._arena.read(self._step.inputs[0], who, row * size, (row + 1) * size)
            return
        slot, tensor = row % self._rows[link - 1], self._step.links[link - 1].output
        self._arena.read(tensor, who, slot * size, (slot + 1) * size, row=row + 1)


def _bands(window: Window, height: int) -> Iterator[tuple[int, int]]:
    """(first, end) of the rows that are made together, in the order in which they are."""
    for done in range(0, window.out_h, height):
        left = window.out_h - done
        count = min(height, left)
        first = left - count if window.bottom_up else done
        yield first, first + count


def _needed(window: Window, row: int, end: int) -> tuple[int, int]:
    """Input bytes, as (first, end), that are read for rows row, ..., end - 1 or after them."""
    first, last = window.rows_read(row)[0], window.rows_read(end - 1)[1]
    if window.bottom_up:
        return 0, last * window.in_row
    return first * window.in_row, window.in_h * window.in_row
