"""The protocol: every message, number and limit that host and device share.

The host asks, the device answers under the same sequence number; only ``Log`` and ``Booted`` come
unasked (sequence number 0). Asking twice is always safe: a request that is repeated under its old
sequence number is answered again and never computed again.

After a change here run ``tools/regen``; a change that an old device would misunderstand needs a new
``PROTOCOL``. ``Greet`` and the first field of ``Hello`` never change, so that two ends of different
age can say so.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from tinybench.wire.layout import (
    U16,
    Message,
    Struct,
    array,
    block,
    i32,
    records,
    rest,
    text,
    u8,
    u16,
    u32,
    u64,
)

PROTOCOL = 1
"""Version of everything in this file."""

CHUNK_MAX = 1024
"""Most tensor bytes in one frame; at a bit error rate of 1e-4 longer frames die too often."""

PAYLOAD_MAX = CHUNK_MAX + 16
"""Most payload bytes in one frame: a chunk and the fields before it."""

TRIAL_BYTES = 2048
"""A device goes back to the rate it booted with after so many bytes at a rate that has carried no
intact frame yet."""

DEAF_BYTES = 16384
"""... after so many without an intact frame at a rate that has carried one."""

MAX_DIMS = 6
"""Dimensions that a tensor can have."""

HELLO_TENSORS = 26
"""Inputs and outputs that a Hello surely has room for: beside one more for a profile, and 224 B of
texts."""

NOT_MEASURED = 0xFFFFFFFF
"""Instead of a number of bytes: it was not measured in this run."""


class Documented(IntEnum):
    """An enumeration whose members say what they mean."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Documented:
        """Make an int that carries its meaning."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    @classmethod
    def find(cls, number: int) -> Documented | None:
        """The member with this number, if this host knows it."""
        return next((member for member in cls if member == number), None)

    @classmethod
    def words(cls, number: int) -> str:
        """Its name in plain words; the number itself if this host does not know it."""
        member = cls.find(number)
        return member.name.lower().replace("_", " ") if member else str(number)


class App(Documented):
    """What kind of program answers."""

    BENCH = 1, "measures samples that the host sends"
    FIELD = 2, "reserved: works on its own and reports events"


class ErrorCode(Documented):
    """Why the device refuses a request."""

    DAMAGED = 1, "a frame arrived damaged; its sequence number is not known: send again"
    UNKNOWN_TYPE = 2, "no such request in this firmware; detail: its type"
    BAD_REQUEST = 3, "the payload has not the layout of its type; detail: its length"
    NOT_GREETED = 4, "no greeting since boot, so the device was reset: greet first"
    BAD_RANGE = 5, "no such tensor, offset or length; detail: the offset"
    INPUT_MISMATCH = 6, "the input in memory is not the one meant; detail: its CRC-32"
    NO_RESULT = 7, "this sample's outputs are not, or no longer, there"
    ENGINE_FAILED = 8, "the engine could not be set up; detail: its own error code"


class LogLevel(Documented):
    """How much a line of the device's log matters."""

    DEBUG = 1, "for developers"
    INFO = 2, "good to know"
    WARNING = 3, "something is not as it should be; the device goes on"
    ERROR = 4, "something failed"


class ResetReason(Documented):
    """Why the device started."""

    UNKNOWN = 0, "the board cannot tell"
    POWER_ON = 1, "power came"
    SOFTWARE = 2, "asked to"
    PANIC = 3, "the firmware trapped"
    WATCHDOG = 4, "the firmware hung"
    BROWN_OUT = 5, "the supply sagged"
    DEEP_SLEEP = 6, "woke from deep sleep"


class Dtype(Documented):
    """Element types, numbered as TFLite's schema does."""

    FLOAT32 = 0, "IEEE-754 single"
    INT32 = 2, "32-bit"
    UINT8 = 3, "unsigned byte"
    INT16 = 7, "16-bit"
    INT8 = 9, "signed byte"


class TensorFacts(Struct):
    """One model input or output."""

    dtype: int = u8("enum Dtype")
    rank: int = u8("how many of dims count")
    dims: tuple[int, ...] = array(U16, MAX_DIMS, "sizes, outermost first")
    scale_bits: int = u32("quantization scale as the bits of an IEEE-754 single; 0: none")
    zero_point: int = i32("quantization zero point")
    size: int = u32("bytes")

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes that count."""
        return self.dims[: self.rank]

    @property
    def scale(self) -> float:
        """The quantization scale as a number; 0.0 where there is none."""
        return float(struct.unpack("<f", struct.pack("<I", self.scale_bits))[0])


class Greet(Message, number=0x01, sender="host"):
    """Opens a conversation: forgets all results, is answered by Hello."""

    protocol: int = u16("version that the host speaks")
    session: int = u32("any number; comes back, so that an old Hello is not taken for this one")


class Hello(Message, number=0x81, sender="device"):
    """Who answers, and what it can do."""

    protocol: int = u16("version that the device speaks; all that follows is of this version")
    session: int = u32("of the Greet that this answers")
    boot_id: int = u32("differs between boots, as far as the board can tell")
    reset_reason: int = u8("enum ResetReason")
    app: int = u8("enum App")
    clock_hz: int = u32("CPU clock; 0: none to speak of (virtual)")
    chunk: int = u16("most tensor bytes that the device takes in one frame")
    credits: int = u16("requests that may be on their way unanswered")
    arena_bytes: int = u32("size of the block that holds inputs, outputs and all between")
    engine_status: int = i32("what setting up the engine returned; 0: ready")
    model_sha256: bytes = block(32, "of the .tflite that the firmware was made from")
    build_id: bytes = block(16, "hash of all that the firmware was made of")
    preprocess_sha256: bytes = block(32, "of the on-device preprocessing; zeros: tensors are sent")
    board: str = text("name, as in boards/NAME.toml")
    chip: str = text("what computes")
    engine: str = text("which engine")
    options: str = text("build options, for people")
    system: str = text("what the board tells of itself: revision, MAC, memory; for people")
    input_count: int = u8("how many of the tensors are inputs; the others are outputs")
    tensors: tuple[TensorFacts, ...] = records(
        TensorFacts, "inputs, then outputs, in the model's order"
    )

    @property
    def inputs(self) -> tuple[TensorFacts, ...]:
        """The model's inputs, in its order."""
        return self.tensors[: self.input_count]

    @property
    def outputs(self) -> tuple[TensorFacts, ...]:
        """The model's outputs, in its order."""
        return self.tensors[self.input_count :]


