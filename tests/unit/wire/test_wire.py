"""Frames, messages and the declaration, Python alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.wire_strategies import messages
from tinybench.wire import codec
from tinybench.wire.frame import ENCODED_MAX, Frame, Stray, Unframer, encode_frame
from tinybench.wire.layout import Message
from tinybench.wire.messages import (
    BY_NUMBER,
    CHUNK_MAX,
    MESSAGES,
    RESERVED,
    Error,
    ErrorCode,
    Greet,
    Input,
    Log,
    Output,
    Run,
)


def feed(unframer: Unframer, data: bytes, step: int) -> list[Frame | Stray]:
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    return [item for piece in pieces for item in unframer.feed(piece)]


@given(sent=st.lists(messages(), max_size=5), step=st.integers(1, 3000))
def test_frames_come_out_in_order_however_the_stream_is_cut(sent: list[Message], step: int) -> None:
    stream = b"".join(encode_frame(m.number, i, codec.encode(m)) for i, m in enumerate(sent))
    got = feed(Unframer(), stream, step)
    assert [codec.decode(f.type, f.payload) for f in got if isinstance(f, Frame)] == sent
    assert [f.seq for f in got if isinstance(f, Frame)] == list(range(len(sent)))


def test_text_between_frames_harms_neither() -> None:
    frame = encode_frame(Run.number, 9, codec.encode(Run(1, 2, 3)))
    got = feed(Unframer(), b"ets Jul 29 2019\r\n" + frame + b"printf!\n" + frame, 1)
    payload = codec.encode(Run(1, 2, 3))
    whole = Frame(Run.number, 9, payload)
    assert got == [Stray(b"ets Jul 29 2019\r\n"), whole, Stray(b"printf!\n"), whole]


def test_endless_noise_is_given_up_in_pieces() -> None:
    unframer = Unframer()
    got = feed(unframer, b"x" * (3 * ENCODED_MAX), 100)
    assert len(got) >= 2
    assert all(isinstance(item, Stray) and len(item.data) <= ENCODED_MAX + 100 for item in got)
    assert len(unframer.flush().data) <= ENCODED_MAX


def test_a_chunk_fits_its_frame() -> None:
    codec.encode(Input(0xFFFF, 0xFFFFFFFF, bytes(CHUNK_MAX)))
    codec.encode(Output(0xFFFFFFFF, 0xFFFF, 0xFFFFFFFF, bytes(CHUNK_MAX)))


@pytest.mark.parametrize(
    "message",
    [
        Run(sample=1 << 32, input_crc=0, paint=0),
        Run(sample=0, input_crc=0, paint=-1),
        Input(0, 0, bytes(CHUNK_MAX + 100)),
        Log(256, b""),
    ],
)
def test_what_does_not_fit_is_refused(message: Message) -> None:
    with pytest.raises(codec.CodecError):
        codec.encode(message)


def test_unknown_types_and_extra_bytes_are_refused() -> None:
    with pytest.raises(codec.CodecError, match="unknown message type 0x7f"):
        codec.decode(0x7F, b"")
    with pytest.raises(codec.CodecError, match="Greet ends after 6 of 7 B"):
        codec.decode(Greet.number, bytes(7))
    with pytest.raises(codec.CodecError, match="inside a field"):
        codec.decode(Error.number, bytes(4))


def test_numbers_are_unique_and_tell_the_sender() -> None:
    reserved = {number for number, _ in RESERVED.values()}
    assert len(BY_NUMBER) == len(MESSAGES)
    assert not reserved & set(BY_NUMBER)
    assert all((m.number >= 0x80) == (m.sender == "device") for m in MESSAGES)


def test_enumerations_are_plain_ints_with_words() -> None:
    assert ErrorCode.find(1) is ErrorCode.DAMAGED
    assert ErrorCode.find(200) is None
    assert ErrorCode.words(4) == "not greeted"
    assert ErrorCode.words(200) == "200"
