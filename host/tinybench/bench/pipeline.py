"""Throughput: the next inputs are on their way while the device computes.

The device takes requests in order, so all of them can be sent ahead: a sample's input, its Run,
the reads of its outputs, the next one's input, as far as the credits go. Nothing is sent again in
such a stream: a piece that is lost would come too late, in the middle of the next sample. At the
first sign of damage the stream ends, what was under way is measured one at a time, and a new stream
begins; the device's own CRC of the input keeps samples apart all the while.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinybench.bench.device import Device
from tinybench.bench.inference import Inference
from tinybench.bench.pieces import Mixed, ask_outputs, check_sizes, cut_inputs, join_outputs
from tinybench.bench.stream import Disturbed
from tinybench.wire.layout import Message
from tinybench.wire.messages import InputAck, Output, OutputRead, Result, Run

Sample = tuple[int, Sequence[bytes]]

_MOST_UNDER_WAY = 16  # samples

_MOST_CAREFUL = 64
"""After one disturbance on another, so many samples are measured one at a time."""


@dataclass
class _UnderWay:
    """A sample whose requests are in the stream."""

    sample: int
    inputs: Sequence[bytes]
    run: Run
    reads: list[OutputRead]
    result: Result | None = None
    pieces: list[Output] | None = None


class Pipeline:
    """Streams of samples through one device.

    Args:
        device: greeted.

    Attributes:
        streamed: samples that went in a stream; the others went one at a time.
    """

    def __init__(self, device: Device) -> None:
        self.streamed = 0
        self._device = device
        self._careful = 1
        self._quiet = 0  # samples since the last disturbance

    def run(self, samples: Iterator[Sample]) -> Iterator[Inference]:
        """Each sample's inference, in order.

        Raises:
            DeviceError: as :meth:`tinybench.bench.device.Device.infer`.
        """
        waiting: deque[Sample] = deque()
        alone = 0
        while True:
            source = again(waiting, samples)
            if alone:
                for sample in _first(source, alone):
                    inference = self._device.infer(*sample)
                    waiting.popleft()
                    yield inference
                alone = 0
                continue
            try:
                for inference in self._stream(source):
                    waiting.popleft()
                    self._calm()
                    yield inference
                return
            except Disturbed:
                alone = self._careful
                self._careful = min(_MOST_CAREFUL, 2 * self._careful)
                self._quiet = 0
                self._device.settle()

    def _calm(self) -> None:
        self.streamed += 1
        self._quiet += 1
        if self._quiet >= 2 * self._careful:
            self._careful = 1

    def _stream(self, samples: Iterator[Sample]) -> Iterator[Inference]:
        """Inferences until the samples end.

        Raises:
            Disturbed: something was lost, or is not what it should be.
        """
        under_way: deque[_UnderWay] = deque()
        answers = self._device.pipe(self._requests(samples, under_way))
        for answer in answers:
            if isinstance(answer, InputAck):
                continue
            current = under_way[0]
            if isinstance(answer, Result):
                self._device.judge(answer, current.run)
                current.result, current.pieces = answer, []
            elif isinstance(answer, Output) and current.pieces is not None:
                current.pieces.append(answer)
            if current.pieces is not None and len(current.pieces) == len(current.reads):
                yield self._finish(under_way.popleft())

    def _requests(
        self, samples: Iterator[Sample], under_way: deque[_UnderWay]
    ) -> Iterator[Message | None]:
        hello, chunk = self._device.known_hello(), self._device.chunk()
        for sample, inputs in samples:
            while len(under_way) >= _MOST_UNDER_WAY:
                yield None
            check_sizes(inputs, hello.inputs)
            run = Run(sample, zlib.crc32(b"".join(inputs)), 0)
            reads = ask_outputs(sample, hello.outputs, chunk)
            under_way.append(_UnderWay(sample, inputs, run, reads))
            pieces = cut_inputs(inputs, chunk)
            self._device.count_pieces(chunk, len(pieces) + len(reads))
            yield from pieces
            yield run
            yield from reads

    def _finish(self, done: _UnderWay) -> Inference:
        assert done.result is not None
        assert done.pieces is not None
        try:
            count = len(self._device.known_hello().outputs)
            outputs = join_outputs(done.reads, done.pieces, count, done.result)
        except Mixed as mixed:
            raise Disturbed(str(mixed)) from mixed
        return Inference.of(done.result, outputs, resends=0)


def again(waiting: deque[Sample], samples: Iterator[Sample]) -> Iterator[Sample]:
    """Those that wait, then new ones, which then wait too until somebody takes them off."""
    yield from list(waiting)
    for sample in samples:
        waiting.append(sample)
        yield sample


def _first(samples: Iterator[Sample], count: int) -> Iterator[Sample]:
    for _ in range(count):
        try:
            yield next(samples)
        except StopIteration:
            return
