"""A device that answers: who it is, and what it makes of a sample.

Every inference that is returned was computed by this boot of this firmware on these inputs: the
device states the CRC-32 of the inputs it found in its memory and of the outputs it made, and both
are checked here. Whatever the link does to the frames ends in a resend or in an error.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tinybench.bench import trouble
from tinybench.bench.chunks import ChunkSizer
from tinybench.bench.conversation import Conversation
from tinybench.bench.exchange import Refused
from tinybench.bench.identity import Expected
from tinybench.bench.inference import Inference
from tinybench.bench.link_stats import LinkStats
from tinybench.bench.pieces import Mixed, ask_outputs, check_sizes, cut_inputs, join_outputs
from tinybench.bench.stream import Disturbed, Stream
from tinybench.bench.tapped import Taps
from tinybench.errors import DeviceError
from tinybench.link import Link
from tinybench.wire.layout import Message
from tinybench.wire.messages import (
    CHUNK_MAX,
    ErrorCode,
    Hello,
    InputAck,
    Output,
    Ping,
    Pong,
    Result,
    Run,
)

M = TypeVar("M", bound=Message)

__all__ = ["PAINTS", "Device", "Expected"]

PAINTS = (0x5A, 0xA5)
"""Patterns that differ in every bit: what equals one cannot equal the other."""

_ATTEMPTS = 5
_RUN_PATIENCE = 4.0
"""A run is asked for again after this many times the longest one so far."""

_TRIES = 15
"""... at the latest so that it is sent four times before its time is over: 1 + 2 + 4 + 8."""

_MENDABLE = (ErrorCode.INPUT_MISMATCH, ErrorCode.NO_RESULT)
"""Refusals after which the sample is sent anew."""


class Device(Conversation):
    """What computes samples. Owns the link; closes it.

    Args:
        link: an open way to the device.
        log: file for all that the device says besides answers; None keeps only the tail.
        reply_timeout_s: longest wait for a single answer, an inference included.
        patience_s: wait for an answer before its request is sent again; doubles each time.
    """

    def __init__(
        self,
        link: Link,
        *,
        log: Path | None = None,
        reply_timeout_s: float = 30.0,
        patience_s: float = 0.5,
    ) -> None:
        super().__init__(link, log=log, reply_timeout_s=reply_timeout_s, patience_s=patience_s)
        self._chunks = ChunkSizer(CHUNK_MAX)
        self._most_patience_s = reply_timeout_s / _TRIES  # also until a run's time is known
        self._longest_run_s = 0.0

    def infer(self, sample: int, inputs: Sequence[bytes], paint: int = 0) -> Inference:
        """Send a sample, have it computed, fetch the outputs.

        Args:
            sample: its number, 0 .. 2^32 - 1.
            inputs: the input tensors' bytes, in the model's order.
            paint: 0, or 1 .. 255: the pattern to measure arena and stack with (see PAINTS).

        Raises:
            DeviceSilent: no answer in time.
            DeviceCrashed: it trapped, ended or was reset.
            LinkError: the link damages more than resending mends.
            DeviceError: the engine failed, or the device refuses.
            ValueError: inputs that are not of the model's sizes.
        """
        hello = self.known_hello()
        check_sizes(inputs, hello.inputs)
        run = Run(sample, zlib.crc32(b"".join(inputs)), paint)
        wanted, resends = f"run sample {sample}", self.exchange.resends
        why = ""
        for _ in range(_ATTEMPTS):
            try:
                self._send_inputs(inputs, wanted)
                result = self._run(run, wanted)
                outputs = self._read_outputs(hello, result, wanted)
            except Refused as no:
                if no.code not in _MENDABLE:
                    raise trouble.refused(wanted, no.code, no.detail, self.log) from None
                why = ErrorCode.words(no.code)
            except Mixed as mixed:
                why = str(mixed)
            else:
                return Inference.of(result, outputs, self.exchange.resends - resends)
        raise trouble.unreliable(wanted, f"{_ATTEMPTS} attempts, the last one: {why}", self.log)

    def measure_memory(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        """Run a sample painted with each of PAINTS; the second run, with the larger marks.

        Raises:
            DeviceError: as :meth:`infer`; also if the two runs differ in their outputs.
        """
        first, second = (self.infer(sample, inputs, paint) for paint in PAINTS)
        if first.outputs != second.outputs:
            raise DeviceError(
                f"run sample {sample} twice with the same outputs",
                "they depend on what lay in free memory before",
                "some op reads what nothing has written: please report it, with the model",
            )
        return replace(
            second,
            arena_used=_larger(first.arena_used, second.arena_used),
            stack_used=_larger(first.stack_used, second.stack_used),
            resends=first.resends + second.resends,
        )

    def tap(self, sample: int, inputs: Sequence[bytes], sizes: Mapping[int, int]) -> Taps:
        """One inference of a tap build; all tensors that it makes.

        Args:
            sample: any number that was not used before.
            inputs: as :meth:`infer`.
            sizes: bytes of each tensor that it is to tell of, by its index in the model file.

        Raises:
            DeviceError: as :meth:`infer`; also if it does not tell of all of them.
        """
        for attempt in range(_ATTEMPTS):  # a lost frame is not sent again: compute again
            taps = Taps(sizes)
            self.exchange.on_tap = taps.add
            self.infer(sample + attempt, inputs)
            if not taps.incomplete():
                return taps
        raise trouble.unreliable(
            f"every tensor of sample {sample}",
            f"{_ATTEMPTS} attempts, tensors {taps.incomplete()} never whole",
            self.log,
        )

    def stats(self) -> LinkStats:
        """What the link went through since it was opened."""
        inbox, outbox = self.exchange.inbox, self.exchange.outbox
        return LinkStats(
            bytes_to_device=outbox.bytes_sent,
            bytes_to_host=inbox.bytes_heard,
            frames_to_device=outbox.frames_sent,
            frames_to_host=inbox.frames_heard,
            resends=self.exchange.resends,
            damaged_to_device=inbox.refused,
            damaged_to_host=inbox.damaged,
            chunks=dict(sorted(self._chunks.used.items())),
        )

    def chunk(self) -> int:
        """Tensor bytes of the next pieces."""
        return min(self.known_hello().chunk, self._chunks.size())

    def count_pieces(self, chunk: int, count: int) -> None:
        """So many pieces of at most so many bytes are sent or asked for."""
        self._chunks.used[chunk] += count

    def pipe(self, requests: Iterator[Message | None]) -> Iterator[Message]:
        """See :meth:`tinybench.bench.stream.Stream.run`. Lost frames make pieces shorter."""
        self.known_hello()  # before its credits are counted on
        exchange, passed = self.exchange, self.exchange.bytes_passed
        stream = Stream(
            self.link,
            exchange.inbox,
            exchange.outbox,
            self.log,
            exchange.credits,
            "run samples in a stream",
        )
        try:
            yield from stream.run(requests, 4 * self._run_patience_s())
        except Disturbed:
            self._chunks.observe(0, 1)
            raise
        finally:
            self._chunks.observe(self.exchange.bytes_passed - passed, 0)

    def settle(self) -> None:
        """Waits until the device has dealt with all that was sent: it answers in order."""
        self.exchange.ask(
            Ping(b""), Pong, wanted="hear the device again", patience_s=self._run_patience_s()
        )

    def judge(self, result: Result, run: Run) -> None:
        """A result must be of this boot, of this run, and no failure.

        Raises:
            DeviceReset: of another boot.
            LinkError: of another run.
            DeviceError: the engine failed.
        """
        wanted = f"run sample {run.sample}"
        if result.boot_id != self.known_hello().boot_id:
            raise trouble.was_reset(wanted, None, self.link, self.log)
        if (result.sample, result.input_crc) != (run.sample, run.input_crc):
            raise trouble.unreliable(wanted, f"the result of another run came: {result}", self.log)
        if result.status != 0:
            raise trouble.failed(wanted, result.status, self.log)

    def _send_inputs(self, inputs: Sequence[bytes], wanted: str) -> None:
        chunk = self.chunk()
        self._ask_pieces(cut_inputs(inputs, chunk), chunk, InputAck, wanted)

    def _ask_pieces(
        self, asks: Sequence[Message], chunk: int, answer: type[M], wanted: str
    ) -> list[M]:
        """Pieces of tensors, to or fro; how it went decides how long the next ones are."""
        exchange = self.exchange
        self.count_pieces(chunk, len(asks))
        errors, passed = exchange.resends, exchange.bytes_passed
        try:
            return exchange.ask_all(asks, answer, wanted=wanted, patience_s=self.patience_s)
        finally:
            self._chunks.observe(exchange.bytes_passed - passed, exchange.resends - errors)

    def _run_patience_s(self) -> float:
        known_s = _RUN_PATIENCE * self._longest_run_s or self._most_patience_s
        return max(self.patience_s, min(known_s, self._most_patience_s))

    def _run(self, run: Run, wanted: str) -> Result:
        started, resends = time.monotonic(), self.exchange.resends
        patience = self._run_patience_s()
        result = self.exchange.ask(run, Result, wanted=wanted, patience_s=patience)
        if self.exchange.resends == resends:  # else the wait for an answer that was lost is in it
            self._longest_run_s = max(self._longest_run_s, time.monotonic() - started)
        self.judge(result, run)
        return result

    def _read_outputs(self, hello: Hello, result: Result, wanted: str) -> list[bytes]:
        chunk = self.chunk()
        asks = ask_outputs(result.sample, hello.outputs, chunk)
        pieces = self._ask_pieces(asks, chunk, Output, wanted)
        return join_outputs(asks, pieces, len(hello.outputs), result)


def _larger(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)
