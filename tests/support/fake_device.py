"""A device in Python behind a link without I/O; what it answers can be bent for a test."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from tinybench.wire import codec
from tinybench.wire.frame import Frame, Unframer, encode_frame
from tinybench.wire.layout import Message
from tinybench.wire.messages import (
    NOT_MEASURED,
    PROTOCOL,
    App,
    Dtype,
    Greet,
    Hello,
    Input,
    InputAck,
    Output,
    OutputRead,
    ResetReason,
    Result,
    Run,
    TensorFacts,
)

SIZE = 3000
CHUNK = 256


class FakeDevice:
    """Answers as a firmware does: output = input backwards. Override a method to misbehave.

    Attributes:
        most_unanswered: the most requests that were under way at once.
        requests: all that came, in order.
    """

    runs_device = True
    baud: int | None = None
    credits = 4
    boot_id = 0xB007

    def __init__(self) -> None:
        self.requests: list[Message] = []
        self.most_unanswered = 0
        self._unframer = Unframer()
        self._to_answer: list[Frame] = []
        self._out = bytearray()
        self._input = bytearray(SIZE)

    # The link ---------------------------------------------------------------------------------

    def read(self, timeout_s: float) -> bytes:
        """Answer one request."""
        if self._to_answer:
            self.answer_frame(self._to_answer.pop(0))
        data, self._out = bytes(self._out), bytearray()
        return data

    def answer_frame(self, frame: Frame) -> None:
        """Say what is answered to a request."""
        for answer in self.answer(codec.decode(frame.type, frame.payload)):
            self.say(answer, frame.seq)

    def write(self, data: bytes) -> None:
        """Note the requests."""
        frames = [item for item in self._unframer.feed(data) if isinstance(item, Frame)]
        self.requests += [codec.decode(frame.type, frame.payload) for frame in frames]
        self._to_answer += frames
        self.most_unanswered = max(self.most_unanswered, len(self._to_answer))

    def set_baud(self, baud: int) -> bool:
        """No rate."""
        return False

    def reset(self) -> bool:
        """No button."""
        return False

    def reopen(self) -> bool:
        """Never gone."""
        return False

    def problem(self) -> str | None:
        """Never any."""
        return None

    def evidence(self) -> tuple[str, ...]:
        """A line that a test can look for."""
        return ("evidence: fake",)

    def where(self, address: int) -> str:
        """A function that a test can look for."""
        return f"in fake+{address:#x}"

    def close(self) -> None:
        """Nothing to do."""

    # The device -------------------------------------------------------------------------------

    def say(self, message: Message, seq: int) -> None:
        """Send a message."""
        self.say_raw(encode_frame(message.number, seq, codec.encode(message)))

    def say_raw(self, data: bytes) -> None:
        """Send any bytes."""
        self._out += data

    def answer(self, request: Message) -> Iterable[Message]:
        """What is answered to a request."""
        match request:
            case Greet(session=session):
                yield self.hello(session)
            case Input(offset=offset, data=data):
                self._input[offset : offset + len(data)] = data
                yield InputAck(self.credits)
            case Run():
                yield self.result(request)
            case OutputRead(sample, tensor, offset, length):
                yield Output(sample, tensor, offset, self.output()[offset : offset + length])

    def hello(self, session: int) -> Hello:
        """Who it is."""
        tensor = TensorFacts(Dtype.INT8, 1, (SIZE, 0, 0, 0, 0, 0), 0, 0, SIZE)
        return Hello(
            protocol=PROTOCOL, session=session, boot_id=self.boot_id,
            reset_reason=ResetReason.POWER_ON, app=App.BENCH, clock_hz=0, chunk=CHUNK,
            credits=self.credits, arena_bytes=2 * SIZE, engine_status=0, model_sha256=bytes(32),
            build_id=bytes(16), preprocess_sha256=bytes(32), board="fake", chip="python",
            engine="aot", options="", system="", input_count=1, tensors=(tensor, tensor),
        )  # fmt: skip

    def output(self) -> bytes:
        """What it computes."""
        return bytes(reversed(self._input))

    def result(self, run: Run) -> Result:
        """What it says of a run."""
        return Result(
            boot_id=self.boot_id, sample=run.sample, input_crc=zlib.crc32(self._input),
            output_crc=zlib.crc32(self.output()), output_bytes=SIZE, ticks=1234,
            arena_used=NOT_MEASURED, stack_used=NOT_MEASURED, status=0,
        )  # fmt: skip
