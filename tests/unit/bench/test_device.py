"""The host's side of the conversation, against devices that misbehave in every way."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest

from support.fake_device import CHUNK, SIZE, FakeDevice
from tinybench.bench.device import Device, Expected
from tinybench.errors import DeviceCrashed, DeviceError, DeviceSilent, LinkError, WrongFirmware
from tinybench.wire.layout import Message
from tinybench.wire.messages import (
    Booted,
    Error,
    ErrorCode,
    Greet,
    Hello,
    Input,
    Log,
    LogLevel,
    Output,
    OutputRead,
    ResetReason,
    Result,
    Run,
)

DATA = bytes(i * 7 & 0xFF for i in range(SIZE))
EXPECTED = Expected("fake", "python", "aot", "00" * 32, "00" * 16)


def device_on(link: FakeDevice, log: Path | None = None) -> Device:
    return Device(link, log=log, reply_timeout_s=0.1, patience_s=0.02)


def test_a_sample() -> None:
    fake = FakeDevice()
    with device_on(fake) as device:
        device.check(EXPECTED)
        inference = device.infer(7, [DATA])
    assert inference.outputs == [DATA[::-1]]
    assert (inference.ticks, inference.arena_used, inference.stack_used) == (1234, None, None)
    assert inference.resends == 0
    pieces = [request for request in fake.requests if isinstance(request, Input)]
    assert all(len(piece.data) <= CHUNK for piece in pieces)
    assert b"".join(piece.data for piece in pieces) == DATA
    assert fake.most_unanswered == FakeDevice.credits


def test_a_frame_lost_in_a_burst_is_sent_again_without_waiting() -> None:
    class Deaf(FakeDevice):
        def write(self, data: bytes) -> None:
            before = len(self.requests)
            super().write(data)
            if before <= 3 < len(self.requests):  # the third piece of the first burst
                del self._to_answer[-1 - (len(self.requests) - 1 - 3)]

    with Device(Deaf(), reply_timeout_s=20, patience_s=20) as device:
        inference = device.infer(7, [DATA])
    assert (inference.outputs, inference.resends) == ([DATA[::-1]], 1)


@pytest.mark.parametrize(
    ("field", "seen"),
    [
        ("board", "fake"),
        ("chip", "python"),
        ("engine", "aot"),
        ("model_sha256", "00" * 32),
        ("build_id", "00" * 16),
    ],
)
def test_another_firmware_is_refused_by_name(field: str, seen: str) -> None:
    expected = dataclasses.replace(EXPECTED, **{field: "else"})
    with device_on(FakeDevice()) as device, pytest.raises(WrongFirmware) as caught:
        device.check(expected)
    assert f"{field}={seen!r}, wanted 'else'" in caught.value.seen
    assert caught.value.exit_code == 3


class Bent(FakeDevice):
    """Changes some fields of one kind of answer."""

    def __init__(self, kind: type[Message], **changes: object) -> None:
        super().__init__()
        self.kind = kind
        self.changes = changes

    def answer(self, request: Message) -> Iterable[Message]:
        for message in super().answer(request):
            changed = isinstance(message, self.kind)
            yield dataclasses.replace(message, **self.changes) if changed else message


def test_another_protocol_is_refused() -> None:
    with device_on(Bent(Hello, protocol=9)) as device, pytest.raises(WrongFirmware) as caught:
        device.hello()
    assert caught.value.seen == "protocol=9"


def test_an_engine_that_is_not_ready_is_refused() -> None:
    with (
        device_on(Bent(Hello, engine_status=-7)) as device,
        pytest.raises(DeviceError, match=r"ENGINE_FAILED.*0xfffffff9"),
    ):
        device.check(EXPECTED)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"sample": 8}, LinkError, "another run"),
        ({"input_crc": 8}, LinkError, "another run"),
        ({"boot_id": 8}, DeviceCrashed, "was reset"),
        ({"status": -3}, DeviceError, "status=-3"),
        ({"output_crc": 8}, LinkError, "5 attempts.*output"),
        ({"output_bytes": 8}, LinkError, "5 attempts.*output"),
    ],
)
def test_a_result_of_something_else_is_never_taken(
    changes: dict[str, object], kind: type[DeviceError], words: str
) -> None:
    with device_on(Bent(Result, **changes)) as device, pytest.raises(kind, match=words):
        device.infer(7, [DATA])


@pytest.mark.parametrize(
    "changes", [{"data": b""}, {"data": b"x" * CHUNK}, {"sample": 8}, {"offset": 1}]
)
def test_outputs_of_something_else_are_never_taken(changes: dict[str, object]) -> None:
    with device_on(Bent(Output, **changes)) as device, pytest.raises(LinkError):
        device.infer(7, [DATA])


class Refusing(FakeDevice):
    """Refuses one kind of request with one code, the first few times."""

    def __init__(self, kind: type[Message], code: int, times: int = 1000) -> None:
        super().__init__()
        self.kind, self.code, self.times = kind, code, times

    def answer(self, request: Message) -> Iterable[Message]:
        if isinstance(request, self.kind) and self.times > 0:
            self.times -= 1
            return [Error(self.code, 0x55)]
        return super().answer(request)


@pytest.mark.parametrize("kind", [Greet, Input, Run, OutputRead])
@pytest.mark.parametrize("code", [ErrorCode.BAD_REQUEST, ErrorCode.BAD_RANGE, 200])
def test_refusals_are_errors(kind: type[Message], code: int) -> None:
    with (
        device_on(Refusing(kind, code)) as device,
        pytest.raises(DeviceError, match=r"detail=0x55") as caught,
    ):
        device.infer(7, [DATA])
    assert getattr(code, "name", "code=200") in caught.value.seen
    assert caught.value.todo.startswith("flash the board again")


@pytest.mark.parametrize(
    ("kind", "code"), [(Run, ErrorCode.INPUT_MISMATCH), (OutputRead, ErrorCode.NO_RESULT)]
)
def test_what_starting_again_mends_is_started_again(kind: type[Message], code: int) -> None:
    fake = Refusing(kind, code, times=1)
    with device_on(fake) as device:
        assert device.infer(7, [DATA]).outputs == [DATA[::-1]]
    assert sum(isinstance(request, Run) for request in fake.requests) == 2


def test_starting_again_ends_some_time() -> None:
    with (
        device_on(Refusing(Run, ErrorCode.INPUT_MISMATCH)) as device,
        pytest.raises(LinkError, match=r"5 attempts.*input mismatch"),
    ):
        device.infer(7, [DATA])


def test_a_device_that_forgot_us_was_reset() -> None:
    with (
        device_on(Refusing(Run, ErrorCode.NOT_GREETED)) as device,
        pytest.raises(DeviceCrashed, match="was reset"),
    ):
        device.infer(7, [DATA])


class Chatty(FakeDevice):
    """Says something before each answer to a Run."""

    def __init__(self, what: Message | bytes) -> None:
        super().__init__()
        self.what = what

    def answer(self, request: Message) -> Iterable[Message]:
        if isinstance(request, Run):
            if isinstance(self.what, bytes):
                self.say_raw(self.what)
            else:
                self.say(self.what, 0)
        return super().answer(request)


def test_log_text_and_noise_are_kept_in_the_log(tmp_path: Path) -> None:
    said: dict[str, Message | bytes] = {
        "device: warning: hot": Log(LogLevel.WARNING, b"hot"),
        "text: hello": b"hello\n",
        "noise: ff fe 80": b"\xff\xfe\x80",
    }
    for line, what in said.items():
        log = tmp_path / "device.log"
        with device_on(Chatty(what), log) as device:
            assert device.infer(7, [DATA]).outputs == [DATA[::-1]]
        assert line in log.read_text()


def test_booting_in_the_middle_is_a_crash_with_its_reason() -> None:
    with (
        device_on(Chatty(Booted(1, ResetReason.WATCHDOG))) as device,
        pytest.raises(DeviceCrashed, match="was reset, reset reason watchdog") as caught,
    ):
        device.infer(7, [DATA])
    assert caught.value.todo.startswith("the firmware hangs: build it again")


class Mute(FakeDevice):
    """Stops answering at the first Run; says something instead."""

    def __init__(self, last_words: bytes = b"") -> None:
        super().__init__()
        self.last_words = last_words

    def answer(self, request: Message) -> Iterable[Message]:
        if not isinstance(request, Run):
            return super().answer(request)
        self.say_raw(self.last_words)
        return []


def test_silence_is_an_error_with_evidence() -> None:
    with device_on(Mute()) as device, pytest.raises(DeviceSilent) as caught:
        device.infer(7, [DATA])
    assert caught.value.wanted == "run sample 7"
    assert caught.value.seen == "no answer in 0.1 s, nothing came back"
    assert "evidence: fake" in caught.value.details


def test_noise_instead_of_an_answer_is_named() -> None:
    with device_on(Mute(b"\xfe" * 10)) as device, pytest.raises(DeviceSilent) as caught:
        device.infer(7, [DATA])
    assert "bytes that are no frame" in caught.value.seen


def test_a_trap_line_makes_silence_a_crash() -> None:
    trap = b"tb-trap: mcause=0x00000005 mepc=0x80000182 mtval=0x00000000\n"
    with device_on(Mute(trap)) as device, pytest.raises(DeviceCrashed) as caught:
        device.infer(7, [DATA])
    assert "(load from where no memory is in fake+0x80000182)" in caught.value.seen
    assert "tb-trap: mcause=0x00000005" in caught.value.seen
    assert caught.value.todo.startswith("the firmware traps: build it again")


def test_an_xtensas_trap_line_has_other_causes() -> None:
    trap = b"tb-trap: exccause=0x00000009 epc1=0x50000182 excvaddr=0x60000001\n"
    with device_on(Mute(trap)) as device, pytest.raises(DeviceCrashed) as caught:
        device.infer(7, [DATA])
    assert "(unaligned load or store in fake+0x50000182)" in caught.value.seen


def test_a_stale_hello_is_not_taken_for_ours() -> None:
    class Stale(FakeDevice):
        def answer(self, request: Message) -> Iterable[Message]:
            if isinstance(request, Greet) and len(self.requests) == 1:
                return [dataclasses.replace(self.hello(request.session ^ 1), board="old")]
            return super().answer(request)

    with device_on(Stale()) as device:
        assert device.hello().board == "fake"


def test_inputs_of_other_sizes_are_the_callers_mistake() -> None:
    with device_on(FakeDevice()) as device, pytest.raises(ValueError, match="sizes="):
        device.infer(7, [DATA[:-1]])


def test_outputs_that_depend_on_paint_are_an_error() -> None:
    class Leaky(FakeDevice):
        def output(self) -> bytes:
            runs = sum(isinstance(request, Run) for request in self.requests)
            return bytes([runs]) * SIZE

    with device_on(Leaky()) as device, pytest.raises(DeviceError, match="free memory"):
        device.measure_memory(7, [DATA])


def test_the_log_does_not_grow_without_end(tmp_path: Path) -> None:
    log = tmp_path / "device.log"
    with device_on(FakeDevice(), log) as device:
        for _ in range(300):
            device.log.add("text", "x" * 20_000)
    assert log.stat().st_size < 5 << 20
    assert log.read_text().endswith("(log full)\n")
