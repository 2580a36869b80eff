"""Options of a method that contradict each other, or are lacking."""

from __future__ import annotations

from typing import Any

import pytest

from tinybench.errors import UsageError
from tinybench.methods import METHODS, Create, make_options
from tinybench.rules import RULES

KINDS: dict[str, type[Any]] = {"new": Create, **{m.name: m.options for m in METHODS.values()}}


@pytest.mark.parametrize(
    ("kind", "given", "seen"),
    [
        ("outputs", {}, "none of keep, add"),
        ("outputs", {"keep": ["a"], "add": ["b"]}, "keep and add together"),
        ("dense", {}, "none of units or insert, search"),
        ("dense", {"insert": 8, "search": True}, "units or insert and search together"),
        ("dense", {"units": ["hidden"]}, "'hidden'"),
        ("dense", {"units": ["hidden=4", "other=0"]}, "'other=0'"),
        ("resize", {}, "none is given"),
        ("resize", {"size": "3y"}, "'3y'"),
        ("resize", {"size": "3x4x5"}, "'3x4x5'"),
        ("resize", {"size": "0"}, "'0'"),
        ("blocks", {"remove": ["a"], "count": 3}, "count beside it"),
        ("lowrank", {"rank": 4, "energy": 0.5}, "energy beside it"),
        ("distill", {"student": "own.keras", "width": 0.5}, "width beside it"),
        ("new", {"input": "28"}, "'28'"),
        ("new", {"input": "28x28x1x1"}, "'28x28x1x1'"),
        ("new", {"input": "28x0x1"}, "'28x0x1'"),
    ],
)
def test_what_cannot_be_together_is_refused(kind: str, given: dict[str, Any], seen: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_options(KINDS[kind], given, kind)
    assert caught.value.wanted.startswith(f"{kind}: ")
    assert caught.value.seen == seen


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("outputs", {"add": ["b"]}),
        ("dense", {"units": ["a=4"], "insert": 8}),
        ("dense", {"search": True}),
        ("resize", {"size": "48X64"}),
        ("blocks", {"remove": ["a", "b"], "count": 2}),
        ("blocks", {"count": 3}),
        ("lowrank", {"rank": 4}),
        ("lowrank", {"energy": 0.5}),
        ("distill", {"width": 0.5}),
        ("distill", {"student": "own.keras"}),
        ("new", {}),
        ("new", {"input": "128x6"}),
    ],
)
def test_what_can_be_is_taken(kind: str, given: dict[str, Any]) -> None:
    make_options(KINDS[kind], given, kind)


def test_every_rule_is_of_options_that_there_are() -> None:
    assert set(RULES) <= {kind.__name__ for kind in KINDS.values()}
