"""The firmware's side of the conversation, frame by frame, on a sanitized host build."""

from __future__ import annotations

import socket
import struct
import zlib
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from support.raw_link import RawLink
from support.toy import SECOND_BYTES, build_native, toy_inputs, toy_outputs
from tinybench.link import open_link
from tinybench.link.child import Child
from tinybench.link.process import ProcessLink, Started
from tinybench.wire import codec
from tinybench.wire.frame import encode_frame
from tinybench.wire.layout import Message
from tinybench.wire.messages import (
    CHUNK_MAX,
    DEAF_BYTES,
    NOT_MEASURED,
    PROTOCOL,
    RESERVED,
    TRIAL_BYTES,
    Baud,
    BaudAck,
    Booted,
    Error,
    ErrorCode,
    Greet,
    Hello,
    Input,
    InputAck,
    Output,
    OutputRead,
    Ping,
    Pong,
    Reset,
    ResetReason,
    Result,
    Run,
)

BYTES = 40
INPUTS = toy_inputs(1, BYTES)
OUTPUT = toy_outputs(INPUTS)[0]
CRC = zlib.crc32(b"".join(INPUTS))


@pytest.fixture
def fresh(tmp_path: Path) -> Generator[RawLink]:
    """A device that nobody has greeted; it has said that it booted."""
    url = f"process:{build_native(f'-DTOY_BYTES={BYTES}')}"
    with RawLink(open_link(url, log=tmp_path / "log")) as raw:
        seq, booted = raw.receive()
        assert seq == 0
        assert isinstance(booted, Booted)
        assert booted.reset_reason == ResetReason.POWER_ON
        yield raw
    assert (tmp_path / "log").read_text() == ""


@pytest.fixture
def raw(fresh: RawLink) -> RawLink:
    """A greeted device."""
    assert isinstance(fresh.ask(Greet(PROTOCOL, 5), 1), Hello)
    return fresh


@pytest.fixture
def loaded(raw: RawLink) -> RawLink:
    """A device whose inputs are in place."""
    load(raw)
    return raw


def load(raw: RawLink) -> None:
    for index, data in enumerate(INPUTS):
        assert isinstance(raw.ask(Input(index, 0, data), 10 + index), InputAck)


def refusal(raw: RawLink, request: Message, seq: int = 99) -> Error:
    answer = raw.ask(request, seq)
    assert isinstance(answer, Error), answer
    return answer


def test_hello_says_what_the_engine_says(fresh: RawLink) -> None:
    hello = fresh.ask(Greet(PROTOCOL, 0xDEADBEEF), 0xFFFF)
    assert isinstance(hello, Hello)
    assert (hello.protocol, hello.session, hello.engine) == (PROTOCOL, 0xDEADBEEF, "toy")
    assert (hello.board, hello.chip, hello.chunk) == ("native", "host", CHUNK_MAX)
    assert hello.model_sha256[:2] == b"py"
    assert hello.build_id == b"\x42" + bytes(15)
    first, second = hello.inputs
    assert (first.shape, first.size, first.zero_point) == ((1, BYTES), BYTES, -128)
    assert first.scale == pytest.approx(1 / 255)
    assert (second.shape, second.scale) == ((SECOND_BYTES,), 0.0)
    assert [t.shape for t in hello.outputs] == [(BYTES + SECOND_BYTES,)]


@pytest.mark.parametrize(
    "request_", [Input(0, 0, b"x"), Run(1, 2, 0), OutputRead(1, 0, 0, 1), Reset()]
)
def test_nothing_is_done_before_the_greeting(fresh: RawLink, request_: Message) -> None:
    assert refusal(fresh, request_).code == ErrorCode.NOT_GREETED


def test_a_sample(loaded: RawLink) -> None:
    result = loaded.ask(Run(77, CRC, 0), 20)
    assert isinstance(result, Result)
    assert (result.sample, result.input_crc, result.status) == (77, CRC, 0)
    assert (result.output_crc, result.output_bytes) == (zlib.crc32(OUTPUT), len(OUTPUT))
    assert (result.arena_used, result.stack_used) == (NOT_MEASURED, NOT_MEASURED)
    assert result.ticks > 0
    assert loaded.ask(OutputRead(77, 0, 3, 8), 21) == Output(77, 0, 3, OUTPUT[3:11])
    assert loaded.ask(OutputRead(77, 0, len(OUTPUT), 0), 22) == Output(77, 0, len(OUTPUT), b"")


def test_a_repeated_run_is_answered_and_not_computed_again(loaded: RawLink) -> None:
    first = loaded.ask(Run(77, CRC, 0), 20)
    again = loaded.ask(Run(77, CRC, 0), 20)
    assert first == again, "ticks would differ if it had run again"
    # The engine has overwritten the inputs by now: under another number the device must refuse.
    assert refusal(loaded, Run(77, CRC, 0), 21).code == ErrorCode.INPUT_MISMATCH


