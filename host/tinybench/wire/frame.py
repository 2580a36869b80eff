"""Payloads to what travels, and back.

::

    0x00 | COBS( type u8 | seq u16 | payload | CRC-32 u32 ) | 0x00

The CRC is zlib's, over type, sequence number and payload. COBS keeps 0x00 out of the frame, so that
a receiver that has lost its place finds it again at the next one. The delimiter stands on both
sides: text that a firmware prints between frames then spoils none of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cobs import cobs

from tinybench.wire.messages import PAYLOAD_MAX

_HEADER = struct.Struct("<BH")
_CRC = struct.Struct("<I")
OVERHEAD = _HEADER.size + _CRC.size

RAW_MAX = PAYLOAD_MAX + OVERHEAD
ENCODED_MAX = RAW_MAX + RAW_MAX // 254 + 1
"""Longest frame between its delimiters: COBS adds one byte, and one for each 254."""


@dataclass(frozen=True)
class Frame:
    """A frame whose CRC is right."""

    type: int
    seq: int
    payload: bytes


@dataclass(frozen=True)
class Stray:
    """Bytes between delimiters that are no frame: text, noise, or a frame that was damaged."""

    data: bytes


def encode_frame(type_: int, seq: int, payload: bytes) -> bytes:
    """The bytes that travel, delimiters included."""
    body = _HEADER.pack(type_, seq) + payload
    return b"\0" + bytes(cobs.encode(body + _CRC.pack(zlib.crc32(body)))) + b"\0"


def decode_frame(encoded: bytes) -> Frame | Stray:
    """What stood between two delimiters."""
    try:
        raw = bytes(cobs.decode(encoded))
    except cobs.DecodeError:
        return Stray(encoded)
    if len(raw) < OVERHEAD or len(raw) > RAW_MAX:
        return Stray(encoded)
    body, crc = raw[: -_CRC.size], raw[-_CRC.size :]
    if zlib.crc32(body) != _CRC.unpack(crc)[0]:
        return Stray(encoded)
    type_, seq = _HEADER.unpack_from(body)
    return Frame(type_, seq, body[_HEADER.size :])


class Unframer:
    """Cuts a stream of bytes into frames and strays; holds at most one frame's worth back."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame | Stray]:
        """What has become complete with these bytes, in order."""
        self._pending += data
        *whole, tail = bytes(self._pending).split(b"\0")
        self._pending = bytearray(tail)
        for encoded in whole:
            if encoded:
                yield decode_frame(encoded)
        if len(self._pending) > ENCODED_MAX:
            yield self._give_up()

    def _give_up(self) -> Stray:
        """What is too long for a frame; text up to the end of a line, so that lines stay whole."""
        end = self._pending.rfind(b"\n") + 1 or len(self._pending)
        stray, self._pending = Stray(bytes(self._pending[:end])), self._pending[end:]
        return stray

    def flush(self) -> Stray:
        """Give up what waits for a delimiter, perhaps empty."""
        stray = Stray(bytes(self._pending))
        self._pending.clear()
        return stray
