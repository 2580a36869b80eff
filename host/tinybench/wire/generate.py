"""Renders what is derived from the declaration: firmware/core/tb_wire.h and docs/protocol.md."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tinybench import resources
from tinybench.wire import frame, messages
from tinybench.wire.layout import (
    Array,
    Block,
    Field,
    Kind,
    Message,
    Records,
    Rest,
    Scalar,
    Struct,
    Text,
)

_C_SCALARS = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t"}
_C_SCALARS |= {"i32": "int32_t"}


@dataclass(frozen=True)
class MemberFacts:
    """One field, in C.

    Attributes:
        declaration: the struct's member; "" for records, which C code walks itself.
        put, get: the statements that write and read it.
        wire: its kind in words.
    """

    name: str
    declaration: str
    put: str
    get: str
    wire: str
    doc: str


@dataclass(frozen=True)
class StructFacts:
    """One struct or message; number and sender are 0 and "" for a struct."""

    name: str
    title: str
    doc: str
    number: int
    sender: str
    members: tuple[MemberFacts, ...]


@dataclass(frozen=True)
class EnumFacts:
    """One enumeration: (name, value, meaning) of each member."""

    name: str
    title: str
    doc: str
    members: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class ProtocolFacts:
    """All that both templates show; the handwritten enums are C already, in other headers."""

    protocol: int
    chunk_max: int
    payload_max: int
    encoded_max: int
    trial_bytes: int
    deaf_bytes: int
    not_measured: int
    structs: tuple[StructFacts, ...]
    messages: tuple[StructFacts, ...]
    enums: tuple[EnumFacts, ...]
    handwritten_enums: tuple[EnumFacts, ...]
    reserved: tuple[tuple[str, int, str], ...]


def render_header() -> str:
    """firmware/core/tb_wire.h."""
    return _render("wire.h.j2")


def render_document() -> str:
    """docs/protocol.md."""
    return _render("protocol.md.j2")


def protocol_facts() -> ProtocolFacts:
    """The declaration, as the templates want it."""
    return ProtocolFacts(
        protocol=messages.PROTOCOL,
        chunk_max=messages.CHUNK_MAX,
        payload_max=messages.PAYLOAD_MAX,
        encoded_max=frame.ENCODED_MAX,
        trial_bytes=messages.TRIAL_BYTES,
        deaf_bytes=messages.DEAF_BYTES,
        not_measured=messages.NOT_MEASURED,
        structs=tuple(_struct_facts(s) for s in messages.STRUCTS),
        messages=tuple(_struct_facts(m) for m in messages.MESSAGES),
        enums=tuple(_enum_facts(e) for e in messages.ENUMS),
        handwritten_enums=tuple(_enum_facts(e) for e in messages.HANDWRITTEN_ENUMS),
        reserved=tuple((name, *facts) for name, facts in messages.RESERVED.items()),
    )


def _render(template: str) -> str:
    environment = Environment(
        loader=FileSystemLoader(resources.templates()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(template).render(p=protocol_facts())


def _struct_facts(struct: type[Struct]) -> StructFacts:
    known = issubclass(struct, Message)
    return StructFacts(
        name=struct.snake_name(),
        title=struct.__name__,
        doc=(struct.__doc__ or "").strip(),
        number=struct.number if known else 0,  # type: ignore[attr-defined]
        sender=struct.sender if known else "",  # type: ignore[attr-defined]
        members=tuple(_member_facts(f) for f in struct.fields()),
    )


def _enum_facts(enum: type[messages.Documented]) -> EnumFacts:
    name = "".join("_" + c.lower() if c.isupper() else c for c in enum.__name__).strip("_")
    members = tuple((m.name, int(m), m.doc) for m in enum)
    return EnumFacts(name, enum.__name__, (enum.__doc__ or "").strip(), members)


def _member_facts(field: Field) -> MemberFacts:
    declaration, put, get = _in_c(field.kind, field.name)
    return MemberFacts(field.name, declaration, put, get, _in_words(field.kind), field.doc)


def _in_c(kind: Kind, name: str) -> tuple[str, str, str]:
    """Declaration, statement that writes, statement that reads."""
    own = f"m->{name}"
    match kind:
        case Scalar(name=of):
            return (
                f"{_C_SCALARS[of]} {name}",
                f"tb_put_{of}(out, {own})",
                f"{own} = tb_get_{of}(in)",
            )
        case Array(of=of, count=count):
            loop = f"for (int i = 0; i < {count}; i++) "
            return (
                f"{_C_SCALARS[of.name]} {name}[{count}]",
                f"{loop}tb_put_{of.name}(out, {own}[i])",
                f"{loop}{own}[i] = tb_get_{of.name}(in)",
            )
        case Block(count=count):
            return (
                f"uint8_t {name}[{count}]",
                f"tb_put_bytes(out, {own}, {count})",
                f"tb_get_bytes(in, {own}, {count})",
            )
        case Text():
            return f"tb_span_t {name}", f"tb_put_text(out, {own})", f"{own} = tb_get_text(in)"
        case Rest():
            put = f"tb_put_bytes(out, {own}.at, {own}.n)"
            return f"tb_span_t {name}", put, f"{own} = tb_get_rest(in)"
        case Records():
            return "", "", ""


def _in_words(kind: Kind) -> str:
    match kind:
        case Scalar(name=scalar):
            return scalar
        case Array(of=of, count=count):
            return f"{of.name} x {count}"
        case Block(count=count):
            return f"{count} bytes"
        case Text():
            return "text"
        case Rest():
            return "rest"
        case Records(of=of):
            return f"{of.__name__} ..."
