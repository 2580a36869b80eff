"""`tinybench boards`: what it can build for."""

from __future__ import annotations

from typing import Any

from tinybench.cli.console import print_json, print_table, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def boards(as_json: AsJson = False) -> None:
    """List the boards and their memory."""
    from tinybench.boards import Board, list_boards

    def facts(board: Board) -> dict[str, Any]:
        return {
            "name": board.name,
            "kind": board.kind,
            "chip": board.chip.name,
            "flash_bytes": board.memory.flash_bytes,
            "ram_bytes": board.memory.ram_bytes,
            "stack_bytes": board.memory.stack_bytes,
            "latency_unit": board.counter.unit,
            "link": board.link.kind,
            "title": board.title,
            "notes": board.notes.strip(),
        }

    known = [facts(board) for board in list_boards()]
    if as_json:
        print_json(known)
        return
    rows = [
        (b["name"], b["kind"], f"{b['ram_bytes']:,}", f"{b['flash_bytes']:,}", b["title"])
        for b in known
    ]
    print_table(("board", "kind", "RAM, B", "flash, B", "what it is"), rows, right=(2, 3))
