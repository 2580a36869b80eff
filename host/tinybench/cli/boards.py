"""`tinybench boards`: what it can build for."""

from __future__ import annotations

from typing import Any

from tinybench.cli.console import print_json, print_table, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def boards(as_json: AsJson = False) -> None:
    """List the boards, with the RAM and flash that a model can use."""
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
    print_table(
        ("board", "kind", "chip", "flash, B", "RAM, B", "latency in", "what it is"),
        [
            (
                b["name"],
                b["kind"],
                b["chip"],
                f"{b['flash_bytes']:,}",
                f"{b['ram_bytes']:,}",
                b["latency_unit"],
                b["title"],
            )
            for b in known
        ],
    )