@pytest.mark.parametrize("other", [Run(78, CRC, 0), Run(77, CRC, 1), Run(77, CRC ^ 1, 0)])
def test_the_same_number_with_another_run_is_no_repetition(loaded: RawLink, other: Run) -> None:
    loaded.ask(Run(77, CRC, 0), 20)
    assert refusal(loaded, other, 20).code == ErrorCode.INPUT_MISMATCH


def test_a_missing_piece_is_noticed(raw: RawLink) -> None:
    raw.ask(Input(0, 0, INPUTS[0]), 10)
    error = refusal(raw, Run(1, CRC, 0))
    assert error.code == ErrorCode.INPUT_MISMATCH
    assert error.detail == zlib.crc32(INPUTS[0] + bytes(SECOND_BYTES))


def test_outputs_are_given_for_the_last_run_only(loaded: RawLink) -> None:
    read = OutputRead(77, 0, 0, 1)
    assert refusal(loaded, read).code == ErrorCode.NO_RESULT
    loaded.ask(Run(77, CRC, 0), 20)
    assert refusal(loaded, OutputRead(76, 0, 0, 1)).code == ErrorCode.NO_RESULT
    assert isinstance(loaded.ask(read, 21), Output)
    loaded.ask(Input(1, 0, b"y"), 22)
    assert refusal(loaded, read).code == ErrorCode.NO_RESULT, "an input may lie on the output"


def test_greeting_forgets_results(loaded: RawLink) -> None:
    loaded.ask(Run(77, CRC, 0), 20)
    loaded.ask(Greet(PROTOCOL, 6), 21)
    assert refusal(loaded, OutputRead(77, 0, 0, 1)).code == ErrorCode.NO_RESULT
    assert refusal(loaded, Run(77, CRC, 0), 20).code == ErrorCode.INPUT_MISMATCH


@pytest.mark.parametrize(
    "request_",
    [
        Input(2, 0, b"x"),
        Input(0xFFFF, 0, b""),
        Input(0, BYTES, b"x"),
        Input(0, 0xFFFFFFFF, b"x"),
        Input(0, BYTES - 1, b"xy"),
        Input(1, 0, bytes(SECOND_BYTES + 1)),
    ],
)
def test_writing_outside_the_inputs_is_refused(raw: RawLink, request_: Input) -> None:
    assert refusal(raw, request_) == Error(ErrorCode.BAD_RANGE, request_.offset)


@pytest.mark.parametrize(
    "read", [(1, 0, 1), (0, BYTES + 5, 1), (0, 0, BYTES + 6), (0, 0xFFFFFFFF, 2), (0, 0, 0xFFFF)]
)
def test_reading_outside_the_outputs_is_refused(
    loaded: RawLink, read: tuple[int, int, int]
) -> None:
    loaded.ask(Run(77, CRC, 0), 20)
    assert refusal(loaded, OutputRead(77, *read)).code == ErrorCode.BAD_RANGE


def test_unknown_and_reserved_requests_are_refused(raw: RawLink) -> None:
    reserved = [number for number, _ in RESERVED.values()]
    for number in [0x00, 0x7F, 0xFF, Hello.number, *reserved]:
        raw.send_raw(encode_frame(number, 3, b"whatever"))
        assert raw.receive() == (3, Error(ErrorCode.UNKNOWN_TYPE, number))


@pytest.mark.parametrize("length", [0, 1, 8, 10, 500])
@pytest.mark.parametrize("number", [Greet.number, Run.number, OutputRead.number])
def test_payloads_of_wrong_length_are_refused(raw: RawLink, number: int, length: int) -> None:
    raw.send_raw(encode_frame(number, 3, bytes(length)))
    assert raw.receive() == (3, Error(ErrorCode.BAD_REQUEST, length))


def test_damage_is_reported_and_nothing_else_happens(loaded: RawLink) -> None:
    frame = bytearray(encode_frame(Run.number, 20, bytes(9)))
    frame[5] ^= 0x10
    loaded.send_raw(bytes(frame))
    assert loaded.receive() == (0, Error(ErrorCode.DAMAGED, 0))
    assert loaded.is_quiet()
    assert isinstance(loaded.ask(Run(77, CRC, 0), 20), Result)


def test_noise_longer_than_any_frame_is_survived(loaded: RawLink) -> None:
    loaded.send_raw(b"\xa5" * 10_000)
    assert loaded.is_quiet()
    loaded.send(Run(77, CRC, 0), 20)
    while isinstance((answer := loaded.receive()[1]), Error):
        assert answer.code == ErrorCode.DAMAGED
    assert isinstance(answer, Result)


def test_many_frames_at_once_are_all_answered(raw: RawLink) -> None:
    pieces = [Input(0, i, INPUTS[0][i : i + 1]) for i in range(BYTES)] + [Input(1, 0, INPUTS[1])]
    raw.send_raw(
        b"".join(encode_frame(Input.number, 100 + i, codec.encode(p)) for i, p in enumerate(pieces))
    )
    assert [raw.receive()[0] for _ in pieces] == [100 + i for i in range(len(pieces))]
    assert isinstance(raw.ask(Run(1, CRC, 0), 20), Result)


