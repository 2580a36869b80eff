"""Whether a compiled model can fit a board, told before anything is built."""

from __future__ import annotations

from tinybench.boards import Board
from tinybench.compiler.program import Buffer, Program
from tinybench.errors import DoesNotFit

_SHOWN = 6  # tensors of the peak that are named


def check_fit(program: Program, board: Board) -> None:
    """Refuses a model that cannot fit, whatever else the firmware needs.

    The firmware's own few KB are not counted here: the linker has the last word on those.

    Raises:
        DoesNotFit: by how much at least, and which tensors make the peak.
    """
    room = board.memory.ram_bytes - board.memory.stack_bytes
    if program.arena_bytes > room:
        raise DoesNotFit(
            f"a model whose arena fits {board.name}: at most {room:,} B "
            f"(RAM {board.memory.ram_bytes:,} B less stack {board.memory.stack_bytes:,} B)",
            f"its arena takes {program.arena_bytes:,} B, at least "
            f"{program.arena_bytes - room:,} B too many",
            "make the tensors below smaller (input size, channels), or choose a board with more "
            "RAM: `tinybench boards`",
            details=peak_lines(program),
        )
    if program.weights_bytes > board.memory.flash_bytes:
        raise DoesNotFit(
            f"a model whose constants fit {board.name}'s flash of {board.memory.flash_bytes:,} B",
            f"they take {program.weights_bytes:,} B",
            "compress the model, or choose a board with more flash: `tinybench boards`",
        )


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
