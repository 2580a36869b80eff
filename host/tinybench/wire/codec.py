"""Messages to payloads and back. Pure; every malformed payload is a :class:`CodecError`."""

from __future__ import annotations

import struct
from typing import Any, TypeVar

from tinybench.wire.layout import (
    Array,
    Block,
    Kind,
    Message,
    Records,
    Rest,
    Scalar,
    Struct,
    Text,
)
from tinybench.wire.messages import BY_NUMBER, PAYLOAD_MAX

S = TypeVar("S", bound=Struct)


class CodecError(ValueError):
    """A payload that is not laid out as its type says, or a message that no payload can hold."""


def encode(message: Message) -> bytes:
    """The payload of a message.

    Raises:
        CodecError: a value does not fit its field, or all together not into a frame.
    """
    payload = _encode_struct(message)
    if len(payload) > PAYLOAD_MAX:
        raise CodecError(f"{type(message).__name__} takes {len(payload)} B, limit {PAYLOAD_MAX} B")
    return payload


def decode(number: int, payload: bytes) -> Message:
    """The message that a frame of this type carries.

    Raises:
        CodecError: unknown type, too short, too long, or text that is not UTF-8.
    """
    kind = BY_NUMBER.get(number)
    if kind is None:
        raise CodecError(f"unknown message type {number:#04x}")
    message, at = _decode_struct(kind, payload, 0)
    if at != len(payload):
        raise CodecError(f"{kind.__name__} ends after {at} of {len(payload)} B")
    return message


def _encode_struct(item: Struct) -> bytes:
    return b"".join(_encode_value(f.kind, f.name, getattr(item, f.name)) for f in item.fields())


def _encode_value(kind: Kind, name: str, value: Any) -> bytes:
    try:
        match kind:
            case Scalar(code=code):
                return struct.pack("<" + code, value)
            case Array(of=of, count=count):
                return struct.pack(f"<{count}{of.code}", *value)
            case Block(count=count):
                return _checked(value, len(value) == count)
            case Text():
                raw = str(value).encode()
                return bytes([len(raw)]) + raw
            case Rest():
                return bytes(value)
            case Records():
                return b"".join(_encode_struct(item) for item in value)
    except (struct.error, ValueError, UnicodeError) as error:
        raise CodecError(f"{name}={value!r} does not fit its field {kind}: {error}") from error


def _checked(value: bytes, fits: bool) -> bytes:
    if not fits:
        raise ValueError("wrong length")
    return bytes(value)


def _decode_struct(kind: type[S], payload: bytes, at: int) -> tuple[S, int]:
    values: dict[str, Any] = {}
    for field in kind.fields():
        values[field.name], at = _decode_value(field.kind, payload, at)
    return kind(**values), at


def _decode_value(kind: Kind, payload: bytes, at: int) -> tuple[Any, int]:
    match kind:
        case Scalar(code=code):
            raw, at = _take(payload, at, struct.calcsize(code))
            return struct.unpack("<" + code, raw)[0], at
        case Array(of=of, count=count):
            raw, at = _take(payload, at, count * struct.calcsize(of.code))
            return struct.unpack(f"<{count}{of.code}", raw), at
        case Block(count=count):
            return _take(payload, at, count)
        case Text():
            length, at = _take(payload, at, 1)
            raw, at = _take(payload, at, length[0])
            return _text(raw), at
        case Rest():
            return payload[at:], len(payload)
        case Records(of=of):
            items = []
            while at < len(payload):
                item, at = _decode_struct(of, payload, at)
                items.append(item)
            return tuple(items), at


def _take(payload: bytes, at: int, count: int) -> tuple[bytes, int]:
    if at + count > len(payload):
        raise CodecError(f"payload of {len(payload)} B ends inside a field")
    return payload[at : at + count], at + count


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise CodecError(f"text is not UTF-8: {raw!r}") from error
