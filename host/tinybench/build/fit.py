"""Whether a compiled model can fit a board, told before anything is built."""

from __future__ import annotations

from tinybench.boards import Board
from tinybench.boards.room import Need, Placement, Shortage, boards_with_room, place
from tinybench.compiler.program import Buffer, Program
from tinybench.errors import DoesNotFit
from tinybench.tflm.program import Interpreted

_SHOWN = 6  # tensors of the peak that are named
_SMALLER = {
    "RAM": "make the tensors below smaller (input size, channels)",
    "RAM for weights": "leave them in flash (--weights-in flash)",
    "flash": "make the model smaller, or try --weights huffman",
}


def need_of(program: Program | Interpreted) -> Need:
    """What a compiled model takes."""
    return Need(program.arena_bytes, program.weights_bytes, program.weights_in)


def check_fit(program: Program | Interpreted, board: Board) -> Placement:
    """Refuses a model that cannot fit, whatever else the firmware needs.

    The firmware's own few KB are not counted here: the linker has the last word on those.

    Returns:
        Where its arena and its weights go.

    Raises:
        DoesNotFit: by how much at least, which tensors make the peak, and which boards have room.
    """
    need = need_of(program)
    found = place(need, board)
    if isinstance(found, Placement):
        return found
    if not isinstance(program, Program):  # TFLM's own
        raise DoesNotFit(
            found.wanted,
            f"for TFLite Micro {found.seen}",
            f"--engine aot, or {_todo(need, found)}",
        )
    details = peak_lines(program) if found.of == "RAM" else ()
    raise DoesNotFit(found.wanted, found.seen, _todo(need, found), details=details)


def _todo(need: Need, short: Shortage) -> str:
    smaller = _SMALLER[short.of]
    others = boards_with_room(need)
    if not others:
        return f"{smaller}; no board that tinybench knows has the room"
    return f"{smaller}, or take a board with the room: {', '.join(others)}"


def peak_lines(program: Program) -> tuple[str, ...]:
    """The step at which most memory is live, and the largest tensors then."""
    step = program.steps[program.plan.peak_step] if program.steps else None
    live = program.plan.live_at(program.plan.peak_step)
    head = f"the peak is at op {step.ops[0]} {step.label}:" if step else "the peak:"
    return (head, *(f"{b.nbytes:>11,} B  {buffer_name(program, b)}" for b in live[:_SHOWN]))


def buffer_name(program: Program, buffer: Buffer) -> str:
    """The tensors of a buffer, or whose scratch it is."""
    if buffer.scratch is not None:
        part = program.steps[buffer.first].parts[buffer.scratch[0]]
        return f"scratch of op {part.ops[0]} {part.label}: {buffer.scratch[1]}"
    shapes = []
    for index in buffer.tensors:
        tensor = program.graph.tensors[index]
        name = tensor.name.partition(";")[0] or str(index)  # of fused ops, the last one's
        shapes.append(f"{name} {'x'.join(map(str, tensor.shape))}")
    return shapes[-1] + (f" (and {len(shapes) - 1} more in the same place)" if shapes[1:] else "")
