"""A device that goes away in the middle: what it was doing is done again, but not forever."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import pytest

from support.fake_device import SIZE, FakeDevice
from tinybench.bench.device import Device, Expected
from tinybench.bench.steady import SteadyDevice
from tinybench.errors import DeviceCrashed, DeviceSilent, LinkLost, WrongFirmware
from tinybench.wire.frame import Frame
from tinybench.wire.layout import Message
from tinybench.wire.messages import (
    Booted,
    Error,
    ErrorCode,
    Greet,
    Hello,
    Input,
    OutputRead,
    ResetReason,
    Run,
)

DATA = bytes(i * 11 & 0xFF for i in range(SIZE))
EXPECTED = Expected("fake", "python", "aot", "00" * 32, "00" * 16)


class Fragile(FakeDevice):
    """Starts anew instead of answering one kind of request, the first few times.

    Args:
        silently: without a word; the next request is refused instead.
    """

    reason = ResetReason.BROWN_OUT

    def __init__(self, kind: type[Message], times: int, silently: bool = False) -> None:
        super().__init__()
        self.kind, self.times, self.silently = kind, times, silently
        self.greeted = False

    def answer(self, request: Message) -> Iterable[Message]:
        if isinstance(request, self.kind) and self.times > 0:
            self.times -= 1
            self.boot_id += 1
            self.greeted = False
            self._input = bytearray(SIZE)
            if not self.silently:
                self.say(Booted(self.boot_id, self.reason), 0)
            return []
        if isinstance(request, Greet):
            self.greeted = True
        elif not self.greeted:
            return [Error(ErrorCode.NOT_GREETED, 0)]
        return super().answer(request)


def steady_on(link: FakeDevice, comeback_s: float = 1.0) -> SteadyDevice:
    device = Device(link, reply_timeout_s=0.3, patience_s=0.02)
    return SteadyDevice(device, EXPECTED, comeback_s)


@pytest.mark.parametrize("kind", [Input, Run, OutputRead])
@pytest.mark.parametrize(("times", "silently"), [(1, False), (3, False), (1, True)])
def test_the_sample_is_measured_again(kind: type[Message], times: int, silently: bool) -> None:
    device = Device(Fragile(kind, times, silently), reply_timeout_s=1.0, patience_s=0.02)
    steady = SteadyDevice(device, EXPECTED)
    steady.check()
    for sample in range(3):
        assert steady.infer(sample, [DATA]).outputs == [DATA[::-1]]
    resets = steady.stats().resets
    assert resets == times or (1 <= resets < times and kind is not Run), "several between greetings"


def test_one_that_starts_forever_is_given_up() -> None:
    fragile = Fragile(Run, 1000)
    steady = steady_on(fragile)
    steady.check()
    with pytest.raises(DeviceCrashed, match="started 5 times in a row") as caught:
        steady.infer(7, [DATA])
    assert caught.value.wanted == "run sample 7"
    assert fragile.times == 995


def test_the_last_reason_is_said_with_what_to_do() -> None:
    class Sagging(Fragile):
        def hello(self, session: int) -> Hello:
            from dataclasses import replace

            return replace(super().hello(session), reset_reason=ResetReason.BROWN_OUT)

    steady = steady_on(Sagging(Run, 1000))
    steady.check()
    with pytest.raises(DeviceCrashed, match="reset reason brown out") as caught:
        steady.infer(7, [DATA])
    assert "supply" in caught.value.todo


def test_one_that_never_gets_as_far_as_a_greeting() -> None:
    steady = steady_on(Fragile(Greet, 1000))
    with pytest.raises(DeviceCrashed, match="started 5 times in a row, reset reason brown out"):
        steady.check()


BROWN_OUT = (
    b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0xf (RTCWDT_BROWN_OUT_RESET),"
    b"boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
)
SAGGING = (  # ESP-IDF restarts by software, so the ROM does not know why
    b"ESP-ROM:esp32s3-20210327\r\nrst:0xc (RTC_SW_CPU_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n"
    b"I (29) boot: ESP-IDF v5.5 2nd stage bootloader\r\n"
    b"E BOD: Brownout detector was triggered\r\n\r\n"
)


class Talking(FakeDevice):
    """Says something over and over, a few bytes at each look, and listens to nothing."""

    def __init__(self, what: bytes, looks: int, healthy: bool = False) -> None:
        super().__init__()
        self.healthy = healthy
        self.words = [what[at : at + 48] for at in range(0, len(what), 48)] * looks

    def read(self, timeout_s: float) -> bytes:
        if self.words:
            return self.words.pop(0)
        return super().read(timeout_s)

    def answer_frame(self, frame: Frame) -> None:
        if self.healthy:
            super().answer_frame(frame)


@pytest.mark.parametrize(
    ("says", "reason"),
    [(BROWN_OUT, "reason rtcwdt brown out reset"), (SAGGING, "cpu rst: .*Brownout detector")],
)
def test_one_that_never_leaves_its_boot_rom(says: bytes, reason: str) -> None:
    device = Device(Talking(says, 7), reply_timeout_s=600.0, patience_s=0.01)
    with pytest.raises(DeviceCrashed, match=rf"started [567] times in a row.*{reason}") as caught:
        SteadyDevice(device, EXPECTED).check()
    assert "supply" in caught.value.todo
    assert any(re.search(r"rst:0x.*\(\d times\)", line) for line in caught.value.details)


def test_starts_of_long_ago_are_no_loop() -> None:
    device = Device(Talking(BROWN_OUT, 7, healthy=True), patience_s=10.0)
    SteadyDevice(device, EXPECTED).check()
    assert device.log.rom.reasons == [], "forgotten once it has answered"


class Muttering(FakeDevice):
    """Answers, with a start of the boot ROM before each answer: a bad cable's, or real ones."""

    silent = False

    def answer_frame(self, frame: Frame) -> None:
        if not self.silent:
            self.say_raw(BROWN_OUT)
            super().answer_frame(frame)