class Input(Message, number=0x02, sender="host"):
    """A piece of an input tensor, to be written where it belongs."""

    tensor: int = u16("index among the inputs")
    offset: int = u32("first byte that is written")
    data: bytes = rest("at most Hello.chunk bytes")


class InputAck(Message, number=0x82, sender="device"):
    """The piece is in place."""

    credits: int = u16("requests that may be on their way unanswered from now on")


class Run(Message, number=0x03, sender="host"):
    """Compute. The link is quiet from here until the result."""

    sample: int = u32("which sample this is; comes back in the result")
    input_crc: int = u32("CRC-32 of all inputs in order; the device refuses another input")
    paint: int = u8("0: measure time only; else the pattern to measure arena and stack with")


class Result(Message, number=0x83, sender="device"):
    """What a run computed and cost."""

    boot_id: int = u32("of the boot that computed it")
    sample: int = u32("of the Run that this answers")
    input_crc: int = u32("CRC-32 of the inputs, taken where they lay, just before computing")
    output_crc: int = u32("CRC-32 of all outputs in order")
    output_bytes: int = u32("of all outputs together")
    ticks: int = u64("of the board's latency counter, from inputs in memory to outputs complete")
    arena_used: int = u32("bytes up to the highest one touched; 0xFFFFFFFF: not measured")
    stack_used: int = u32("bytes down to the lowest one touched; 0xFFFFFFFF: not measured")
    status: int = i32("what the engine returned; 0: outputs are valid")


class OutputRead(Message, number=0x04, sender="host"):
    """Asks for a piece of an output tensor."""

    sample: int = u32("the sample that was run last")
    tensor: int = u16("index among the outputs")
    offset: int = u32("first byte wanted")
    length: int = u16("bytes wanted, at most Hello.chunk")


class Output(Message, number=0x84, sender="device"):
    """A piece of an output tensor."""

    sample: int = u32("of the OutputRead that this answers")
    tensor: int = u16("index among the outputs")
    offset: int = u32("of the first byte that follows")
    data: bytes = rest("the bytes")


class Reset(Message, number=0x05, sender="host"):
    """Start over as after power-on. No answer but Booted."""


class Baud(Message, number=0x06, sender="host"):
    """Asks for another rate of the line; ``Ping`` then shows whether it carries."""

    baud: int = u32("wanted; 0: the one that the board boots with")


class BaudAck(Message, number=0x86, sender="device"):
    """The last frame at the old rate. Where nothing intact follows, the device goes back."""

    baud: int = u32("that it goes to after this answer, if the board can; 0: no rate can be set")


class Ping(Message, number=0x08, sender="host"):
    """Asks for the same bytes back."""

    data: bytes = rest("any, at most Hello.chunk")


class Pong(Message, number=0x88, sender="device"):
    """The bytes of the Ping that this answers."""

    data: bytes = rest("the same")


class Error(Message, number=0xC0, sender="device"):
    """The request with this sequence number is refused and changed nothing."""

    code: int = u8("enum ErrorCode")
    detail: int = u32("depends on the code; else 0")


class Log(Message, number=0xC1, sender="device"):
    """A line for the device log; sequence number 0."""

    level: int = u8("enum LogLevel")
    line: bytes = rest("UTF-8 without a line end")


class Tap(Message, number=0xC3, sender="device"):
    """Bytes of a tensor as a kernel made them, between Run and Result; of a tap build only."""

    tensor: int = u32("index in the model file")
    offset: int = u32("of the first byte that follows")
    data: bytes = rest("the bytes")


class Booted(Message, number=0xC2, sender="device"):
    """The firmware has just started; sequence number 0."""

    boot_id: int = u32("as in Hello")
    reset_reason: int = u8("enum ResetReason")


STRUCTS: tuple[type[Struct], ...] = (TensorFacts,)
MESSAGES: tuple[type[Message], ...] = (
    Greet,
    Hello,
    Input,
    InputAck,
    Run,
    Result,
    OutputRead,
    Output,
    Reset,
    Baud,
    BaudAck,
    Ping,
    Pong,
    Error,
    Log,
    Booted,
    Tap,
)
ENUMS: tuple[type[Documented], ...] = (App, ErrorCode, LogLevel)
HANDWRITTEN_ENUMS: tuple[type[Documented], ...] = (ResetReason, Dtype)
"""Those that tb_port.h and tb_engine.h state themselves, so that neither needs the wire."""

RESERVED: dict[str, tuple[int, str]] = {
    "camera_frame": (0x07, "a raw camera frame, answered by the tensor preprocessed from it"),
}
"""Numbers that later requests will have; until then they are refused as UNKNOWN_TYPE."""

BY_NUMBER: dict[int, type[Message]] = {message.number: message for message in MESSAGES}
