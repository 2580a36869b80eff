"""The rooms depend on each other as docs/architecture.md draws it, and no arrow is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import tinybench

ROOT = Path(tinybench.__file__).parent
DRAWING = Path(__file__).parents[2] / "docs" / "architecture.md"


def drawn() -> set[tuple[str, str]]:
    arrows = re.findall(r"^  (\w+) --> (.+)$", DRAWING.read_text(), re.MULTILINE)
    return {(source, target) for source, ends in arrows for target in ends.split(" & ")}


def imported(file: Path) -> Iterator[str]:
    """Names below ``tinybench`` that a file imports, at its top or later."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tinybench":
            _, *rest = (node.module or "").split(".")
            yield from rest[:1] or (alias.name for alias in node.names)


def real() -> set[tuple[str, str]]:
    """Between what is drawn; other files at the top are for every room, or above them all."""
    rooms = {room for arrow in drawn() for room in arrow}
    found = {
        (file.relative_to(ROOT).parts[0].removesuffix(".py"), name)
        for file in ROOT.rglob("*.py")
        for name in imported(file)
    }
    return {(a, b) for a, b in found if a != b and {a, b} <= rooms}


def test_every_folder_is_a_room() -> None:
    folders = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert folders <= {room for arrow in drawn() for room in arrow}


def test_imports_follow_the_arrows() -> None:
    assert len(drawn()) > 30
    assert sorted(real() - drawn()) == [], "imported, not drawn"
    assert sorted(drawn() - real()) == [], "drawn, not imported"


def test_no_arrow_leads_back() -> None:
    below: dict[str, set[str]] = {}
    for source, target in drawn():
        below.setdefault(source, set()).add(target)
    tuple(TopologicalSorter(below).static_order())
