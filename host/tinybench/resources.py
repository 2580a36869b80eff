"""The only place that knows where templates/, boards/ and firmware/ are."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    """The checkout's root, or the wheel's data folder; both hold the same three folders."""
    packed = _PACKAGE / "_data"
    return packed if packed.is_dir() else _PACKAGE.parents[1]


def templates() -> Path:
    """The folder of Jinja templates."""
    return _root() / "templates"


def boards() -> Path:
    """The folder of board files."""
    return _root() / "boards"


def firmware() -> Path:
    """The folder of portable C sources, ports and PlatformIO platforms."""
    return _root() / "firmware"