def test_starts_with_answers_between_them_are_no_loop() -> None:
    link = Muttering()
    steady = steady_on(link)
    steady.check()
    for sample in range(8):
        assert steady.infer(sample, [DATA]).outputs == [DATA[::-1]]
    link.silent = True
    with pytest.raises(DeviceSilent):
        steady.infer(8, [DATA])


def test_text_is_shown_by_lines_each_once() -> None:
    device = Device(
        Talking(b"Hello from MicroPython\r\nit is 21 degrees\r\n>>> ", 100),
        reply_timeout_s=0.5,
        patience_s=0.05,
    )
    with pytest.raises(DeviceSilent, match="only text") as caught:
        SteadyDevice(device, EXPECTED).check()
    said = [re.sub(r"\d+ times", "N times", line) for line in caught.value.details]
    assert "text: it is 21 degrees (N times)" in said
    assert len(said) <= 6, said


def test_another_firmware_that_comes_back_is_refused() -> None:
    class Swapped(Fragile):
        def hello(self, session: int) -> Hello:
            from dataclasses import replace

            hello = super().hello(session)
            return hello if self.boot_id == FakeDevice.boot_id else replace(hello, board="other")

    steady = steady_on(Swapped(Run, 1))
    steady.check()
    with pytest.raises(WrongFirmware, match="board='other'"):
        steady.infer(1, [DATA])


