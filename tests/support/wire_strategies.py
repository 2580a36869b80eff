"""Hypothesis: any message that the declaration allows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tinybench.wire.layout import Array, Block, Kind, Message, Records, Rest, Scalar, Struct, Text
from tinybench.wire.messages import CHUNK_MAX, MESSAGES

_RANGES = {
    "u8": (0, 0xFF),
    "u16": (0, 0xFFFF),
    "u32": (0, 0xFFFFFFFF),
    "u64": (0, 0xFFFFFFFFFFFFFFFF),
    "i32": (-0x80000000, 0x7FFFFFFF),
}


def messages() -> st.SearchStrategy[Message]:
    """A message of any type."""
    return st.one_of([structs(message) for message in MESSAGES])


def structs(kind: type[Struct]) -> st.SearchStrategy[Any]:
    """A struct of this type, small enough for a frame."""
    return st.builds(kind, **{field.name: _values(field.kind) for field in kind.fields()})


def _values(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case Scalar(name=name):
            return st.integers(*_RANGES[name])
        case Array(of=of, count=count):
            return st.tuples(*[st.integers(*_RANGES[of.name])] * count)
        case Block(count=count):
            return st.binary(min_size=count, max_size=count)
        case Text():
            return st.text(max_size=60)
        case Rest():
            return st.binary(max_size=CHUNK_MAX)
        case Records(of=of):
            return st.lists(structs(of), max_size=8).map(tuple)
