"""boards/*.toml -> Board: facts with units, one file per board, no inheritance.

A board file never names a function; adding a board is adding a file.
"""

from tinybench.boards.facts import (
    Board,
    BuildFacts,
    Camera,
    Chip,
    Counter,
    LinkFacts,
    Memory,
    Psram,
)
from tinybench.boards.read import add_board, list_boards, load_board, user_boards

__all__ = [
    "Board",
    "BuildFacts",
    "Camera",
    "Chip",
    "Counter",
    "LinkFacts",
    "Memory",
    "Psram",
    "add_board",
    "list_boards",
    "load_board",
    "user_boards",
]