class Unplugged(FakeDevice):
    """A port that is lost at one kind of request, and there again after some tries.

    Args:
        restarts: the board lost its power too.
    """

    runs_device = False

    def __init__(self, kind: type[Message], tries: int, restarts: bool) -> None:
        super().__init__()
        self.kind, self.tries, self.restarts = kind, tries, restarts
        self.lost = False

    def answer(self, request: Message) -> Iterable[Message]:
        if isinstance(request, self.kind) and self.tries > 0:
            self.lost = True
            self._to_answer.clear()
            return []
        return super().answer(request)

    def problem(self) -> str | None:
        return "fake was lost" if self.lost else None

    def reopen(self) -> bool:
        self.tries -= 1
        if self.tries > 0:
            return False
        self.lost = False
        self.boot_id += self.restarts
        return True


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("kind", [Input, Run, OutputRead])
def test_a_port_that_comes_back(kind: type[Message], restarts: bool) -> None:
    steady = steady_on(Unplugged(kind, 3, restarts))
    steady.check()
    assert steady.infer(1, [DATA]).outputs == [DATA[::-1]]
    stats = steady.stats()
    assert (stats.reconnects, stats.resets) == (1, int(restarts)), "told apart by the boot id"


def test_a_port_that_stays_away_is_waited_for_and_then_named() -> None:
    steady = steady_on(Unplugged(Run, 10_000, False), comeback_s=0.5)
    steady.check()
    started = time.monotonic()
    with pytest.raises(LinkLost, match=r"fake was lost; not back after 0.5 s"):
        steady.infer(1, [DATA])
    assert 0.5 <= time.monotonic() - started < 2


class Saying(FakeDevice):
    """Says the same whatever it is asked."""

    def __init__(self, what: bytes) -> None:
        super().__init__()
        self.what = what

    def write(self, data: bytes) -> None:
        self.say_raw(self.what)


@pytest.mark.parametrize(
    ("what", "seen", "todo"),
    [
        (b"", "nothing came back", "hangs"),
        (b"Hello from MicroPython\r\n>>> ", "only text", "another program"),
        (b"\xfe\x80\x01\0" * 5, "bytes that are no frame", "baud rate"),
    ],
)
def test_what_comes_instead_of_an_answer_is_told_apart(what: bytes, seen: str, todo: str) -> None:
    with pytest.raises(DeviceSilent, match=seen) as caught:
        steady_on(Saying(what)).check()
    assert todo in caught.value.todo


class Hanging(FakeDevice):
    """Falls silent at the second Run until it is reset; ``forever``: at all that follow, too."""

    def __init__(self, has_line: bool = True, forever: bool = False) -> None:
        super().__init__()
        self.has_line, self.forever = has_line, forever
        self.hangs, self.runs, self.pulled = False, 0, 0

    def answer(self, request: Message) -> Iterable[Message]:
        self.runs += isinstance(request, Run)
        hangs_now = isinstance(request, Run) and (
            self.runs == 2 or (self.forever and self.runs > 2)
        )
        self.hangs = self.hangs or hangs_now
        return [] if self.hangs else super().answer(request)

    def reset(self) -> bool:
        if self.has_line:
            self.pulled += 1
            self.boot_id += 1
            self.hangs = False
        return self.has_line


@pytest.mark.parametrize("streamed", [False, True])
def test_one_that_hangs_is_reset_by_its_line(streamed: bool) -> None:
    hanging = Hanging()
    steady = steady_on(hanging)
    steady.check()
    samples = [(sample, [DATA]) for sample in range(3)]
    if streamed:
        answers = list(steady.stream(iter(samples)))
    else:
        answers = [steady.infer(*sample) for sample in samples]
    assert [answer.outputs for answer in answers] == [[DATA[::-1]]] * 3
    assert (hanging.pulled, steady.stats().resets) == (1, 1)


@pytest.mark.parametrize(("has_line", "pulls"), [(False, 0), (True, 1)])
def test_one_that_hangs_again_is_given_up(has_line: bool, pulls: int) -> None:
    hanging = Hanging(has_line, forever=True)
    steady = steady_on(hanging)
    steady.check()
    steady.infer(0, [DATA])
    with pytest.raises(DeviceSilent):
        steady.infer(1, [DATA])
    assert hanging.pulled == pulls


def test_one_that_was_never_heard_is_not_reset() -> None:
    class Dead(Hanging):
        def answer(self, request: Message) -> Iterable[Message]:
            return []

    with pytest.raises(DeviceSilent):
        steady_on(dead := Dead()).check()
    assert dead.pulled == 0
