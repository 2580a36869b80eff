"""From a failed flash's log to an error that says what was wrong and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tinybench.errors import BuildError, TinybenchError
from tinybench.flash.causes import BY_HAND, CAUSES, Cause

_TAIL = 12  # lines quoted of a log in which nothing is recognized
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DULL = ("NOTE:", "HINT:", "For troubleshooting steps", "Note: This error originates")


@dataclass(frozen=True)
class Scene:
    """Where a flash failed.

    Attributes:
        board, chip, platform: names, of the board's file.
        reset: the board's link.reset.
        port: what it is plugged into.
        log: where all of it was said.
    """

    board: str
    chip: str
    platform: str
    reset: str
    port: str
    log: str


def find_cause(text: str) -> tuple[Cause, dict[str, str]] | None:
    """The first cause whose words are in a log, with what they name; None if there is none."""
    plain = _TERMINAL.sub("", text).replace("\r", "\n")
    for cause in CAUSES:
        if match := cause.pattern.search(plain):
            return cause, {key: value for key, value in match.groupdict().items() if value}
    return None


def explain(text: str, scene: Scene, heard: str = "") -> TinybenchError:
    """The error for a flash that failed.

    Args:
        text: all that the flasher, and after it the board, said.
        scene: fills in what is to be done.
        heard: what else was seen of the board.
    """
    wanted = f"flash {scene.board} on {scene.port}"
    tail = tuple(_telling(text))
    found = find_cause(text)
    if found is None:
        todo = f"whole log: {scene.log}; please report it: it should be recognized"
        return BuildError(wanted, "what flashes it failed", todo, details=tail[-_TAIL:])
    cause, named = found
    size = named.get("has") or named.get("size") or named.get("kb")
    words = {
        "board": scene.board,
        "chip": scene.chip.upper(),
        "platform": scene.platform,
        "port": scene.port,
        "by_hand": BY_HAND.get(scene.reset, BY_HAND["auto"]),
        **named,
        "file": named.get("a") or named.get("b") or "it",
        "has": f"{size} bytes" if size and size.isdigit() else size or "?",
    }
    details = (*tail[-3:], f"whole log: {scene.log}")
    seen = "; ".join([cause.seen.format(**words), *([heard] if heard else [])])
    return cause.error(wanted, seen, cause.todo.format(**words), details=details)


def _telling(text: str) -> list[str]:
    """A log's lines without progress and general advice."""
    plain = _TERMINAL.sub("", text).replace("\r", "\n")
    lines = (line.strip() for line in plain.splitlines())
    return [line for line in lines if line and not line.startswith(("Writing at", *_DULL))]