def test_painting_measures_the_arena(loaded: RawLink) -> None:
    result = loaded.ask(Run(77, CRC, 0x5A), 20)
    assert isinstance(result, Result)
    assert result.arena_used == 109, "the output's 45 bytes end there; see toy_engine.c"
    assert result.output_crc == zlib.crc32(OUTPUT)


def test_reset_boots_anew(raw: RawLink) -> None:
    raw.send(Reset(), 30)
    seq, booted = raw.receive()
    assert seq == 0
    assert isinstance(booted, Booted)
    assert booted.reset_reason == ResetReason.SOFTWARE
    assert refusal(raw, Run(77, CRC, 0)).code == ErrorCode.NOT_GREETED


def test_no_answer_is_longer_than_a_frame(tmp_path: Path) -> None:
    size = 2 * CHUNK_MAX
    inputs = toy_inputs(1, size)
    url = f"process:{build_native(f'-DTOY_BYTES={size}')}"
    with RawLink(open_link(url, log=tmp_path / "log")) as raw:
        raw.receive()
        raw.ask(Greet(PROTOCOL, 5), 1)
        for offset in (0, CHUNK_MAX):
            raw.ask(Input(0, offset, inputs[0][offset : offset + CHUNK_MAX]), 2)
        raw.ask(Input(1, 0, inputs[1]), 3)
        raw.ask(Run(77, zlib.crc32(b"".join(inputs)), 0), 4)
        assert refusal(raw, OutputRead(77, 0, 0, CHUNK_MAX + 1)).code == ErrorCode.BAD_RANGE
        longest = raw.ask(OutputRead(77, 0, 0, CHUNK_MAX), 5)
    assert longest == Output(77, 0, 0, toy_outputs(inputs)[0][:CHUNK_MAX])


def test_a_ping_comes_back(raw: RawLink) -> None:
    for data in (b"", b"\0" * 3, bytes(range(256)) * 4):
        assert raw.ask(Ping(data), 4) == Pong(data)


def test_a_line_without_rates_keeps_the_one_it_has(raw: RawLink) -> None:
    assert raw.ask(Baud(921600), 4) == BaudAck(0)
    assert raw.ask(Ping(b"still here"), 5) == Pong(b"still here")


@pytest.fixture
def rated(tmp_path: Path) -> Generator[tuple[RawLink, Callable[[], int]]]:
    """A greeted device whose line has a rate, and what tells the rate."""
    ours, theirs = socket.socketpair()
    rate = tmp_path / "rate"
    with theirs, rate.open("w+b") as file:
        fds = [theirs.fileno(), file.fileno()]
        command = [str(build_native()), f"--fd={fds[0]}", f"--rate-fd={fds[1]}"]
        child = Child("the toy", command, fds, tmp_path / "log")
    with RawLink(ProcessLink(lambda again: Started(child, ours))) as raw:
        raw.receive()
        assert isinstance(raw.ask(Greet(PROTOCOL, 5), 1), Hello)
        yield raw, lambda: struct.unpack("=I", rate.read_bytes())[0]


def noise(raw: RawLink, count: int) -> None:
    """Bytes that are no frame, all of them read and complained of."""
    raw.send_raw(b"\xa5\0" * (count // 2))
    for _ in range(count // 2):
        assert raw.receive()[1] == Error(ErrorCode.DAMAGED, 0)


def test_a_rate_that_carries_nothing_is_left(rated: tuple[RawLink, Callable[[], int]]) -> None:
    raw, rate = rated
    assert rate() == 115200
    assert raw.ask(Baud(921600), 4) == BaudAck(921600)
    assert raw.is_quiet()
    assert rate() == 921600
    noise(raw, TRIAL_BYTES)
    assert rate() == 921600
    noise(raw, 2)
    assert rate() == 115200


def test_a_rate_that_has_carried_something_is_left_later(
    rated: tuple[RawLink, Callable[[], int]],
) -> None:
    raw, rate = rated
    raw.ask(Baud(921600), 4)
    for _ in range(2):
        raw.ask(Ping(b"x"), 5)
        noise(raw, DEAF_BYTES - 1000)
    assert rate() == 921600, "an intact frame starts the count anew"
    noise(raw, 1002)
    assert rate() == 115200


def test_a_host_can_ask_for_the_first_rate(rated: tuple[RawLink, Callable[[], int]]) -> None:
    raw, rate = rated
    raw.ask(Baud(921600), 4)
    assert raw.ask(Baud(0), 5) == BaudAck(115200)
    assert raw.ask(Ping(b""), 6) == Pong(b"")
    assert rate() == 115200


def test_a_rate_that_the_board_cannot_have_changes_nothing(
    rated: tuple[RawLink, Callable[[], int]],
) -> None:
    raw, rate = rated
    assert raw.ask(Baud(50_000_000), 4) == BaudAck(50_000_000)
    assert raw.ask(Ping(b""), 5) == Pong(b"")
    assert rate() == 115200
