"""Whether a model has room on a board, and where its arena and its weights go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinybench.boards.facts import Board
from tinybench.boards.partitions import app_bytes
from tinybench.boards.read import list_boards


@dataclass(frozen=True)
class Need:
    """What a model takes.

    Attributes:
        arena_bytes: one block.
        weights_bytes: constants.
        weights_in: "flash", or "ram" if they are to be copied there at boot.
    """

    arena_bytes: int
    weights_bytes: int
    weights_in: str = "flash"

    @property
    def copied_bytes(self) -> int:
        """Constants that take internal RAM."""
        return self.weights_bytes if self.weights_in == "ram" else 0


@dataclass(frozen=True)
class Placement:
    """Where a model's two large things lie."""

    arena: Literal["internal RAM", "PSRAM"]
    weights: Literal["flash", "internal RAM"]


INTERNAL = Placement("internal RAM", "flash")


@dataclass(frozen=True)
class Shortage:
    """Why a model has no room: of what there is too little, what the board has, what is needed."""

    of: Literal["RAM", "RAM for weights", "flash"]
    wanted: str
    seen: str


def place(need: Need, board: Board) -> Placement | Shortage:
    """The arena in internal RAM if it fits, in PSRAM if only that fits.

    The firmware's own few KB are not counted here: the linker has the last word on those.
    """
    if short := _check_flash(need, board):
        return short
    room = board.memory.for_arena
    weights: Literal["flash", "internal RAM"] = "internal RAM" if need.copied_bytes else "flash"
    if need.arena_bytes + need.copied_bytes <= room:
        return Placement("internal RAM", weights)
    psram = board.psram.mapped_bytes if board.psram else 0
    if need.arena_bytes <= psram and need.copied_bytes <= room:
        return Placement("PSRAM", weights)
    return _short_of_ram(need, board)


def boards_with_room(need: Need) -> list[str]:
    """Names of all boards that tinybench comes with on which the model fits."""
    found = (board for board in list_boards() if isinstance(place(need, board), Placement))
    return [board.name for board in found]


def _check_flash(need: Need, board: Board) -> Shortage | None:
    room = app_bytes(board)
    if need.weights_bytes <= room:
        return None
    where = "flash" if board.kind == "virtual" else f"app partition ({board.build.partitions})"
    return Shortage(
        "flash",
        f"a model whose constants fit {board.name}'s {where} of {room:,} B",
        f"they take {need.weights_bytes:,} B, {need.weights_bytes - room:,} B too many",
    )


def _short_of_ram(need: Need, board: Board) -> Shortage:
    memory = board.memory
    psram = board.psram.mapped_bytes if board.psram else 0
    if need.copied_bytes > memory.for_arena:
        return Shortage(
            "RAM for weights",
            f"weights that fit {board.name}'s RAM: at most {memory.for_arena:,} B",
            f"they take {need.copied_bytes:,} B, "
            f"{need.copied_bytes - memory.for_arena:,} B too many",
        )
    room = max(memory.for_arena - need.copied_bytes, psram)
    takes = (
        f"its arena takes {need.arena_bytes:,} B, at least {need.arena_bytes - room:,} B too many"
    )
    return Shortage(
        "RAM",
        f"a model whose arena fits {board.name}: at most {room:,} B ({_memory_words(need, board)})",
        takes,
    )


def _memory_words(need: Need, board: Board) -> str:
    memory = board.memory
    system = memory.ram_bytes - memory.stack_bytes - memory.for_arena
    words = f"RAM {memory.ram_bytes:,} B less stack {memory.stack_bytes:,} B"
    words += f" and {system:,} B for the system" if system else ""
    words += f" and {need.copied_bytes:,} B of weights" if need.copied_bytes else ""
    return words + (f"; PSRAM {board.psram.mapped_bytes:,} B" if board.psram else "")
