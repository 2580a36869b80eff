"""Faults planted into a rendered model.cc, each in a place that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tinybench.compiler.program import Program, Step


@dataclass(frozen=True)
class Fault:
    """A fault and the op that it makes wrong.

    Attributes:
        what: for the test's name.
        op: the op that must be named.
        step, link: where it goes; link -1 where the step is no chain.
        row: of a link, the row that gets a wrong byte.
    """

    what: str
    op: int
    step: int
    link: int = -1
    row: int = 0


def faults(program: Program) -> Iterator[Fault]:
    """One in every op; in chains in the first and last row and where the ring wraps."""
    for number, step in enumerate(program.steps):
        if not step.links:
            yield Fault("last byte", step.ops[-1], number)
        for link, part in enumerate(step.links):
            for what, row in _rows(step, link):
                yield Fault(f"{what} row", part.ops[-1], number, link, row)


def _rows(chain: Step, link: int) -> Iterator[tuple[str, int]]:
    window = chain.links[link].window
    assert window is not None
    yield "first", 0
    yield "last", window.out_h - 1
    if link < len(chain.rings) and chain.rings[link][1] < window.out_h:
        yield "wrapped", chain.rings[link][1]


def plant(text: str, fault: Fault) -> str:
    """model.cc of a tap build with the fault in it."""
    if fault.link < 0:
        tap = r"  tb_tap\(\d+, 0, (tb_arena \+ \d+), (\d+)\);\n"
        call = rf"(  tb_\w+\(&tb_op_{fault.step}, .*;\n)({tap})"
        planted, count = re.subn(call, r"\1  (\3)[\4 - 1] ^= 1;\n\2", text)
    else:
        link = rf"(\w+_row)(, &tb_op_{fault.step}_{fault.link}, )"
        row = re.search(link, text)
        assert row is not None
        bad = (
            "namespace {\n"
            "void bad_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {\n"
            f"  {row[1]}(op, in, y, out);\n"
            f"  if (y == {fault.row}) out[0] ^= 1;\n"
            "}\n"
        )
        planted, count = re.subn(link, r"bad_row\2", text)
        planted = planted.replace("namespace {\n", bad, 1)
    assert count == 1, fault
    return planted


def corrupt(text: str, array: str) -> str:
    """model.cc with every value of a constant array turned around in its lowest bits."""
    found = re.search(rf" {array}\[\d+\] = {{\n(.*?)\n}};", text, re.DOTALL)
    assert found is not None, array
    values = [str(int(v) ^ 63) for v in found[1].split(",")]
    return text[: found.start(1)] + ", ".join(values) + text[found.end(1) :]
