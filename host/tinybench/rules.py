"""Which options of a method contradict each other, or are lacking: said before anything is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Rule:
    """What a method's options must be together.

    Attributes:
        wanted: in words.
        broken: what is seen where it is not kept; "" where it is.
        todo: what to do then.
    """

    wanted: str
    broken: Callable[[Any], str]
    todo: str


_SIZE = re.compile(r"[1-9]\d*(x[1-9]\d*)?", re.IGNORECASE)
_SHAPE = re.compile(r"[1-9]\d*(x[1-9]\d*){1,2}", re.IGNORECASE)
_UNITS = re.compile(r"[^=]+=[1-9]\d*")
_NONE = "none is given"


def _one_of(given: Mapping[str, Any]) -> str:
    """What is wrong where exactly one of these is wanted."""
    named = [name for name, value in given.items() if value]
    if len(named) == 1:
        return ""
    return f"{' and '.join(named)} together" if named else f"none of {', '.join(given)}"


def _beside(given: Any, **ignored: bool) -> str:
    """What is wrong where the first leaves no part for the others."""
    idle = [name for name, is_given in ignored.items() if is_given]
    return f"{' and '.join(idle)} beside it" if given and idle else ""


RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "Outputs": (
            Rule(
                "classes to keep, or classes to add",
                lambda o: _one_of({"keep": o.keep, "add": o.add}),
                "name one of keep and add: a second `outputs` does the other",
            ),
        ),
        "Dense": (
            Rule(
                "units or insert, or search",
                lambda o: _one_of({"units or insert": o.units or o.insert, "search": o.search}),
                "such as units NAME=32, or search to have the sizes found",
            ),
            Rule(
                "units as NAME=UNITS",
                lambda o: next((repr(u) for u in o.units if not _UNITS.fullmatch(u)), ""),
                "such as hidden=32, at least 1",
            ),
        ),
        "Resize": (
            Rule(
                "a size such as 64 or 48x64 (height x width)",
                lambda o: "" if _SIZE.fullmatch(o.size) else repr(o.size) if o.size else _NONE,
                "one number, or two with an x between them",
            ),
        ),
        "Blocks": (
            Rule(
                "blocks to remove by name alone",
                lambda o: _beside(o.remove, count=o.count not in (1, len(o.remove))),
                "leave count out: those that are named are tried",
            ),
        ),
        "Lowrank": (
            Rule(
                "a rank alone",
                lambda o: _beside(o.rank, energy=o.energy != 0.9),
                "leave one out: energy chooses ranks where none is given",
            ),
        ),
        "Distill": (
            Rule(
                "a student of one's own alone",
                lambda o: _beside("." in o.student, width=o.width != 1.0),
                "leave width out: it is for networks of `tinybench new`",
            ),
        ),
        "Create": (
            Rule(
                "an input size such as 28x28x1, or 128x6 for windows",
                lambda o: repr(o.input) if o.input and not _SHAPE.fullmatch(o.input) else "",
                "height x width x channels of a picture, or steps x channels of a window",
            ),
        ),
    }
)
"""By the name of the options' dataclass in methods.py."""
