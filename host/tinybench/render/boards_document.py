"""boards/*.toml -> docs/boards.md."""

from __future__ import annotations

from dataclasses import dataclass

from tinybench.boards import Board, list_boards
from tinybench.render.espidf import IDF_VERSION
from tinybench.render.files import render_template

_RESETS = {
    "auto": "by itself, DTR and RTS through two transistors",
    "unguarded": "by itself on its base, DTR and RTS directly; by hand otherwise",
    "manual": "by hand",
    "usb": "by itself, over USB",
}
_NOTHING = "nothing yet"


@dataclass(frozen=True)
class BoardSection:
    """One board, in the words of the document."""

    name: str
    title: str
    chip: str
    mhz: int
    flash: str
    flash_words: str
    arena: str
    psram: str
    camera: str
    port: str
    port_words: str
    wiring: str
    reset: str
    speed: str
    board_id: str
    tried: str
    quirks: tuple[str, ...]


@dataclass(frozen=True)
class BoardsContext:
    """What templates/boards.md.j2 needs."""

    tried: str
    idf_version: str
    platform: str
    boards: tuple[BoardSection, ...]


def render_boards_document() -> str:
    """The text of docs/boards.md."""
    boards = list_boards("hardware")
    tried = ", ".join(f"{board.name} ({board.tried})" for board in boards if board.tried)
    context = BoardsContext(
        tried=f"{tried}." if tried else f"{_NOTHING}, on any board.",
        idf_version=IDF_VERSION,
        platform=boards[0].build.platform,
        boards=tuple(_section(board) for board in boards),
    )
    return render_template("boards.md.j2", context)


def _section(board: Board) -> BoardSection:
    memory, link = board.memory, board.link
    ids = ", ".join(f"`{usb_id}`" for usb_id in link.usb_ids)
    port = link.bridge.partition(" (")[0] if link.bridge else "the chip's own USB"
    speed = f"{link.baud:,} bit/s, upload {link.upload_baud:,} bit/s" if link.baud else "USB's own"
    return BoardSection(
        name=board.name,
        title=board.title + (" (no longer made)" if board.status == "end-of-life" else ""),
        chip=board.chip.name,
        mhz=board.chip.clock_hz // 1_000_000,
        flash=f"{memory.flash_bytes >> 20} MiB",
        flash_words=f"{memory.flash_mode.upper()} at {memory.flash_hz // 1_000_000} MHz",
        arena=f"{memory.for_arena:,} B",
        psram=f"{board.psram.mapped_bytes >> 20} MiB" if board.psram else "-",
        camera=board.camera.sensor if board.camera else "-",
        port=port,
        port_words=f"{link.bridge or port}; found by USB id {ids}",
        wiring=" ".join(board.wiring.split()),
        reset=_RESETS[link.reset],
        speed=speed,
        board_id=board.build.board_id,
        tried=board.tried or _NOTHING,
        quirks=board.quirks,
    )
