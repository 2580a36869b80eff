"""The firmware's codec and Python's check each other. The C side runs under sanitizers."""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Callable, Generator

import pytest
from cobs import cobs
from hypothesis import example, given
from hypothesis import strategies as st

from support.toy import build_wire_echo
from support.wire_strategies import messages
from tinybench.wire import codec
from tinybench.wire.frame import Frame, decode_frame, encode_frame
from tinybench.wire.layout import Message
from tinybench.wire.messages import BY_NUMBER, MESSAGES, PAYLOAD_MAX, Run

Ask = Callable[[str, bytes], bytes]
MALFORMED = b"malformed"

# Bytes with many zeros and long runs without, where COBS has its corners.
lumpy = st.lists(
    st.one_of(
        st.binary(max_size=8), st.just(b"\0" * 3), st.integers(250, 260).map(lambda n: b"x" * n)
    )
).map(b"".join)


@pytest.fixture(scope="module")
def ask() -> Generator[Ask]:
    """``ask(operation, bytes)``: what the C program answers."""
    program = subprocess.Popen([build_wire_echo()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdin and program.stdout

    def call(operation: str, data: bytes) -> bytes:
        assert program.stdin and program.stdout
        program.stdin.write(operation.encode() + struct.pack("=I", len(data)) + data)
        program.stdin.flush()
        (length,) = struct.unpack("=I", program.stdout.read(4))
        return program.stdout.read(length)

    yield call
    program.stdin.close()
    assert program.wait() == 0
    program.stdout.close()


@given(data=lumpy)
def test_crc(ask: Ask, data: bytes) -> None:
    assert struct.unpack("=I", ask("c", data))[0] == zlib.crc32(data)


@given(data=lumpy)
@example(b"x" * 254)
@example(b"x" * 255)
@example(b"x" * 508 + b"\0")
def test_cobs_encode(ask: Ask, data: bytes) -> None:
    assert ask("e", data) == cobs.encode(data)


@given(data=st.one_of(lumpy, st.binary(max_size=600), lumpy.map(cobs.encode)))
def test_cobs_decode(ask: Ask, data: bytes) -> None:
    try:
        wanted = cobs.decode(data)
    except cobs.DecodeError:
        wanted = MALFORMED
    assert ask("d", data) == wanted


@given(type_=st.integers(0, 255), seq=st.integers(0, 0xFFFF), payload=lumpy)
def test_frame(ask: Ask, type_: int, seq: int, payload: bytes) -> None:
    payload = payload[:PAYLOAD_MAX]
    raw = struct.pack("<BH", type_, seq) + payload
    frame = encode_frame(type_, seq, payload)
    assert ask("m", raw) == frame
    assert ask("o", frame[1:-1]) == raw
    assert decode_frame(frame[1:-1]) == Frame(type_, seq, payload)


@given(data=st.data(), message=messages())
def test_damaged_frame_is_refused_by_both(ask: Ask, data: st.DataObject, message: Message) -> None:
    whole = encode_frame(message.number, 7, codec.encode(message))[1:-1]
    at = data.draw(st.integers(0, len(whole) - 1))
    harmed = bytearray(whole)
    harmed[at] ^= data.draw(st.integers(1, 255))
    encoded = bytes(harmed)
    assert ask("o", encoded) == b""
    assert not isinstance(decode_frame(encoded), Frame)
    assert ask("o", whole[:at]) == b""
    assert not isinstance(decode_frame(whole[:at]), Frame)


@given(payload=st.binary(min_size=PAYLOAD_MAX - 3, max_size=PAYLOAD_MAX + 300))
def test_length_limit_is_the_same(ask: Ask, payload: bytes) -> None:
    raw = b"\x01\x02\x03" + payload
    encoded = cobs.encode(raw + struct.pack("<I", zlib.crc32(raw)))
    fits = len(payload) <= PAYLOAD_MAX
    assert isinstance(decode_frame(encoded), Frame) == fits
    assert ask("o", encoded) == (raw if fits else b"")
    assert bool(ask("m", raw)) == fits


@given(message=messages())
def test_message_survives_c(ask: Ask, message: Message) -> None:
    payload = codec.encode(message)
    assert codec.decode(message.number, payload) == message
    if payload:
        assert ask("s", bytes([message.number]) + payload) == payload


@given(number=st.sampled_from([m.number for m in MESSAGES]), payload=st.binary(max_size=150))
def test_any_payload_is_judged_alike(ask: Ask, number: int, payload: bytes) -> None:
    echoed = ask("s", bytes([number]) + payload)
    try:
        message = codec.decode(number, payload)
    except codec.CodecError as error:
        expected_of_python_only = "ends after" in str(error) or "UTF-8" in str(error)
        records_cut = BY_NUMBER[number].__name__ == "Hello"
        assert echoed == MALFORMED or expected_of_python_only or records_cut
    else:
        assert codec.encode(message) == payload
        assert echoed == payload


def test_c_states_the_sizes_that_python_does(ask: Ask) -> None:
    run = codec.encode(Run(sample=1, input_crc=2, paint=3))
    assert ask("s", bytes([Run.number]) + run[:-1]) == MALFORMED
