"""The notation that ``messages`` is written in: a struct is a class, a field a typed line.

Every field states its kind on the wire and what it means::

    class Run(Message, number=0x03, sender="host"):
        sample: int = u32("which sample this is; comes back in the result")

All numbers are little-endian and unaligned. The kinds are few on purpose: each has one line in the
codec and one in the C template.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, dataclass_transform

Sender = Literal["host", "device"]


@dataclass(frozen=True)
class Scalar:
    """An integer: its name on the wire and in C ("u16"), its code in :mod:`struct`."""

    name: str
    code: str


@dataclass(frozen=True)
class Array:
    """A fixed number of equal scalars; a tuple of int in Python."""

    of: Scalar
    count: int


@dataclass(frozen=True)
class Block:
    """A fixed number of bytes."""

    count: int


@dataclass(frozen=True)
class Text:
    """UTF-8, at most 255 bytes, after its length in one byte."""


@dataclass(frozen=True)
class Rest:
    """All bytes up to the end of the payload; the last field."""


@dataclass(frozen=True)
class Records:
    """Structs up to the end of the payload; the last field; a tuple in Python."""

    of: type[Struct]


Kind = Scalar | Array | Block | Text | Rest | Records

U8 = Scalar("u8", "B")
U16 = Scalar("u16", "H")
U32 = Scalar("u32", "I")
U64 = Scalar("u64", "Q")
I32 = Scalar("i32", "i")


@dataclass(frozen=True)
class Field:
    """One declared field."""

    name: str
    kind: Kind
    doc: str


def _field(kind: Kind, doc: str) -> Any:
    return dataclasses.field(metadata={"kind": kind, "doc": doc})


def u8(doc: str) -> Any:
    """Declare an unsigned byte."""
    return _field(U8, doc)


def u16(doc: str) -> Any:
    """Declare an unsigned 16-bit number."""
    return _field(U16, doc)


def u32(doc: str) -> Any:
    """Declare an unsigned 32-bit number."""
    return _field(U32, doc)


def u64(doc: str) -> Any:
    """Declare an unsigned 64-bit number."""
    return _field(U64, doc)


def i32(doc: str) -> Any:
    """Declare a signed 32-bit number."""
    return _field(I32, doc)


def array(of: Scalar, count: int, doc: str) -> Any:
    """Declare a fixed number of equal scalars."""
    return _field(Array(of, count), doc)


def block(count: int, doc: str) -> Any:
    """Declare a fixed number of bytes."""
    return _field(Block(count), doc)


def text(doc: str) -> Any:
    """Declare a short text."""
    return _field(Text(), doc)


def rest(doc: str) -> Any:
    """Declare the bytes up to the end of the payload."""
    return _field(Rest(), doc)


def records(of: type[Struct], doc: str) -> Any:
    """Declare structs up to the end of the payload."""
    return _field(Records(of), doc)


@dataclass_transform(
    frozen_default=True,
    field_specifiers=(u8, u16, u32, u64, i32, array, block, text, rest, records),
)
class Struct:
    """Base of everything that is laid out on the wire; each subclass is a frozen dataclass."""

    _declared: ClassVar[tuple[Field, ...]]

    def __init_subclass__(cls) -> None:
        """Make the subclass a frozen dataclass."""
        dataclass(frozen=True)(cls)

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The declared fields, in the order in which they travel."""
        if "_declared" not in cls.__dict__:
            cls._declared = tuple(
                Field(f.name, f.metadata["kind"], f.metadata["doc"])
                for f in dataclasses.fields(cls)  # type: ignore[arg-type]
            )
        return cls._declared

    @classmethod
    def snake_name(cls) -> str:
        """The name in C: ``OutputRead`` is ``output_read``."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()


class Message(Struct):
    """A struct that travels by itself, in a frame that carries its number."""

    number: ClassVar[int]
    sender: ClassVar[Sender]

    def __init_subclass__(cls, *, number: int, sender: Sender) -> None:
        """Note the message's number and who sends it."""
        cls.number = number
        cls.sender = sender
        super().__init_subclass__()
