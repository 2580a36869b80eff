"""`tinybench boards`: what it can build for, one of them in full, boards of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinybench.cli.console import news, print_json, print_pairs, print_table, reports_errors
from tinybench.cli.options import AsJson

if TYPE_CHECKING:
    from tinybench.boards import Board

Row = tuple[str, str]

boards_app = typer.Typer(help="List the boards; show or add one.", rich_markup_mode=None)


@boards_app.callback(invoke_without_command=True)
@reports_errors
def boards(context: typer.Context, as_json: AsJson = False) -> None:
    """List the boards; show or add one."""
    if context.invoked_subcommand is not None:
        return
    from tinybench.boards import list_boards

    known = list_boards(with_own=True)
    if as_json:
        print_json([_facts(board) for board in known])
        return
    rows = [
        (
            board.name,
            board.chip.name,
            _mib(board.memory.flash_bytes),
            f"{board.memory.for_arena:,} B",
            _mib(board.psram.mapped_bytes) if board.psram else "-",
            board.camera.sensor if board.camera else "-",
            _link(board),
            _remarks(board),
        )
        for board in known
    ]
    columns = ("board", "chip", "flash", "RAM for arena", "PSRAM", "camera", "link", "notes")
    print_table(columns, rows, right=(2, 3, 4))


@boards_app.command("show")
@reports_errors
def show_board(
    name: Annotated[str, typer.Argument(help="Board name or board file.")], as_json: AsJson = False
) -> None:
    """Show all that is known of a board."""
    from tinybench.boards import load_board

    board = load_board(name)
    if as_json:
        print_json(_facts(board))
        return
    print_pairs(list(_rows(board)))


@boards_app.command("add")
@reports_errors
def add(
    file: Annotated[Path, typer.Argument(help="Board file (.toml) of your own.")],
    force: Annotated[bool, typer.Option("--force", help="Replace one of the same name.")] = False,
) -> None:
    """Keep a board file of your own, so that its name will do."""
    from tinybench.boards import add_board

    board, kept = add_board(file, force=force)
    news(f"added {board.name}: {kept}; next: tinybench boards show {board.name}")


def _facts(board: Board) -> dict[str, Any]:
    """The file's facts; those that lists and scripts look at first, flat and on top."""
    whole = asdict(board)
    return {
        "name": board.name,
        "kind": board.kind,
        "status": board.status,
        "chip": board.chip.name,
        "clock_hz": board.chip.clock_hz,
        "flash_bytes": board.memory.flash_bytes,
        "ram_bytes": board.memory.ram_bytes,
        "stack_bytes": board.memory.stack_bytes,
        "arena_bytes": board.memory.for_arena,
        "psram_bytes": board.psram.mapped_bytes if board.psram else 0,
        "camera": board.camera.sensor if board.camera else None,
        "latency_unit": board.counter.unit,
        "link": board.link.kind,
        "title": board.title,
        "notes": board.notes.strip(),
        "tried": board.tried,
        "source": board.source,
        "facts": {key: whole[key] for key in ("memory", "psram", "camera", "link", "build")},
    }


def _rows(board: Board) -> Iterator[Row]:
    memory, link = board.memory, board.link
    yield "board", f"{board.name}: {_remarks(board)}"
    yield "file", board.source
    yield "chip", f"{board.chip.name}, {board.chip.isa}" + _clock(board)
    mode = f", {memory.flash_mode.upper()} at {memory.flash_hz // 10**6} MHz"
    yield "flash", f"{memory.flash_bytes:,} B" + (mode if memory.flash_mode else "")
    yield "RAM", f"{memory.ram_bytes:,} B, of which {memory.stack_bytes:,} B stack"
    yield "  for the arena", f"{memory.for_arena:,} B"
    if psram := board.psram:
        fitted, mapped = f"{psram.fitted_bytes:,} B fitted", f"{psram.mapped_bytes:,} B usable"
        yield "PSRAM", f"{psram.kind}, {fitted}, {mapped}, {psram.clock_hz // 10**6} MHz"
    if camera := board.camera:
        yield "camera", f"{camera.sensor}; D0..D7 on GPIO {', '.join(map(str, camera.data))}"
        pins = ("xclk", "sda", "scl", "vsync", "href", "pclk", "power_down", "reset")
        yield "", ", ".join(f"{pin} {getattr(camera, pin)}" for pin in pins)
    yield "link", _link(board)
    if link.kind == "serial":
        yield "  USB ids", ", ".join(link.usb_ids) or "any"
        yield "  reset", link.reset
        yield "  speeds", f"{link.baud:,} bit/s, upload {link.upload_baud:,} bit/s"
    yield "latency", f"{board.counter.unit}: {board.counter.method}"
    build = ", ".join(
        text
        for text in (board.build.platform, board.build.board_id, board.build.partitions)
        if text
    )
    yield "build", build
    yield from _lines("wiring", board.wiring)
    yield from _lines("notes", board.notes)
    for number, quirk in enumerate(board.quirks):
        yield "" if number else "quirks", quirk
    for number, place in enumerate(board.facts_from):
        yield "" if number else "facts from", place
    if board.kind == "hardware":
        yield "tried on silicon", board.tried or "nothing yet"


def _lines(name: str, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.strip().splitlines()):
        yield "" if number else name, line


def _clock(board: Board) -> str:
    return f", {board.chip.clock_hz // 10**6} MHz" if board.chip.clock_hz else ""


def _link(board: Board) -> str:
    link = board.link
    if link.kind != "serial":
        return link.emulator or link.kind
    return " ".join(text for text in (link.transport, link.bridge.partition(" (")[0]) if text)


def _remarks(board: Board) -> str:
    return board.title + (" (end of life)" if board.status == "end-of-life" else "")


def _mib(size: int) -> str:
    return f"{size / 2**20:g} MiB"
